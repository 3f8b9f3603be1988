"""Two hosts on the same emulators do everything at once, and nothing twice."""

from tests.faults.check import check
from tests.faults.deliveries import whole
from tests.faults.jobs import takes_and_delivers
from tests.faults.site import Site, kill


async def test_two_hosts_to_which_everything_comes_twice(site: Site) -> None:
    async with site.host("--every-event-twice") as one, site.host("--every-event-twice") as other:
        references = await site.load(20)
        async with (
            site.job(takes_and_delivers, references, times=40) as first,
            site.job(takes_and_delivers, references, times=20, plan=whole) as second,
            site.job(takes_and_delivers, references, plan=whole) as third,
        ):
            assert await check(site, first, second, third) == ["partial_failed", "completed", "completed"]
            assert [len(job.robot.orders) for job in (first, second, third)] == [1, 1, 1]
            # Each saw the upload and validated it, or found that the other had.
            for host in (one, other):
                assert f"batch {first.id}: " in host.log.read_text()


async def test_two_hosts_of_which_one_dies(site: Site) -> None:
    async with site.host() as one, site.host():
        references = await site.load(20)
        async with (
            site.job(takes_and_delivers, references, times=60) as first,
            site.job(takes_and_delivers, references, times=60) as second,
        ):
            await first.until(lambda item: item["progress"]["windows"] >= 2, "progress")
            await kill(one)
            assert await check(site, first, second) == ["partial_failed", "partial_failed"]
