"""Validation of a result file on Azurite: it reads the robot's blob and writes accepted entries and a draft report."""

import time

from benchmarks.goals import LIMIT, NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, make_ids
from benchmarks.site import Site
from benchmarks.validate_line import Parse, parse_naively, parse_with_one_adapter, validate_naively
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.use_cases.manifest_file import read_manifest
from exchange.use_cases.validate_upload import validate_upload

GOAL = Goal(
    name="validate a file (Azurite)",
    unit="lines/s",
    naive=Bound(6, floor=3.5),
    limit=Bound(0.30, floor=0.05),
    explanation=(
        "Azurite has one thread. Writing the accepted entries takes it four times as long as reading them, so that a "
        "validation that takes no time would reach 0.2 times the limit. It would help if the store copied the upload "
        "and the validation wrote only which of its lines are accepted."
    ),
)

PREBUILT = Goal(
    name="validate a file (Azurite), naive with one adapter",
    unit="lines/s",
    naive=Bound(1, floor=0.3),
    explanation=(
        "The naive implementation makes its pydantic adapter once, reads the whole file into memory, and writes each "
        "output in one request. Ours holds a mebibyte at a time, so that a result of 4 GiB needs no more memory, and "
        "writes as many blocks."
    ),
)

_ONE_ADAPTER = "one adapter"


async def _run_ours(site: Site, batch: Batch) -> None:
    await validate_upload(batch.id, site.services)


async def _run_naive(site: Site, batch: Batch, parse: Parse = parse_naively) -> None:
    """Read the whole file into memory, validate each line, and write both files at the end."""
    requested = set(await read_manifest(batch, site.services.files))
    content = await _download(site, batch)
    report = ""
    accepted: list[bytes] = []
    for line in content.split(b"\n")[:-1]:
        text = validate_naively(line, requested, parse)
        report += text
        if text.endswith("added.\n"):
            accepted.append(line)
    for name, data in (("accepted", b"\n".join(accepted)), ("report", report.encode())):
        await site.blobs.get_blob_client(blob_names.BATCHES, f"{batch.id}/naive/{name}").upload_blob(data)


async def _run_one_adapter(site: Site, batch: Batch) -> None:
    await _run_naive(site, batch, parse_with_one_adapter)


async def _run_limit(site: Site, batch: Batch) -> None:
    """Download the file and split it into lines."""
    (await _download(site, batch)).split(b"\n")


async def _download(site: Site, batch: Batch) -> bytes:
    blob = site.blobs.get_blob_client(blob_names.RESULTS, blob_names.result(batch.id))
    content: bytes = await (await blob.download_blob()).readall()
    return content


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure lines per second. The naive implementation gets a smaller file with the same mix."""
    maker = ResultMaker(site.folder)
    robot = await site.register_robot()
    many, few = effort.choose(20_000, 100_000), effort.choose(500, 2_000)
    implementations = (
        (OURS, _run_ours, many),
        (NAIVE, _run_naive, few),
        (_ONE_ADAPTER, _run_one_adapter, many),
        (LIMIT, _run_limit, many),
    )
    rounds: dict[str, list[float]] = {name: [] for name, _, _ in implementations}
    for _ in range(effort.rounds):
        for name, run, count in implementations:
            reference_ids = make_ids(count)
            batch = await site.make_accepted_batch(robot.id, reference_ids)
            await site.upload_result(batch, maker.make_file(reference_ids))
            started = time.perf_counter()
            await run(site, batch)
            rounds[name].append(count / (time.perf_counter() - started))
    one_adapter = rounds.pop(_ONE_ADAPTER)
    return {GOAL.name: rounds, PREBUILT.name: {OURS: rounds[OURS], NAIVE: one_adapter}}


BENCHMARK = Benchmark((GOAL, PREBUILT), measure)
