"""The validate step on Azurite: from the robot's blob to the accepted entries and the report so far."""

import time

from benchmarks.figures import LIMIT, NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, ids
from benchmarks.site import Site
from benchmarks.validate_line import naive_line
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.use_cases.manifest_file import read_manifest
from exchange.use_cases.validate_upload import validate_upload

GOAL = Goal(
    name="validate step, Azurite",
    unit="lines/s",
    naive=Bound(6, floor=4),
    limit=Bound(0.30, floor=0.05),
    why=(
        "Writing what was accepted takes Azurite, which is one thread, four times as long as reading it, so that "
        "a check that took no time would reach 0.2 of the limit. What would help: a copy of the upload made by "
        "the store, and written down only which of its lines are accepted."
    ),
)


async def _ours(site: Site, batch: Batch) -> None:
    await validate_upload(batch.id, site.services)


async def _naive(site: Site, batch: Batch) -> None:
    """Hold the whole file, look at each line, and write both files at the end."""
    wanted = set(await read_manifest(batch.id, site.services.files))
    content = await _download(site, batch)
    report = ""
    accepted: list[bytes] = []
    for line in content.split(b"\n")[:-1]:
        said = naive_line(line, wanted)
        report += said
        if said.endswith("added.\n"):
            accepted.append(line)
    for name, data in (("accepted", b"\n".join(accepted)), ("report", report.encode())):
        await site.blobs.get_blob_client(blob_names.BATCHES, f"{batch.id}/naive/{name}").upload_blob(data)


async def _limit(site: Site, batch: Batch) -> None:
    """Download it and split it into lines, and nothing else."""
    (await _download(site, batch)).split(b"\n")


async def _download(site: Site, batch: Batch) -> bytes:
    blob = site.blobs.get_blob_client(blob_names.RESULTS, blob_names.result(batch.id))
    content: bytes = await (await blob.download_blob()).readall()
    return content


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure lines a second; the naive way gets a smaller file of the same mix."""
    maker = ResultMaker(site.folder)
    robot = await site.robot()
    many, few = effort.size(20_000, 100_000), effort.size(500, 2_000)
    ways = ((OURS, _ours, many), (NAIVE, _naive, few), (LIMIT, _limit, many))
    rounds: dict[str, list[float]] = {OURS: [], NAIVE: [], LIMIT: []}
    for _ in range(effort.rounds):
        for name, way, count in ways:
            known = ids(count)
            batch = await site.taken_batch(robot.id, known)
            await site.upload(batch, maker.file(known))
            begun = time.perf_counter()
            await way(site, batch)
            rounds[name].append(count / (time.perf_counter() - begun))
    return {GOAL.name: rounds}


BENCHMARK = Benchmark((GOAL,), measure)
