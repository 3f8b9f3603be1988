"""How blobs are named. An attempt's blobs carry its own id, so that no attempt can touch another's."""

from uuid import UUID

from functions.domain.errors import InputRejected

BATCHES = "batches"
RESULTS = "results"
# Where Event Grid puts the events that it could not deliver.
DEAD_LETTERS = "dead-letters"

_RESULT_SUFFIX = ".jsonl"


def manifest(batch_id: UUID) -> str:
    """Name the list of the reference ids that were asked for."""
    return f"{batch_id}/request.json"


def reference_data(batch_id: UUID, attempt: UUID) -> str:
    """Name a snapshot: what the robot is given."""
    return f"{batch_id}/{attempt}/reference_data.jsonl"


def accepted(batch_id: UUID, attempt: UUID) -> str:
    """Name the entries that a validation accepted."""
    return f"{batch_id}/{attempt}/accepted.jsonl"


def verdicts(batch_id: UUID, attempt: UUID) -> str:
    """Name the report so far: a validation's verdict on each entry, and the missing references."""
    return f"{batch_id}/{attempt}/verdicts.jsonl"


def refused(batch_id: UUID, attempt: UUID, end: int) -> str:
    """Name the accepted entries that the store refused of the window that ends there."""
    return f"{batch_id}/{attempt}/refused/{end}.jsonl"


def report_text(batch_id: UUID, attempt: UUID) -> str:
    """Name the report that people read."""
    return f"{batch_id}/{attempt}/validation.txt"


def report_lines(batch_id: UUID, attempt: UUID) -> str:
    """Name the same report as JSONL."""
    return f"{batch_id}/{attempt}/validation.jsonl"


def result(batch_id: UUID) -> str:
    """Name what the robot writes, in the container `results`."""
    return f"{batch_id}{_RESULT_SUFFIX}"


def batch_of_result(name: str) -> UUID:
    """Say whose result a blob of `results` is; raises InputRejected for a name that no batch's result has."""
    try:
        batch_id = UUID(name.removesuffix(_RESULT_SUFFIX))
    except ValueError:
        batch_id = None
    if batch_id is None or result(batch_id) != name:
        raise InputRejected(f"'{name}' is not the name of a result file.")
    return batch_id
