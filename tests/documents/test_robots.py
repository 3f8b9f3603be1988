"""What docs/robots.md says about signatures, answers and content, held against the code."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import BaseModel

from exchange.contract import enhancements
from exchange.contract.base import MAX_TEXT_LENGTH
from exchange.domain import events, storable
from exchange.domain.lifecycle import apply
from exchange.domain.limits import Deadlines
from exchange.domain.report import MAX_MESSAGE_LENGTH
from exchange.domain.robot_answer import RobotAnswer, to_event
from exchange.domain.signatures import TOLERANCE_S, sign
from exchange.robots.functions import MAX_TRACEBACKS
from exchange.robots.leases import MAX_LIMIT, Terms
from exchange.robots.options import make_parser
from exchange.robots.pull import Pace, Waits
from exchange.robots.retries import Backoff
from exchange.robots.server import MAX_RUNNING_JOBS
from exchange.robots.storage import BLOCK_BYTES
from functions.errors import ERROR_POLICIES
from functions.http.examples import EXAMPLES
from functions.http.register import ENDPOINTS
from functions.http.v1 import FETCH_AGAIN_AFTER_S
from local.paths import NODE
from tests.documents.reading import fences, marked_in, text_of
from tests.stacks import ROOT
from tests.unit.domain.batches import a_batch

DOCUMENT = "docs/robots.md"
TEXT = text_of(DOCUMENT)
Sign = Callable[[bytes], str]


def vector() -> dict[str, str]:
    (table,) = marked_in(DOCUMENT, "vector")
    return {row[0]: row[1].strip("`") for row in table.rows}


SECRET, ROBOT_ID, TIMESTAMP = (vector()[part] for part in ("secret", "robot id", "timestamp"))
BODY = vector()["body, 66 bytes"].encode()


def expected(body: bytes) -> str:
    return vector()["signature" if body else "signature of an empty body"]


def test_the_test_vector_is_what_the_exchange_computes() -> None:
    assert len(BODY) == 66
    assert bytes.fromhex(vector()["message in hex"]) == b":".join([BODY, UUID(ROBOT_ID).bytes, TIMESTAMP.encode()])
    for body in (BODY, b""):
        assert sign(SECRET, body, UUID(ROBOT_ID), TIMESTAMP) == expected(body)
    assert f"{TOLERANCE_S:g} s" in TEXT


@pytest.mark.parametrize("body", [BODY, b""], ids=["body", "no body"])
def test_the_python_function_signs_the_vector(body: bytes, tmp_path: Path) -> None:
    _, code = fences(DOCUMENT, "python")
    call = f"print(sign({SECRET!r}, {body!r}, {ROBOT_ID!r}, {TIMESTAMP!r}))"
    assert run([sys.executable], "sign.py", f"{code}\n{call}\n", tmp_path) == expected(body)


@pytest.mark.parametrize("body", [BODY, b""], ids=["body", "no body"])
def test_the_javascript_function_signs_the_vector(body: bytes, tmp_path: Path) -> None:
    (code,) = fences(DOCUMENT, "javascript")
    text, *others = map(json.dumps, (body.decode(), ROBOT_ID, TIMESTAMP))
    call = f"console.log(sign({json.dumps(SECRET)}, Buffer.from({text}), {', '.join(others)}));"
    assert run([str(NODE)], "sign.mjs", f"{code}\n{call}\n", tmp_path) == expected(body)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed on this machine")
@pytest.mark.parametrize("body", [BODY, b""], ids=["body", "no body"])
def test_the_r_function_signs_the_vector(body: bytes, tmp_path: Path) -> None:
    (code,) = fences(DOCUMENT, "r")
    text, *others = map(json.dumps, (body.decode(), ROBOT_ID, TIMESTAMP))
    call = f"cat(sign({json.dumps(SECRET)}, charToRaw({text}), {', '.join(others)}))"
    assert run(["Rscript"], "sign.R", f"{code}\n{call}\n", tmp_path) == expected(body)


def test_the_robot_on_the_kit_works(tmp_path: Path) -> None:
    robot, _ = fences(DOCUMENT, "python")
    (tmp_path / "countries.py").write_text(robot)
    (tmp_path / "references.jsonl").write_text(
        '{"enhancements": [{"content": {"enhancement_type": "bibliographic", "title": "Nurses in Kenya"}}]}\n{}\n'
    )
    done = subprocess.run(
        [sys.executable, "countries.py", "--try", "references.jsonl"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    enhancement, error = map(json.loads, done.stdout.splitlines())
    values = {each["label"]: each["value"] for each in enhancement["content"]["annotations"]}
    assert values == {"Brazil": False, "India": False, "Kenya": True}
    assert error["message"] == "There is no title and no abstract."


def test_the_options_of_the_kit_are_described() -> None:
    parser = make_parser("countries")
    options = {option for action in parser._actions for option in action.option_strings} - {"-h", "--help"}
    section = TEXT.partition("### Options")[2].partition("### ")[0]
    assert set(re.findall(r"`(--\w+)`", section)) == options


def test_the_numbers_of_the_kit_are_quoted() -> None:
    assert BLOCK_BYTES == 4 << 20
    assert "more than 4 MiB" in TEXT
    assert MAX_RUNNING_JOBS == 4
    assert "up to four jobs" in TEXT
    assert f"the first {MAX_TRACEBACKS} of a job" in TEXT
    assert f"by default {Terms().limit:,} and at most {MAX_LIMIT:,}" in TEXT
    assert f"by default {Terms().lease_s}" in TEXT
    assert (Waits().first_s, Waits().max_s) == (1, 60)
    assert f"at most {Pace().grace_s:g} seconds more" in TEXT
    assert f"which is {FETCH_AGAIN_AFTER_S} seconds" in TEXT
    assert Backoff().total_s == Deadlines().robot_silence_limit_s == 86_400


def run(command: list[str], name: str, code: str, folder: Path) -> str:
    (folder / name).write_text(code)
    done = subprocess.run([*command, name], cwd=folder, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - the document's own
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def taken_as(http_status: int | None) -> str:
    """Return how the document says that the exchange takes the first answer to a job."""
    (table,) = marked_in(DOCUMENT, "answers")
    for statuses, meaning, _ in table.rows:
        if http_status is None and statuses.startswith("no answer"):
            return meaning
        if "repeated" in statuses or http_status is None:
            continue
        if "any other" in statuses:
            return meaning
        ranges = [(int(low), int(high or low)) for low, high in re.findall(r"(\d{3})(?: to (\d{3}))?", statuses)]
        if any(low <= http_status <= high for low, high in ranges):
            return meaning
    raise AssertionError(http_status)


def decided(http_status: int | None) -> str:
    """Return how the exchange takes this answer to the first call."""
    event = to_event(RobotAnswer(http_status, ""), a_batch(attempt=1, calls_started=1), None)
    meanings = {
        events.RobotAccepted: "accepted",
        events.RobotUnreachable: "try again",
        events.RobotRejected: "rejected",
    }
    return meanings[type(event)]


def test_the_table_of_answers_is_what_the_exchange_decides() -> None:
    statuses = [None, *range(200, 600)]
    assert {status: taken_as(status) for status in statuses} == {status: decided(status) for status in statuses}


def test_409_to_a_repeated_call_means_that_the_robot_has_the_job() -> None:
    (table,) = marked_in(DOCUMENT, "answers")
    assert ["409 to a repeated call", "accepted"] in [row[:2] for row in table.rows]
    for calls, status in ((1, "rejected"), (2, "accepted")):
        batch = a_batch(attempt=1, calls_started=calls)
        event = to_event(RobotAnswer(HTTPStatus.CONFLICT, ""), batch, None)
        assert apply(batch, event, 0.0, Deadlines()).batch.status == status


def test_the_statuses_of_a_callback_are_those_of_the_endpoint() -> None:
    (table,) = marked_in(DOCUMENT, "statuses")
    (callback,) = [endpoint for endpoint in ENDPOINTS if endpoint.path == "robot/enhancement/batch"]
    possible = {policy.status for policy in ERROR_POLICIES.values()} - {HTTPStatus.TOO_MANY_REQUESTS}
    named = {int(number) for row in table.rows for number in re.findall(r"\d{3}", row[0])}
    assert named == {callback.status, *callback.errors, *possible}


def test_the_answer_to_a_fetch_is_that_of_the_openapi_document() -> None:
    (found,) = [found for found in marked_in(DOCUMENT, "example") if found.argument == "RobotEnhancementBatch"]
    for operation in ("fetch_robot_enhancement_batch", "read_robot_enhancement_batch"):
        assert list(EXAMPLES[operation].responses.values()) == [json.loads(found.code)]


def test_the_fields_of_each_content_are_listed() -> None:
    (table,) = marked_in(DOCUMENT, "contents")
    models: list[type[BaseModel]] = [
        enhancements.Bibliographic,
        enhancements.Abstract,
        enhancements.AnnotationSet,
        enhancements.LocationSet,
    ]
    assert [row[0].strip("`") for row in table.rows] == [str(kind) for kind in enhancements.EnhancementType]
    for row, model in zip(table.rows, models, strict=True):
        check_fields(row[1], model, {"enhancement_type"})


def test_the_fields_of_the_parts_are_listed() -> None:
    (table,) = marked_in(DOCUMENT, "parts")
    models: list[type[BaseModel]] = [
        enhancements.Authorship,
        enhancements.BooleanAnnotation,
        enhancements.ScoreAnnotation,
        enhancements.Location,
    ]
    for row, model in zip(table.rows, models, strict=True):
        check_fields(row[1], model, {"annotation_type"})


def check_fields(cell: str, model: type[BaseModel], but: set[str]) -> None:
    """Compare the fields in a cell with those of the model. What is in italics is optional."""
    words = {name: bool(star) for star, name in re.findall(r"(\*?)`(\w+)`", cell)}
    fields = {name: not field.is_required() for name, field in model.model_fields.items() if name not in but}
    values = set(words) - set(fields)
    assert {name: words[name] for name in words if name not in values} == fields
    enums = {str(value) for kind in (enhancements.AuthorPosition, enhancements.DriverVersion) for value in kind}
    assert values <= enums


def test_the_limits_of_the_database_are_quoted() -> None:
    assert f"{storable.MAX_DOCUMENT_BYTES:,} bytes" in TEXT
    assert f"at most {storable.MAX_DEPTH} levels" in TEXT
    for process in enhancements.AbstractProcess:
        assert f"`{process}`" in TEXT


def test_the_lengths_of_texts_are_quoted() -> None:
    assert MAX_TEXT_LENGTH == MAX_MESSAGE_LENGTH == 2_000
    assert f"1 to {MAX_TEXT_LENGTH:,} characters" in TEXT
    assert f"at most {10 * MAX_TEXT_LENGTH:,} characters" in TEXT
    assert f"{MAX_MESSAGE_LENGTH:,} characters kept" in TEXT
