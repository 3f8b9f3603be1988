from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain import blob_names
from exchange.domain.errors import InputRejected

BATCH = UUID("11111111-1111-4111-8111-aaaaaaaaaaaa")


def names_of(attempt: UUID) -> list[str]:
    of_an_attempt = (
        blob_names.reference_data,
        blob_names.accepted,
        blob_names.draft_report,
        blob_names.report_text,
        blob_names.report_lines,
    )
    return [*(name(BATCH, attempt) for name in of_an_attempt), *(blob_names.refused(BATCH, attempt, n) for n in (1, 2))]


def test_no_two_blobs_of_a_batch_have_the_same_name() -> None:
    names = [blob_names.manifest(BATCH), *names_of(uuid4()), *names_of(uuid4())]
    assert len(names) == len(set(names)) == 15


def test_an_attempts_blobs_are_in_a_folder_of_its_own() -> None:
    attempt = uuid4()
    assert all(name.startswith(f"{BATCH}/{attempt}/") for name in names_of(attempt))
    assert blob_names.manifest(BATCH) == f"{BATCH}/request.json"


def test_the_report_that_people_read_is_a_text_file() -> None:
    assert blob_names.report_text(BATCH, uuid4()).endswith(".txt")
    assert blob_names.report_lines(BATCH, uuid4()).endswith(".jsonl")


@settings(max_examples=50, deadline=None)
@given(st.uuids())
def test_a_results_name_says_whose_it_is(batch_id: UUID) -> None:
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
def test_any_other_name_is_no_results(name: str) -> None:
    with pytest.raises(InputRejected, match="is not the name of a result file"):
        blob_names.batch_of_result(name)
