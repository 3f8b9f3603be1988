"""Two hosts on the same emulators do everything concurrently, and nothing twice."""

import pytest

from tests.faults.check import check
from tests.faults.deliveries import make_valid_delivery
from tests.faults.proxied_stack import ProxiedStack, kill
from tests.faults.watched_batch import accept_and_deliver


async def test_two_hosts_with_every_event_delivered_twice_add_each_entry_once(stack: ProxiedStack) -> None:
    async with stack.run_host("--every-event-twice") as host, stack.run_host("--every-event-twice") as other_host:
        references = await stack.load(20)
        async with (
            stack.run_batch(accept_and_deliver, references, times=40) as first,
            stack.run_batch(accept_and_deliver, references, times=20, make_delivery=make_valid_delivery) as second,
            stack.run_batch(accept_and_deliver, references, make_delivery=make_valid_delivery) as third,
        ):
            assert await check(stack, first, second, third) == ["partial_failed", "completed", "completed"]
            assert [len(batch.jobs) for batch in (first, second, third)] == [1, 1, 1]
            # Each host received the event: it validated the upload, or found that the other host had done so.
            for running_host in (host, other_host):
                assert f"batch {first.id}: " in running_host.log.read_text()


@pytest.mark.exhaustive
async def test_the_second_host_finishes_the_imports_of_a_killed_host(stack: ProxiedStack) -> None:
    async with stack.run_host() as host, stack.run_host():
        references = await stack.load(20)
        async with (
            stack.run_batch(accept_and_deliver, references, times=60) as first,
            stack.run_batch(accept_and_deliver, references, times=60) as second,
        ):
            await first.wait_for_chunks(2)
            await kill(host)
            assert await check(stack, first, second) == ["partial_failed", "partial_failed"]
