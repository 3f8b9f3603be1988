"""The verdict on a run: what must be true of every batch, and of the hosts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.hosts import RETRY_TOTAL_S, SILENCE_LIMIT_S
from tests.chaos.robots import ROBOTS, End, find_end
from tests.chaos.run import Requested, Run
from tests.faults.check import check_ended, check_no_others, check_stored, count_stored
from tests.faults.watched_batch import Callback, Item, WatchedBatch

_NO_ANSWER = {None, 503}


class Verdict:
    """The number of checks that passed, by name, and the checks that failed."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.failures: list[str] = []
        # Each robot's batches by final status.
        self.statuses: dict[str, Counter[str]] = {}
        # The answers to the batch requests.
        self.answers: Counter[str] = Counter()

    @contextmanager
    def check(self, name: str, subject: str) -> Iterator[None]:
        """Count what the context checks. An error in it is a failure of the subject."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the other checks continue
            self.failures.append(f"{subject}: {name}: {error or repr(error)}")
        else:
            self.passed[name] += 1


async def judge(run: Run) -> Verdict:
    """Check everything. Every batch must have ended, or the time for it must be over."""
    verdict = Verdict()
    batch_ids = await run.list_batches()
    stored = await count_stored(run.hosts.exchange, set(run.references))
    for requested in run.requested:
        name = requested.request.robot
        found = batch_ids.pop(requested.robot_id, [])
        subject = f"batch {requested.batch.id or ' '.join(found) or 'that was not accepted'} of the robot '{name}'"
        verdict.answers[str(requested.status or "no answer")] += 1
        counts = verdict.statuses.setdefault(name, Counter())
        with verdict.check("the request is stored completely or not at all", subject):
            _check_request(requested, found)
        if not found:
            counts["not stored"] += 1
            continue
        counts[requested.end["status"] if isinstance(requested.end, dict) else "not ended"] += 1
        with verdict.check("the batch ended", subject):
            item = _get_end(requested)
            with verdict.check("it ended as its robot determines", subject):
                _check_robot(name, requested.batch, item)
            with verdict.check("status and report", subject):
                await check_ended(run.hosts.exchange, requested.batch, item)
            with verdict.check("every enhancement is stored once", subject):
                check_stored(requested.batch, item, stored)
            with verdict.check("nothing changed after the end", subject):
                assert await requested.batch.read_item() == item
    with verdict.check("nothing else is stored", "the stores"):
        assert not batch_ids, f"there are other batches: {batch_ids}"
        check_no_others(stored, {requested.batch.id for requested in run.requested})
    with verdict.check("the hosts have no bugs", "the hosts"):
        bugs = run.failures + [line for place in run.hosts.places for line in place.find_bugs()]
        assert not bugs, "\n    ".join([f"{len(bugs)} errors", *bugs[:10]])
    return verdict


def _check_request(requested: Requested, found: list[str]) -> None:
    batch = requested.batch
    if requested.status == 202:
        assert found == [batch.id], f"it was accepted, but these batches are stored: {found}"
    else:
        assert requested.status in _NO_ANSWER, f"the request got {requested.status}"
        assert len(found) <= 1, f"one request stored several batches: {found}"
    called_for = {job["id"] for job in batch.jobs}
    assert called_for <= set(found), f"the robot was called for batches that are not stored: {called_for}"


def _get_end(requested: Requested) -> Item:
    if isinstance(requested.end, Exception):
        raise requested.end
    assert requested.end is not None, "it was not watched"
    return requested.end


def _check_robot(name: str, batch: WatchedBatch, item: Item) -> None:
    """Check the end against the robot's behaviour and against the answers that the robot received."""
    end = find_end(item)
    robot = ROBOTS[name]
    assert end in robot.ends, f"it ended as '{end}': {item['error']}"
    assert {call.status for call in batch.callbacks} <= {200, 409}, f"a callback got another status: {batch.callbacks}"
    if Callback(is_error=True, status=200) in batch.callbacks:
        assert end is End.ERROR, f"the robot's error was accepted, but it ended as '{end}'"
    elif Callback(is_error=False, status=200) in batch.callbacks:
        assert end is End.IMPORTED, f"the robot's success was accepted, but it ended as '{end}'"
    _check_deadline(end, batch, item)
    assert len(batch.jobs) <= item["calls_started"], "a call was made that was not recorded before"
    _check_imported_upload(batch, item)


def _check_deadline(end: End, batch: WatchedBatch, item: Item) -> None:
    """Check that a deadline ended the batch only when its time was over, and that the robot had not accepted."""
    match end:
        case End.UNREACHABLE:
            assert item["ended_at"] >= item["first_call_at"] + RETRY_TOTAL_S, "calls to the robot ended too early"
            assert not batch.tried, "calls to the robot ended although it had accepted"
        case End.SILENT:
            assert item["ended_at"] >= item["accepted_at"] + SILENCE_LIMIT_S, "calls to the robot ended too early"


def _check_imported_upload(batch: WatchedBatch, item: Item) -> None:
    """Check that the imported upload had not been replaced before the callback."""
    imported = batch.find_imported(item)
    ends = [upload.ended_at for upload in batch.timed_uploads if upload.delivery is imported]
    if imported is None or not ends:
        return
    replaced_before = [
        upload
        for upload in batch.timed_uploads
        if upload.delivery is not imported and max(ends) < upload.started_at and upload.ended_at < item["delivered_at"]
    ]
    assert not replaced_before, "an upload was imported that was replaced before the callback"
