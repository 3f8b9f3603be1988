"""Every example is what its model describes, and every table of fields and limits is complete."""

import json
import re
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from exchange.contract.base import describe_faults
from exchange.contract.problems import Problem
from exchange.contract.queries import list_parameters, list_prefixes
from exchange.contract.reports import EntryKind
from exchange.contract.robots import RobotIn
from exchange.domain.report import EntryResult
from exchange.settings import list_settings
from tests.documents.reading import Marked, code_in, fences, marked, marked_in

CONTRACT = [
    import_module(f"exchange.contract.{name}")
    for name in (
        "activity",
        "batches",
        "enhancements",
        "health",
        "identifiers",
        "lookup",
        "parts",
        "problems",
        "references",
        "reports",
        "robots",
        "uploads",
        "webhooks",
        "v1.jobs",
    )
]
# Documents in which every JSON block is an example.
CHECKED = ("README.md", "docs/errors.md", "docs/requestors.md", "docs/robots.md", "docs/walkthrough.md")


def model(name: str) -> Any:
    """Find a model of the contract."""
    return next(getattr(module, name) for module in CONTRACT if hasattr(module, name))


def named(found: Marked) -> str:
    return f"{found.document}-{found.argument}"


@pytest.mark.parametrize("example", marked("example"), ids=named)
def test_an_example_fits_its_model_and_has_no_unknown_fields(example: Marked) -> None:
    name, _, lines = example.argument.partition(", ")
    adapter: TypeAdapter[Any] = TypeAdapter(model(name))
    for text in example.code.splitlines() if lines else [example.code]:
        value = adapter.validate_json(text, strict=True)
        dumped = value.model_dump(mode="json", exclude_unset=True)
        assert dumped == json.loads(text)


@pytest.mark.parametrize("document", CHECKED)
def test_every_json_block_is_an_example(document: str) -> None:
    examples = [example.code for example in marked_in(document, "example")]
    assert fences(document, "json", "jsonl") == examples


@pytest.mark.parametrize("table", marked("fields"), ids=named)
def test_a_table_of_fields_has_every_field(table: Marked) -> None:
    found: type[BaseModel] = model(table.argument)
    names = [name for row in table.rows for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(names) == sorted(found.model_fields)


@pytest.mark.parametrize("table", marked("fields"), ids=named)
def test_a_field_is_marked_as_optional_if_it_is(table: Marked) -> None:
    found: type[BaseModel] = model(table.argument)
    if table.argument.endswith(("In", "Result", "Error", "Enhancement")):
        for row in table.rows:
            required = found.model_fields[row[0].strip("`")].is_required()
            assert required is not bool(re.search("optional|default", row[1])), row


@pytest.mark.parametrize("table", marked("parameters"), ids=named)
def test_a_table_of_parameters_has_every_parameter(table: Marked) -> None:
    query = model(table.argument)
    names = [name for row in table.rows for name in re.findall(r"`([\w.]+(?:<key>)?)`", row[0])]
    assert sorted(names) == sorted([*list_parameters(query), *(f"{prefix}<key>" for prefix in list_prefixes(query))])


@pytest.mark.parametrize("table", marked("limits"), ids=named)
def test_a_table_of_limits_has_the_default_values(table: Marked) -> None:
    defaults = {setting.name: setting.default for setting in list_settings()}
    assert table.rows
    for _, setting, value, _ in table.rows:
        number = re.match(r"[\d,]+", value)
        assert number is not None
        assert int(number[0].replace(",", "")) == defaults[setting.strip("`")], setting


def test_the_example_of_an_error_is_what_such_a_body_gets() -> None:
    (example,) = marked_in("docs/errors.md", "example")
    problem = Problem.model_validate_json(example.code)
    body = b'{"name": "study design", "description": "", "owner": "me", "typo": 1}'
    with pytest.raises(ValidationError) as caught:
        RobotIn.model_validate_json(body)
    assert [f"{fault}." for fault in describe_faults(caught.value, body)] == problem.errors
    assert problem.detail == " ".join(problem.errors)


@pytest.mark.parametrize("block", marked("report"), ids=named)
def test_an_example_of_a_report_has_lines_as_the_exchange_writes_them(block: Marked) -> None:
    known = [".+".join(map(re.escape, message.split("<why>"))) for message in REPORT_MESSAGES.values()]
    for line in block.code.splitlines():
        match = re.fullmatch(r"(?:Reference [0-9a-f-]{36}|Entry \d+): (.+)", line)
        assert match, line
        assert any(re.fullmatch(pattern, match[1]) for pattern in known), line


# Every message of a report, by the kind of its entry. An added enhancement has no error.
REPORT_MESSAGES = {kind: EntryResult(kind, None, "<why>").error or "Enhancement added." for kind in EntryKind}


@pytest.mark.parametrize("table", marked("reports"), ids=named)
def test_a_table_of_report_messages_has_all_of_them_in_their_words(table: Marked) -> None:
    messages = [re.sub(r"<\w+>", "<why>", row[0].strip("`")) for row in table.rows]
    assert sorted(messages) == sorted(REPORT_MESSAGES.values())


def test_the_statuses_that_a_requestor_reads_are_explained() -> None:
    (table,) = marked_in("docs/requestors.md", "statuses")
    statuses = model("BatchStatus")
    ended = {"completed", "partial_failed", "failed", "rejected"}
    assert [(row[0].strip("`"), row[2]) for row in table.rows] == [
        (str(status), "yes" if status in ended else "no") for status in sorted(statuses, key=ORDER.index)
    ]


ORDER = ["received", "accepted", "importing", "completed", "partial_failed", "failed", "rejected"]


def test_an_enum_of_the_contract_is_quoted_in_full() -> None:
    quoted = code_in("\n".join(row for table in marked("fields") for row in table.block.splitlines()))
    for enum in ("EnhancementType", "IdentifierType", "Visibility"):
        assert {str(value) for value in model(enum)} <= quoted
