"""How the robot uses signed URLs, and how it uploads."""

from functools import partial

from exchange.robots.check.bench import Bench, NotDeliveredError
from exchange.robots.check.checks.common import judge_delivery, judge_fault
from exchange.robots.check.jobs import Fault, Kind, PlayedJob
from exchange.robots.check.model import Check, Failed, Judgement, Level, Passed, judge_that

_MAX_REFRESHES = 3


async def _judge_expired_download(bench: Bench) -> Judgement:
    job = await _deliver_expired(bench)
    downloads = job.list(Kind.DOWNLOAD)
    return judge_that(
        passed=downloads[-1].status == 200,  # noqa: PLR2004 - HTTP OK
        found=f"The robot did not download the references with a fresh URL. {job.describe_requests()}",
    )


async def _judge_expired_upload(bench: Bench) -> Judgement:
    """Let the URLs expire while the robot downloads."""
    job = _make_held_job(bench)
    async with bench.place():
        await _send_and_hold(bench, job)
        job.signature += 1
        job.release()
        await bench.wait(job)
    return judge_that(
        passed=job.result is not None,
        found=f"The robot did not upload its result with a fresh URL. {job.describe_requests()}",
    )


async def _judge_refresh(bench: Bench) -> Judgement:
    job = await _deliver_expired(bench)
    found = job.find_fault(Fault.SIGNATURE) if job.list(Kind.REFRESH) else "The robot did not ask for fresh URLs."
    return Passed() if found is None else Failed(found)


async def _deliver_expired(bench: Bench) -> PlayedJob:
    """Return a job whose URLs have expired before the robot received it."""

    async def deliver() -> PlayedJob:
        job = PlayedJob(bench.references.make_many(3))
        async with bench.place():
            body = bench.exchange.add(job)
            job.signature += 1
            answer = await bench.send_body(body)
            if not answer.accepted:
                raise NotDeliveredError(f"The robot did not accept the job: {answer}.")
            return await bench.wait(job)

    return await bench.run_once("expired", deliver)


async def _judge_cancelled(bench: Bench) -> Judgement:
    """Cancel a batch while the robot downloads. The robot notices it when it asks for fresh URLs."""
    job = _make_held_job(bench)
    async with bench.place():
        await _send_and_hold(bench, job)
        job.signature, job.cancelled = job.signature + 1, True
        job.release()
        await bench.wait_for(job, lambda: bool(job.list(Kind.REFRESH)) or job.settled.is_set())
        await bench.wait_quietly(job)
    refreshes = len(job.list(Kind.REFRESH))
    if refreshes > _MAX_REFRESHES:
        return Failed(f"The batch had ended, but the robot asked for fresh URLs {refreshes} times.")
    references = bench.references.make_many(1)
    return await judge_delivery(bench, PlayedJob(references), references)


async def _judge_busy_upload(bench: Bench) -> Judgement:
    faults = {Kind.UPLOAD: [503, 503], Kind.BLOCK: [503]}
    references = bench.references.make_many(3)
    return await judge_delivery(bench, PlayedJob(references, faults), references[-1:])


def _make_held_job(bench: Bench) -> PlayedJob:
    """Return a job whose download is held in the middle, so that its URL is valid at the start."""
    job = PlayedJob(bench.references.make_many(3))
    job.hold(len(job.data) // 2)
    return job


async def _send_and_hold(bench: Bench, job: PlayedJob) -> None:
    await bench.send(job)
    await bench.wait_for(job, job.held.is_set)


CHECKS = (
    Check(
        "URLS-001",
        Level.MUST,
        "downloads with a fresh URL if the first one has expired",
        "A signed URL is valid for an hour. A job that waits longer in a queue finds it expired.",
        "After 403 from storage, send a signed GET for the batch, and use reference_data_url of the answer. In the job "
        "the same URL is called reference_storage_url. A fetched job has its own path for this GET.",
        _judge_expired_download,
    ),
    Check(
        "URLS-002",
        Level.MUST,
        "uploads with a fresh URL if the first one has expired",
        "Work that takes more than an hour would be lost at its end.",
        "After 403 from storage, send a signed GET for the batch, and use result_storage_url of the answer.",
        _judge_expired_upload,
    ),
    Check(
        "URLS-003",
        Level.MUST,
        "signs the request for fresh URLs",
        "The exchange answers 401 otherwise. A GET has no body, so the signature is that of empty bytes.",
        "Sign the empty body as docs/robots.md describes, with the time of this request.",
        _judge_refresh,
    ),
    Check(
        "URLS-004",
        Level.SHOULD,
        "stops the work on a batch that has ended",
        "A requestor can cancel a batch. The robot notices it because result_storage_url is null in the answer to its "
        "GET, or because the answer is 409.",
        "End the job if the URLs are null or the answer is 409, and go on with the next one.",
        _judge_cancelled,
    ),
    Check(
        "URLS-005",
        Level.MUST,
        "uses signed URLs unchanged",
        "Some HTTP clients decode %2B and %2F and send other characters. Then the signature is wrong.",
        "Turn off the normalisation of URLs, or pass the URL to the client as already encoded.",
        partial(judge_fault, fault=Fault.URL),
    ),
    Check(
        "UPLD-001",
        Level.MUST,
        "uploads with the header x-ms-blob-type",
        "Azure Storage refuses a PUT of a blob without it.",
        "Send 'x-ms-blob-type: BlockBlob', or use an Azure Storage SDK.",
        partial(judge_fault, fault=Fault.BLOB_TYPE),
    ),
    Check(
        "UPLD-002",
        Level.MUST,
        "uploads with the header Content-Length",
        "Azure Storage refuses uploads with 'Transfer-Encoding: chunked'.",
        "Pass the HTTP client the bytes or the file, and not a generator. Upload large results in blocks.",
        partial(judge_fault, fault=Fault.LENGTH),
    ),
    Check(
        "UPLD-003",
        Level.MUST,
        "uploads again if storage answers 503",
        "All work would be lost because storage was busy for a moment.",
        "Repeat the request after a while, with a longer wait each time.",
        _judge_busy_upload,
    ),
)
