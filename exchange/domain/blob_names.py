"""The names of blobs. The blobs of one attempt carry the attempt's id, so no attempt can change another's blobs."""

from uuid import UUID

from exchange.domain.errors import InputRejected

BATCHES = "batches"
RESULTS = "results"
# Event Grid writes the events here that it could not deliver.
DEAD_LETTERS = "dead-letters"

_RESULT_SUFFIX = ".jsonl"


def manifest(batch_id: UUID, attempt: UUID | None = None) -> str:
    """Return the name of the list of the requested reference ids. Only a batch whose id is derived has an attempt."""
    return f"{batch_id}/request.json" if attempt is None else f"{batch_id}/{attempt}/request.json"


def id_list(list_id: UUID) -> str:
    """Return the name of an uploaded list of reference ids."""
    return f"uploads/{list_id}.txt"


def selected(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the list of the requested reference ids that are not skipped."""
    return f"{batch_id}/{attempt}/selected.json"


def reference_data(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of a snapshot: the references that the robot reads."""
    return f"{batch_id}/{attempt}/reference_data.jsonl"


def accepted(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the enhancements that a validation accepted."""
    return f"{batch_id}/{attempt}/accepted_enhancements.jsonl"


def old_accepted(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the entries that a validation of an older version accepted. Their lines have another form."""
    return f"{batch_id}/{attempt}/accepted.jsonl"


def draft_report(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the draft report: a validation's result for each entry and missing reference."""
    return f"{batch_id}/{attempt}/draft_report.jsonl"


def refused(batch_id: UUID, attempt: UUID, end: int) -> str:
    """Return the name of the entries that the store refused, of the chunk that ends at this offset."""
    return f"{batch_id}/{attempt}/refused/{end}.jsonl"


def report_text(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the report as text."""
    return f"{batch_id}/{attempt}/validation.txt"


def report_lines(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the report as JSONL."""
    return f"{batch_id}/{attempt}/validation.jsonl"


def errors(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the report's messages with their counts."""
    return f"{batch_id}/{attempt}/errors.json"


def enhancements(batch_id: UUID, attempt: UUID) -> str:
    """Return the name of the enhancements that the batch added, if they are not all that were accepted."""
    return f"{batch_id}/{attempt}/enhancements.jsonl"


def result(batch_id: UUID) -> str:
    """Return the name of the robot's result file, in the container `results`."""
    return f"{batch_id}{_RESULT_SUFFIX}"


def batch_of_result(name: str) -> UUID:
    """Return the batch of a blob in `results`. Raises InputRejected if no batch's result has this name."""
    try:
        batch_id = UUID(name.removesuffix(_RESULT_SUFFIX))
    except ValueError:
        batch_id = None
    if batch_id is None or result(batch_id) != name:
        raise InputRejected(f"'{name}' is not the name of a result file.")
    return batch_id
