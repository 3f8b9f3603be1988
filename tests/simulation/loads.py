"""Loads and deletions of references by callers who try again, while any call of a port may go wrong."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from exchange.contract.references import LoadedReference, ReferenceFileInput
from exchange.domain.errors import InputRejected, NotFound, Unavailable
from exchange.domain.identifier_keys import make_key
from exchange.domain.loading import find_additions, list_identities, make_reference
from exchange.use_cases.delete_reference import delete_reference
from exchange.use_cases.load_reference import load_reference
from tests.fakes.world import START, World
from tests.references import read_one
from tests.simulation.faults import FixedPlan, Plan
from tests.simulation.loop import simulate
from tests.simulation.ports import Calls, Killed, Process, Unreliable, current_process

_NAMESPACE = UUID("0d4a4a54-5f0c-4a29-8a7d-6f8f5a3f5c3e")
_ATTEMPTS = 6
_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Load:
    """A line with these PubMed ids and one abstract for each text. The caller gives up after `attempts`."""

    identifiers: Sequence[int]
    texts: Sequence[str] = ("text",)
    after_s: float = 0.0
    attempts: int = _ATTEMPTS

    def make_line(self) -> ReferenceFileInput:
        return ReferenceFileInput.model_validate(
            {
                "identifiers": [{"identifier_type": "pm_id", "identifier": number} for number in self.identifiers],
                "enhancements": [
                    {
                        "source": "s",
                        "visibility": "public",
                        "enhancement_type": "abstract",
                        "content": {"enhancement_type": "abstract", "process": "other", "abstract": text},
                    }
                    for text in self.texts
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class LoadScenario:
    """Loads that run at the same time. If `deletes`, the first reference is deleted after a second."""

    name: str
    loads: Sequence[Load]
    deletes: bool = False
    small: bool = False


LOAD_SCENARIOS = (
    LoadScenario("one load", [Load((1, 2))], small=True),
    LoadScenario("the same reference twice", [Load((1,)), Load((1,))], small=True),
    LoadScenario("a merge", [Load((1,), ("a",)), Load((1, 2), ("a", "b"), after_s=1)], small=True),
    LoadScenario(
        "two merges", [Load((1,), ()), Load((1, 2), ("a", "c"), after_s=1), Load((3, 1), ("b", "c"), after_s=1)]
    ),
    LoadScenario(
        "merges that rely on each other's claims",
        [Load((1,)), Load((1, 2, 3), ("a",), after_s=1), Load((2,), ("b",), after_s=1), Load((3,), ("c",), after_s=1)],
    ),
    LoadScenario("the same merge twice", [Load((1,)), Load((1, 2), after_s=1), Load((1, 2), after_s=1)]),
    LoadScenario("overlapping loads", [Load((1, 2), ("a",)), Load((2, 3), ("b",)), Load((3, 4), ("c",))]),
    LoadScenario("every order", [Load((1, 3)), Load((2, 1)), Load((3, 2)), Load((1, 2, 3), after_s=0.02)]),
    LoadScenario("a load that gives up", [Load((1, 2), attempts=1), Load((2, 3), after_s=0.5)]),
    LoadScenario("a deletion", [Load((1, 2))], deletes=True),
    LoadScenario("a merge during a deletion", [Load((1, 2)), Load((2, 3), ("b",), after_s=1.0)], deletes=True),
)


class LoadSimulation(World):
    """One run."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.calls = Calls(plan)
        self.answers: list[tuple[Load, LoadedReference]] = []
        self.deleted: set[UUID] = set()
        self._ids = itertools.count()
        unreliable: dict[str, Any] = {
            name: Unreliable(name, getattr(self, name), self.calls) for name in ("references", "claims")
        }
        self.services = replace(self.services, clock=self._time, new_id=self._new_id, **unreliable)

    async def run(self, scenario: LoadScenario) -> None:
        """Run the scenario with its faults. Then every caller loads once more, without faults."""
        tasks = [self._load(load) for load in scenario.loads]
        await asyncio.gather(*tasks, *([self._delete(scenario.loads[0])] if scenario.deletes else []))
        made = list(self.calls.made)
        self.calls.plan = FixedPlan()
        for load in scenario.loads:
            await self._load(replace(load, after_s=0.0))
        self.calls.made = made

    async def _load(self, load: Load) -> None:
        await asyncio.sleep(load.after_s)

        async def work() -> None:
            self.answers.append((load, await load_reference(load.make_line(), self.services)))

        await self._try_repeatedly(work, load.attempts)

    async def _delete(self, load: Load) -> None:
        """Delete the reference that this load has created."""
        await asyncio.sleep(1.0)
        reference_id = next((answer.id for answered, answer in self.answers if answered == load), None)
        if reference_id is None:
            return
        self.deleted.add(reference_id)

        async def work() -> None:
            await delete_reference(reference_id, self.services)

        await self._try_repeatedly(work, 20)

    async def _try_repeatedly(self, work: Any, attempts: int) -> None:
        for _ in range(attempts):
            if await self._run_in_process(work()):
                return
            await asyncio.sleep(_WAIT_S)

    async def _run_in_process(self, work: Coroutine[Any, Any, None]) -> bool:
        """Run the work in a process of its own. Return whether it was answered with something else than 503."""
        token = current_process.set(Process())
        try:
            await work
        except (InputRejected, NotFound):
            # Its identifiers belong to different references, or it is deleted already.
            return True
        except (Unavailable, Killed):
            return False
        finally:
            current_process.reset(token)
        return True

    def _time(self) -> float:
        return START + asyncio.get_running_loop().time()

    def _new_id(self) -> UUID:
        return UUID(bytes=uuid5(_NAMESPACE, str(next(self._ids))).bytes, version=4)


def run_loads(scenario: LoadScenario, plan: Plan) -> LoadSimulation:
    """Run the scenario and check the invariants. Raises AssertionError."""

    async def run() -> LoadSimulation:
        simulation = LoadSimulation(plan)
        await simulation.run(scenario)
        await _check(simulation)
        return simulation

    return simulate(run())


async def _check(simulation: LoadSimulation) -> None:
    references, claims = simulation.references.references, simulation.claims.claims
    assert simulation.answers, "no load was answered"
    for claim in claims.values():
        assert claim.owner in references, "an identifier is claimed for a reference that does not exist"
    for reference in references.values():
        for identifier in reference.identifiers or []:
            claim = claims[make_key(identifier)]
            assert claim.owner == reference.id, "two references have the same identifier"
        keys = [make_key(identifier) for identifier in reference.identifiers or []]
        assert len(keys) == len(set(keys)), "an identifier is stored twice"
    created = Counter(answer.id for _, answer in simulation.answers if not answer.existing)
    assert all(count == 1 for count in created.values()), "two loads were told that they created the reference"
    token = current_process.set(Process())
    for load, answer in simulation.answers:
        if answer.id in simulation.deleted:
            continue
        known = await read_one(simulation.references, answer.id)
        missing = find_additions(known, list_identities(known), make_reference(answer.id, load.make_line(), START))
        assert not missing.identifiers, "an identifier of an answered load is missing"
        assert not missing.enhancements, "an enhancement of an answered load is missing"
    current_process.reset(token)
    contents = Counter(
        (item["reference_id"], item["content"]["abstract"])
        for item in simulation.references.enhancements.values()
        if UUID(item["reference_id"]) in references
    )
    assert all(count == 1 for count in contents.values()), "an enhancement is stored twice"
