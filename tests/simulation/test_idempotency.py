"""A batch request with an idempotency key, with a fault at any call, then repeated without faults."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.errors import InputRejected, Unavailable
from exchange.domain.messages import DispatchMessage
from exchange.use_cases.manifest_file import read_manifest
from exchange.use_cases.register_once import register_once
from tests.simulation.faults import Fault, FixedPlan, list_faults
from tests.simulation.loop import simulate
from tests.simulation.ports import Calls, Killed, Unreliable, running_process
from tests.unit.use_cases.conftest import REQUESTOR, Exchange

PORTS = ("batches", "robots", "references", "files", "results", "urls", "queues")


async def run(faults: dict[int, Fault], *, keep: bool) -> list[str]:
    """Request a batch with these faults, then again: the same one, or another one. Return the first one's calls."""
    exchange = Exchange()
    await exchange.populate(3)
    calls = Calls(FixedPlan(faults))
    unreliable: dict[str, Any] = {name: Unreliable(name, getattr(exchange, name), calls) for name in PORTS}
    requested = [exchange.reference_ids, exchange.reference_ids if keep else exchange.reference_ids[:1]]

    async def request(reference_ids: list[UUID], **services: Any) -> UUID | None:
        body = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=reference_ids)
        with running_process():
            try:
                registered = await register_once(body, "key", REQUESTOR, replace(exchange.services, **services))
            except (Unavailable, Killed, InputRejected):
                return None
        return registered.batch.id

    first = await request(requested[0], **unreliable)
    made = list(calls.made)
    existed = bool(exchange.batches.items)
    second = await request(requested[1])
    (batch,) = [item.batch for item in exchange.batches.items.values()]
    assert first in {None, batch.id}
    assert second == (batch.id if keep or not existed else None)
    expected = requested[0] if existed else requested[1]
    assert await read_manifest(batch, exchange.files) == expected
    assert batch.reference_count == len(expected)
    dispatches = exchange.count_sent(DispatchMessage)
    # A lost message is due again later, and the sweep sends it. There are never two of one registration.
    assert dispatches <= 1
    assert batch.due_at is not None
    return made


@pytest.mark.parametrize("keep", [True, False], ids=["the same", "another"])
def test_one_fault_at_any_call_leaves_one_batch_with_its_own_manifest(*, keep: bool) -> None:
    calls = simulate(run({}, keep=keep))
    assert {"batches.load", "results.find_upload", "files.create.commit", "batches.create", "queues.send"} <= set(calls)
    for number, call in enumerate(calls):
        for fault in list_faults(call):
            try:
                simulate(run({number: fault}, keep=keep))
            except (Exception, AssertionError) as error:
                raise AssertionError(f"call {number} ({call}) {fault.name}: {error}") from error
