"""The snapshot: the references of a batch as the robot reads them, in a blob that never changes."""

import asyncio
from uuid import UUID

from exchange.contract.robots import Delivery
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.paging import ReferencePart
from exchange.domain.readable import ReadableParts
from exchange.domain.selection import select_for_robot
from exchange.ports import Services
from exchange.telemetry.operations import add_span_attributes, operation
from exchange.use_cases.manifest_file import read_selected

_FLUSH_BYTES = 1 << 20


@operation("snapshot")
async def write_snapshot(batch: Batch, attempt: UUID, services: Services) -> None:
    """Write the references with the types that the robot depends on. The attempt names the blob."""
    stored_robot, reference_ids = await asyncio.gather(
        services.robots.load(batch.robot_id), read_selected(batch, services.files)
    )
    selection = select_for_robot(stored_robot.robot)
    write = ReadableParts().to_jsonl if stored_robot.robot.delivery is Delivery.PULL else ReferencePart.to_jsonl
    add_span_attributes(reference_count=len(reference_ids))
    lines = bytearray()
    async with services.files.create(blob_names.reference_data(batch.id, attempt)) as blob:
        async for parts in services.references.stream(reference_ids, selection):
            for part in parts:
                lines += write(part)
                if len(lines) >= _FLUSH_BYTES:
                    await blob.write(lines)
                    lines.clear()
        await blob.write(lines)
