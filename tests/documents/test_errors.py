"""Every status, error policy and message in the documents is that of the code."""

import ast
import functools
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from exchange.contract.base import MAX_FAULTS
from exchange.contract.batches import ErrorCode
from functions.errors import ERROR_POLICIES
from functions.http.register import ENDPOINTS
from tests.documents.reading import Marked, marked, marked_in, text_of
from tests.stacks import ROOT

DOCUMENT = "docs/errors.md"
SOURCES = [*(ROOT / "exchange").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
TRANSITIONS = sorted((ROOT / "exchange" / "domain" / "transitions").glob("*.py"))
# What the HTTP layer answers by itself.
OWN = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.INTERNAL_SERVER_ERROR}


def test_every_status_is_explained() -> None:
    (table,) = marked_in(DOCUMENT, "statuses")
    successes = {status for endpoint in ENDPOINTS for status in (endpoint.status, *endpoint.other_successes)}
    answered = successes | {policy.status for policy in ERROR_POLICIES.values()} | OWN
    assert [int(row[0]) for row in table.rows] == sorted(answered)


def test_the_table_of_error_policies_is_that_of_the_code() -> None:
    (table,) = marked_in(DOCUMENT, "policies")
    assert [tuple(row) for row in table.rows] == [
        (f"`{error.__name__}`", str(policy.status.value), "yes" if policy.redeliver else "no")
        for error, policy in ERROR_POLICIES.items()
    ]


def test_every_error_code_is_explained() -> None:
    (table,) = marked_in(DOCUMENT, "codes")
    assert [row[0] for row in table.rows] == [f"`{code}`" for code in ErrorCode]


def test_every_text_of_a_failed_batch_is_explained() -> None:
    (table,) = [table for table in marked_in(DOCUMENT, "messages") if table.argument == "complete"]
    messages = [row[0].strip("`") for row in table.rows]
    texts = list(texts_of_ended_batches())
    assert len(texts) == len(messages)
    for text in texts:
        assert [message for message in messages if fits(message, text)], text


@pytest.mark.parametrize("table", marked("messages"), ids=lambda table: f"{table.document}-{table.rows[0][0][:30]}")
def test_every_message_is_quoted_as_the_code_has_it(table: Marked) -> None:
    known = known_patterns()
    for row in table.rows:
        assert any(text.fullmatch(row[0].strip("`")) for text in known), f"{table.document}: {row[0]}"


@functools.cache
def known_patterns() -> list[re.Pattern[str]]:
    """Return the texts of more than two words in the code."""
    texts = {text for source in SOURCES for text in templates(source)}
    return [pattern(text) for text in sorted(texts) if len(text.split()) > 2]


def fits(message: str, text: str) -> bool:
    """Return whether a message of a document is this text of the code."""
    return pattern(text).fullmatch(message) is not None


def pattern(text: str) -> re.Pattern[str]:
    """Return the pattern of a text of the code, in which `<>` stands for anything."""
    return re.compile(".+".join(map(re.escape, text.split("<>"))))


def test_the_numbers_of_attempts_are_those_of_the_host_and_the_queues() -> None:
    text = " ".join(text_of(DOCUMENT).split())
    queues = json.loads(text_of("infra/topology.json"))["queues"]
    host = json.loads(text_of("host.json"))["extensions"]
    assert all(f"message that fails {queue['maxDeliveryCount']} times" in text for queue in queues)
    assert f"blob event that fails {host['blobs']['poisonBlobThreshold']} times" in text
    assert f"At most {MAX_FAULTS} faults are listed" in text


def templates(source: Path) -> Iterator[str]:
    """Yield the texts in a module, with `<>` for each expression in an f-string."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        if (text := template_of(node)) is not None:
            yield text


def template_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "<>" for part in node.values)
    return None


def texts_of_ended_batches() -> Iterator[str]:
    """Yield the sentences in the transitions that are neither docstrings nor raised: they end up in `error`."""
    for source in TRANSITIONS:
        tree = ast.parse(source.read_bytes())
        left_out = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.Raise | ast.JoinedStr) or is_docstring(node) or is_raised_below(node)
            for inner in ast.walk(node)
            if inner is not node or isinstance(node, ast.Raise)
        }
        for node in ast.walk(tree):
            if node not in left_out and not is_docstring(node) and (text := template_of(node)) and text.count(" ") > 2:
                yield text


def is_raised_below(node: ast.AST) -> bool:
    """Return whether this is `msg = ...`, the message of an exception that a bug would cause."""
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["msg"]


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
