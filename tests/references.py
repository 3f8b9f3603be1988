"""References as tests read them: whole."""

from collections.abc import Iterable
from uuid import UUID

from exchange.contract.references import Reference
from exchange.domain.selection import EVERYTHING, Selection
from exchange.ports import ReferenceStore


async def read_all(
    references: ReferenceStore, reference_ids: Iterable[UUID], selection: Selection = EVERYTHING
) -> list[Reference]:
    """Read references, and put together those that come in parts."""
    found: list[Reference] = []
    async for parts in references.stream(reference_ids, selection):
        for part in parts:
            if part.first:
                found.append(part.reference)
                continue
            last = found[-1]
            assert part.reference.id == last.id, "the parts of a reference follow each other"
            items = [*(last.enhancements or []), *(part.reference.enhancements or [])]
            found[-1] = last.model_copy(update={"enhancements": items})
    return found


async def read_one(references: ReferenceStore, reference_id: UUID, selection: Selection = EVERYTHING) -> Reference:
    (found,) = await read_all(references, [reference_id], selection)
    return found
