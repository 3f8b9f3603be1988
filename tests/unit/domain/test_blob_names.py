from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain import blob_names
from exchange.domain.errors import InputRejected

BATCH = UUID("11111111-1111-4111-8111-aaaaaaaaaaaa")


def list_names(attempt: UUID) -> list[str]:
    functions = (
        blob_names.manifest,
        blob_names.reference_data,
        blob_names.accepted,
        blob_names.draft_report,
        blob_names.report_text,
        blob_names.report_lines,
    )
    return [*(name(BATCH, attempt) for name in functions), *(blob_names.refused(BATCH, attempt, n) for n in (1, 2))]


def test_the_names_of_a_batchs_blobs_are_unique() -> None:
    names = [blob_names.manifest(BATCH), *list_names(uuid4()), *list_names(uuid4())]
    assert len(names) == len(set(names)) == 17


def test_each_attempt_has_its_own_folder() -> None:
    attempt = uuid4()
    assert all(name.startswith(f"{BATCH}/{attempt}/") for name in list_names(attempt))
    assert blob_names.manifest(BATCH) == f"{BATCH}/request.json"


def test_the_reports_have_the_extensions_of_their_formats() -> None:
    assert blob_names.report_text(BATCH, uuid4()).endswith(".txt")
    assert blob_names.report_lines(BATCH, uuid4()).endswith(".jsonl")


@settings(max_examples=50, deadline=None)
@given(st.uuids())
def test_the_batch_is_derived_from_the_name_of_its_result(batch_id: UUID) -> None:
    assert blob_names.batch_of_result(blob_names.result(batch_id)) == batch_id


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".jsonl",
        f"{BATCH}",
        f"{BATCH}.json",
        f"{BATCH}.jsonl.jsonl",
        f"{BATCH}.JSONL",
        f"{BATCH}.jsonl ",
        f"{str(BATCH).upper()}.jsonl",
        f"{BATCH.hex}.jsonl",
        f"{{{BATCH}}}.jsonl",
        f"urn:uuid:{BATCH}.jsonl",
        f"results/{BATCH}.jsonl",
        f"{BATCH}/{BATCH}.jsonl",
        "notes.jsonl",
        "None.jsonl",
    ],
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(InputRejected, match="is not the name of a result file"):
        blob_names.batch_of_result(name)
