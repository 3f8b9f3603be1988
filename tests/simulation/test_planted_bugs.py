"""A test of the simulator: it must find bugs that are planted in a copy of the code, one at a time.

`planted_seeds.json` remembers for each bug a seed that finds it, so that the tests need not search.
"""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

from tests.simulation.soak import run_seed
from tests.stacks import ROOT
from tests.tiers import choose, fast_or_exhaustive

SEEDS = 1500
REMEMBERED = Path(__file__).with_name("planted_seeds.json")
COPIED = ("exchange", "functions", "tests/simulation", "tests/fakes", "tests/results.py", "tests/__init__.py")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the first occurrence of `old` in a file below `exchange/`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug, as edits of the code."""

    name: str
    edits: tuple[Edit, ...]


def bug(name: str, *edits: tuple[str, str, str]) -> Bug:
    return Bug(name, tuple(Edit(f"exchange/{file}", old, new) for file, old, new in edits))


LIFECYCLE, VALIDATING = "domain/lifecycle.py", "domain/transitions/validating.py"
DISPATCHING, IMPORTING = "domain/transitions/dispatching.py", "domain/transitions/importing.py"
CANCELLING = "domain/transitions/cancelling.py"
KEYS = "domain/idempotency.py"
RETRY = "use_cases/retry_batch.py"
IMPORT, REPORT = "use_cases/import_results.py", "domain/report.py"
ADVANCE, CHUNK, VALIDATE = "use_cases/advance.py", "use_cases/import_chunk.py", "use_cases/validate_upload.py"
FILES = "use_cases/attempt_files.py"
SKIP = "use_cases/skip_enhanced.py"
NOTIFY, DELIVERIES = "use_cases/notify_webhooks.py", "domain/webhook_deliveries.py"
BATCH, DEADLINES, DIVISION = "domain/batch.py", "domain/deadlines.py", "domain/division.py"
COUNTS = "domain/counts.py"
DIVIDING, LEASING, DELIVERY = (f"domain/transitions/{name}.py" for name in ("dividing", "leasing", "delivery"))
PARTS, FETCH, RENEW = "use_cases/parts.py", "use_cases/fetch_part.py", "use_cases/renew_lease.py"
REPORT_PARTS, RENUMBERING = "use_cases/report_parts.py", "domain/renumbering.py"

BUGS = (
    bug(
        "a write overwrites the changes of another process",
        (
            ADVANCE,
            "await services.batches.replace(after, stored.etag)",
            "await services.batches.replace(after, (await services.batches.load(after.id)).etag)",
        ),
    ),
    bug(
        "a message is sent before the state that requires it is written",
        (
            ADVANCE,
            "    etag = await services.batches.replace(after",
            "    await send_message(transition.message, services)\n    etag = await services.batches.replace(after",
        ),
    ),
    bug(
        "the sweep ignores delivered batches",
        (
            LIFECYCLE,
            (
                "        (events.ImportStarted, importing.start_import, {_IMPORTING, _ENDED}),\n"
                "        (events.LeaseRenewed, leasing.refuse_renewal, set()),\n"
                "        (events.Swept, importing.sweep, {_ENDED}),"
            ),
            "        (events.ImportStarted, importing.start_import, {_IMPORTING, _ENDED}),",
        ),
    ),
    bug(
        "the import starts before the robot has called back",
        (VALIDATING, "    if recorded.phase is not Phase.DELIVERED:\n        return Transition(recorded)\n", ""),
        (
            LIFECYCLE,
            "        (events.Swept, delivery.sweep,",
            (
                "        (events.ImportStarted, importing.start_import, {_IMPORTING}),\n"
                "        (events.Swept, delivery.sweep,"
            ),
        ),
        (
            IMPORTING,
            "replace(batch, import_started=True,",
            "replace(batch, status=BatchStatus.IMPORTING, import_started=True,",
        ),
    ),
    bug(
        "the validation of a replaced upload is recorded and imported",
        (VALIDATING, "upload.etag != event.validation.etag or ", ""),
        (IMPORTING, "batch.validation_of(event.current_upload) is None", "batch.validation is None"),
    ),
    bug(
        "progress is recorded before the chunk is stored",
        (
            CHUNK,
            "    refusals: list[Refusal] = []\n",
            (
                "    refusals: list[Refusal] = []\n"
                "    early = Progress(chunks=batch.progress.chunks + 1, offset=chunk.end,\n"
                "                     added=batch.progress.added + len(chunk.entries))\n"
                "    stored = (await advance(stored, events.ChunkImported(early), services)).stored\n"
            ),
        ),
        (
            CHUNK,
            "    number = batch.progress.chunks + 1\n",
            "    return stored\n    number = batch.progress.chunks + 1\n",
        ),
    ),
    bug(
        "refusals of the store are not written",
        (
            CHUNK,
            "    if refusals:\n        await _write_refusals",
            "    if not refusals:\n        await _write_refusals",
        ),
    ),
    bug(
        "a chunk is recorded twice",
        (
            IMPORTING,
            "if event.progress.chunks != batch.progress.chunks + 1:",
            "if event.progress.chunks < batch.progress.chunks:",
        ),
        (CHUNK, "added=batch.progress.added + len", "added=2 * batch.progress.added + len"),
    ),
    bug(
        "an error after the start of the import fails the batch",
        (
            LIFECYCLE,
            "(events.CallbackFailed, delivery.refuse_late_error, set())",
            "(events.CallbackFailed, delivery.fail, {_ENDED})",
        ),
    ),
    bug(
        "a 409 to a repeated call rejects the batch",
        (DISPATCHING, "event.http_status == _CONFLICT and (event.call > 1 or superseded)", "False"),
    ),
    bug("calls to the robot overlap", (DISPATCHING, " or in_flight:", ":")),
    bug(
        "a heartbeat counts as progress",
        (
            IMPORTING,
            "Transition(replace(batch, worked_at=now))",
            "Transition(replace(batch, worked_at=now, resends=0))",
        ),
    ),
    bug(
        "a rejection overrules an existing upload",
        (DISPATCHING, "    if event.upload is not None or already_has_it:", "    if already_has_it:"),
    ),
    bug(
        "missing references are not reported",
        (VALIDATE, "        await draft_report.write(missing_lines)\n    return", "    return"),
    ),
    bug(
        "an ended batch ends again",
        (
            LIFECYCLE,
            "    *_rows(\n        Phase.ENDED,\n",
            "    *_rows(\n        Phase.ENDED,\n        (events.ReportWritten, importing.finish, set()),\n",
        ),
    ),
    bug(
        "a later validation replaces the one that is being imported",
        (
            LIFECYCLE,
            "        Phase.IMPORTING,\n",
            (
                "        Phase.IMPORTING,\n"
                "        (events.ValidationStarted, validating.start_validation, set()),\n"
                "        (events.ValidationFinished, validating.record_validation, set()),\n"
            ),
        ),
    ),
    bug(
        "a validation starts while another one of the same upload is running",
        (VALIDATING, " or is_being_validated(batch, upload, now, deadlines)", ""),
    ),
    bug("a run validates although another one has the claim", (VALIDATE, " or claim.holder != holder:", ":")),
    bug("a run that stops ends the claim of another one", (VALIDATING, " or claim.holder != event.holder", "")),
    bug(
        "a claim on a validation never expires",
        (VALIDATING, " and now < worked_at + deadlines.validation_wait_s", ""),
        (IMPORTING, "validation_claim=None, ", ""),
    ),
    bug(
        "the start of a validation counts as progress",
        (VALIDATING, "            validation_claim=claim,", "            validation_claim=claim, resends=0,"),
    ),
    bug(
        "the blobs of a superseded validation are kept",
        (VALIDATE, "    await delete_superseded(recorded.batch, attempts, services)\n", ""),
    ),
    bug(
        "the blobs of a validation that was replaced while it ran are kept",
        (VALIDATE, "        await delete_attempt(batch.id, attempt, services)\n        raise", "        raise"),
        (VALIDATE, "attempts = {validation.attempt}", "attempts = set()"),
    ),
    bug("the blobs of the recorded validation are deleted", (FILES, "if attempt != recorded:", "if attempt:")),
    bug(
        "every upload is validated before the callback",
        (VALIDATING, "    if not (event.starts_import or may_validate_early(batch, deadlines)):", "    if False:"),
    ),
    bug(
        "the import does not validate the uploads beyond the limit",
        (
            VALIDATING,
            "not (event.starts_import or may_validate_early(batch, deadlines))",
            "not may_validate_early(batch, deadlines)",
        ),
    ),
    bug(
        "the result of an importer's validation is imported although it was replaced",
        (VALIDATING, "upload.etag != event.validation.etag or ", "not event.starts_import and "),
    ),
    bug(
        "a reference whose enhancement the store refused is counted as enhanced",
        (CHUNK, "count_references({refusal.entry for refusal in refusals})", "count_references(())"),
    ),
    bug(
        "a batch that is cancelled during its import ends as if it was not",
        (IMPORTING, "if batch.import_is_cancelled and count_unimported(batch):", "if False:"),
    ),
    bug("an import goes on after its cancellation", (IMPORT, " or stored.batch.import_is_cancelled", "")),
    bug(
        "a cancelled import ends before the chunk in progress",
        (CANCELLING, "last_chunk = batch.progress.chunks + 1", "last_chunk = batch.progress.chunks"),
    ),
    bug(
        "a cancelled import adds no enhancement to its report",
        (REPORT, "if self._number > self._last_added:", "if self._last_added < math.inf:"),
    ),
    bug(
        "a retry requests references that were enhanced",
        ("use_cases/list_left.py", " if str(reference_id) not in enhanced]", "]"),
    ),
    bug("a batch is retried twice", (RETRY, "derive_retry_id(batch.id)", "services.new_id()")),
    bug(
        "an idempotency key is shared between users",
        (KEYS, 'derive_id("batch request", user_id, key)', 'derive_id("batch request", key)'),
    ),
    bug(
        "a repeated request with a key makes a second batch",
        (KEYS, 'derive_id("batch request", user_id, key)', "uuid4()"),
        (KEYS, "from uuid import UUID", "from uuid import UUID, uuid4"),
    ),
    bug("a test run imports", (IMPORT, "stored.batch.test_run or ", "")),
    bug(
        "a cancelled batch is imported when its robot calls back",
        (
            LIFECYCLE,
            "(events.CancelRequested, cancelling.cancel, {_ENDED}),\n        (events.LeaseRenewed, leasing.renew",
            "(events.CancelRequested, cancelling.stop_import, set()),\n        (events.LeaseRenewed, leasing.renew",
        ),
    ),
    bug(
        "references that another version of the robot has enhanced are skipped",
        (SKIP, "batch.robot_id, batch.robot_version)", "batch.robot_id, None)"),
    ),
    bug(
        "webhooks are notified before the end of a batch is written",
        (
            ADVANCE,
            "    after = transition.batch\n    etag =",
            (
                "    after = transition.batch\n"
                "    if after.notify_due and not before.ended:\n"
                "        await send_message(transition.message, services)\n"
                "    etag ="
            ),
        ),
    ),
    bug(
        "the sweep ignores batches whose webhooks are not notified",
        (LIFECYCLE, "        (events.Swept, notifying.sweep, set()),\n", ""),
    ),
    bug(
        "calls to a webhook overlap",
        (DELIVERIES, "    if is_being_called(delivery, now):\n        return delivery\n", ""),
    ),
    bug(
        "a webhook is recorded as notified before its delivery exists",
        (
            NOTIFY,
            "    found = await services.webhooks.load",
            "    await advance(stored, EndNotified(), services)\n    found = await services.webhooks.load",
        ),
    ),
    bug(
        "a robot gets a part before it is recorded",
        (
            PARTS,
            "    stored = await _record_part(stored, made.batch, services)\n",
            "    await send_message(made.message, services)\n    return stored, made.batch\n",
        ),
    ),
    bug("the end of a part counts twice", (DIVIDING, " or division.has_ended(event.number)", "")),
    bug(
        "the references of a returned part are lost",
        (
            DIVISION,
            "replace(self, ended=ended, returned=(*self.returned, outcome.returned))",
            "replace(self, ended=ended)",
        ),
    ),
    bug(
        "a returned part makes room for no other references",
        (COUNTS, "    if batch.part is not None and batch.part.returned and batch.lease is not None:", "    if False:"),
    ),
    bug(
        "a fetch takes a part without a look at its lease",
        (BATCH, "            return self.lease.until", "            return self.created_at"),
        (DELIVERY, " or batch.part is None or now < batch.lease.until:", " or batch.part is None:"),
    ),
    bug(
        "the last minute of a lease does not count",
        (BATCH, "            return self.lease.until", "            return self.lease.until - 60.0"),
        (DELIVERY, "now < batch.lease.until:", "now < batch.lease.until - 60.0:"),
    ),
    bug(
        "a late result is accepted after another robot has the references",
        (
            DELIVERY,
            "    cancelled = batch.cancel_requested_at is not None",
            (
                "    if batch.part is not None and batch.part.returned:\n        return Transition(batch)\n"
                "    cancelled = batch.cancel_requested_at is not None"
            ),
        ),
    ),
    bug(
        "a result changes a part that was returned",
        (
            DELIVERY,
            "    cancelled = batch.cancel_requested_at is not None",
            (
                "    if batch.part is not None and batch.part.returned and batch.upload is None:\n"
                "        return Transition(replace(batch, delivered_at=_now))\n"
                "    cancelled = batch.cancel_requested_at is not None"
            ),
        ),
    ),
    bug(
        "a cancelled batch request makes more parts",
        (BATCH, " or self.cancel_requested_at is not None or self.division.given_up", " or self.division.given_up"),
    ),
    bug(
        "a robot gets a part that was made after the cancellation",
        (PARTS, "    return is_recorded and request.cancel_requested_at is None", "    return is_recorded"),
    ),
    bug(
        "a cancellation after the last part is confirmed",
        (LIFECYCLE, "        (events.CancelRequested, dividing.refuse_late_cancel, set()),\n", ""),
    ),
    bug(
        "the sweep does not repeat that a part has ended",
        (DEADLINES, "if batch.notify_due else None", "if batch.notify_due and batch.part is None else None"),
    ),
    bug("two runs make the same part", (PARTS, "holder=services.new_id()", "holder=request.id")),
    bug(
        "the references of a new part are left again",
        (DIVISION, "next_start = taken.start + taken.count", "next_start = taken.start"),
    ),
    bug(
        "a range that came back loses a reference when it is cut",
        (DIVISION, "count=item.count - taken.count)", "count=item.count - taken.count - 1)"),
    ),
    bug("expired leases are not counted", (DIVISION, " + (not lease.given_back))", ")")),
    bug("a part that is given back counts as expired", (DIVISION, " + (not lease.given_back))", " + 1)")),
    bug(
        "a reference has one lease too many",
        (LEASING, "    if range_after.expiries >= ", "    if range_after.expiries > "),
        (LEASING, "    if count_expiry(part, lease).expiries >= ", "    if count_expiry(part, lease).expiries > "),
    ),
    bug(
        "a fetch ignores the uploaded result",
        (
            DELIVERY,
            (
                "    if event.current_upload is not None:\n"
                "        return _deliver(batch, event.current_upload, now, deadlines)\n"
                "    return leasing"
            ),
            "    return leasing",
        ),
    ),
    bug("an expired lease can be renewed", (LEASING, "    if now >= batch.lease.until:", "    if False:")),
    bug(
        "a robot is told that its lease lasts longer",
        (RENEW, "else renewed.batch.lease.until", "else renewed.batch.lease.until + 60.0"),
    ),
    bug(
        "one part too many is open",
        (PARTS, "division.open_parts < division.window", "division.open_parts <= division.window"),
    ),
    bug(
        "a batch request ends before its last part",
        (DIVIDING, "    if division.open_parts:", "    if division.open_parts > 1:"),
    ),
    bug(
        "missing references of parts are not counted",
        (DIVISION, "missing=self.missing + outcome.missing", "missing=self.missing"),
    ),
    bug("the report has the parts that were returned", (REPORT_PARTS, " and not part.part.returned", "")),
    bug("the report forgets the references in no part", (REPORT_PARTS, "        await writer.add_left()\n", "")),
    bug(
        "the entries of parts are not numbered on",
        (REPORT_PARTS, "self._entries += part.validation.entries", "self._entries = part.validation.entries"),
    ),
    bug("later enhancements of a reference are not numbered on", (RENUMBERING, "'^( ?)", "'^()")),
)


def copy_code(folder: Path) -> None:
    """Copy the code that the simulator needs."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    # Compiled once. Python compiles a file with a planted bug again, because its hash differs.
    compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)


@contextmanager
def planted(bug: Bug, folder: Path) -> Iterator[None]:
    """Plant the bug in the copy, and remove it again."""
    originals = {edit.file: (folder / edit.file).read_text() for edit in bug.edits}
    try:
        for edit in bug.edits:
            text = (folder / edit.file).read_text()
            assert edit.old in text, f"{edit.file} has changed: adapt the edit of this bug"
            (folder / edit.file).write_text(text.replace(edit.old, edit.new, 1))
        yield
    finally:
        for file, text in originals.items():
            (folder / file).write_text(text)


def find_failing_seed(folder: Path, first: int, seeds: int) -> int | None:
    """Run schedules in the copy. Return the first seed that fails, or None."""
    command = [sys.executable, "-B", "-m", "tests.simulation.soak", "--first", str(first), "--seeds", str(seeds)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - arguments are ours
    if result.returncode == 0:
        return None
    found = re.search(r"To repeat it: make soak SEED=(\d+)", result.stderr)
    assert found, result.stderr
    return int(found[1])


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    copy_code(folder)
    return folder


def test_there_are_enough_bugs_with_different_names() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 10


def test_a_seed_is_remembered_for_every_bug() -> None:
    seeds: dict[str, int] = json.loads(REMEMBERED.read_text())
    assert list(seeds) == [bug.name for bug in BUGS], "update it: python -m tests.simulation.remember_seeds"
    assert all(0 <= seed < SEEDS for seed in seeds.values())


def test_the_copy_without_a_planted_bug_passes(copy: Path) -> None:
    assert find_failing_seed(copy, 0, fast_or_exhaustive(10, 100)) is None


def test_the_remembered_seeds_pass_without_a_planted_bug() -> None:
    for seed in json.loads(REMEMBERED.read_text()).values():
        run_seed(seed)


@pytest.mark.parametrize("bug", choose(BUGS, one_in=4), ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(copy: Path, bug: Bug) -> None:
    seed = json.loads(REMEMBERED.read_text()).get(bug.name, 0)
    with planted(bug, copy):
        found = find_failing_seed(copy, seed, 1)
    assert found == seed, "search for another seed: python -m tests.simulation.remember_seeds"
