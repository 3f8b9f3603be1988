"""schemathesis, set up for this exchange: who calls, which ids and addresses it may use, what no schema can say."""

import json
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from multiprocessing import get_context
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

import functions.app  # noqa: F401 - Hypothesis likes to draw the words and numbers of our modules that are loaded
from exchange.contract.base import MAX_INTEGER
from samples.robot.signing import Credentials
from tests.e2e.exchange import SAMPLES
from tests.e2e.fuzz_caller import Caller, Case
from tests.stacks import Stack

# A reference has these.
IDENTIFIERS = {"doi": "10.1234/fuzz", "pm_id": 7, "open_alex": "W7"}
JSONL = "application/jsonl"
# Nobody listens there.
NOWHERE = "http://127.0.0.1:9/"
ELSEWHERE = re.compile(r"https?://(?!127\.0\.0\.1[:/]|\[::1\][:/])\S+", re.IGNORECASE)

CONFIG: dict[str, Any] = {
    # The same cases each time: nothing is drawn by chance, or kept from one run for the next.
    "cache": {"enabled": False},
    "generation": {"deterministic": True, "database": "none", "max-examples": 200},
    "continue-on-failure": True,
    # All but TRACE and QUERY: Azure Functions has no route for either, so its host answers them.
    "phases": {"coverage": {"unexpected-methods": ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]}},
}

# What a request that fits the schema may be refused for all the same: JSON Schema has no words for it.
REFUSED: dict[str, str] = {
    # The parameters of a query can't depend on each other: what an identifier looks like depends on its type.
    "GET /references": r"identifier: .*|other_identifier_name: Field required\.",
    # It depends on which references there are, and on how a number is written: as 1e300 it is no whole one.
    "POST /references": r"The identifiers belong to different references\.|.*past 2\^53 would lose digits\.",
    # It depends on the batch.
    "POST /robot/enhancement/batch": r"storage_url: if given, it must be this batch's result_storage_url\.",
}


@dataclass(frozen=True, slots=True)
class World:
    """What there is on the stack before the first case, so that some cases find something."""

    stack: Stack
    robot: Credentials
    ids: Sequence[str]
    # Robots are called where a case says that they are: addresses of this machine, and no others.
    addresses: Sequence[str]

    def an_id(self, drawn: UUID) -> str:
        """Make every other id one that there is, and each of those as often as another."""
        at = drawn.int % (2 * len(self.ids))
        return self.ids[at] if at < len(self.ids) else str(drawn)


@dataclass(slots=True)
class Found:
    """What came of it: the statuses that each operation gave, the checks that none was for, and whatever was wrong."""

    answers: dict[str, list[int]] = field(default_factory=dict)
    unused_checks: set[str] = field(default_factory=lambda: set(CHECKS.get_all_names()))
    faults: list[str] = field(default_factory=list)


def fuzz(document: dict[str, Any], world: World) -> Found:
    """Send everything that schemathesis comes up with.

    From a process of its own: which cases those are depends on the modules that are loaded, here on no other test's.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        return alone.submit(_fuzz, document, world).result()


def _fuzz(document: dict[str, Any], world: World) -> Found:
    lines = st.lists(st.sampled_from(SAMPLES.read_bytes().splitlines()[:20]) | st.binary(max_size=50), max_size=5)
    schemathesis.openapi.format("uuid4", st.uuids(version=4).map(world.an_id))
    schemathesis.openapi.format("url", st.sampled_from(world.addresses))
    schemathesis.openapi.media_type(JSONL, lines.map(b"\n".join))
    config = schemathesis.Config.from_dict({**CONFIG, "base-url": world.stack.api})
    # From a copy: an operation that serves the document itself would be left out.
    schema = schemathesis.openapi.from_dict(document, config=config)
    caller = Caller(world.robot, world.stack.tokens["operator"])
    schema.auth.providers.append(caller)
    schema.hook("after_call")(lambda context, case, response: caller.learn(response))  # noqa: ARG005 - its hooks' names
    schema.hook("map_body")(_sent)
    schema.hook("map_query")(_asked)
    schema.hook("filter_failure")(_is_a_fault)
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            found.faults.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.ScenarioFinished):
            _look_at(event, found)
    return found


def _look_at(event: events.ScenarioFinished, found: Found) -> None:
    for case_id, interaction in event.recorder.interactions.items():
        label = event.recorder.cases[case_id].value.operation.label
        status = 0 if interaction.response is None else interaction.response.status_code
        found.answers.setdefault(label, []).append(status)
        for check in event.recorder.checks.get(case_id, []):
            found.unused_checks.discard(check.name)
            if check.status is not Status.SUCCESS:
                said = f"{info.failure}\n{info.code_sample}" if (info := check.failure_info) else "it crashed"
                found.faults.append(f"{label}: {check.name}: {said}")


def _sent(_context: schemathesis.HookContext, body: Any) -> Any:
    """Say what is sent for a body: as long as it was, but robots are on this machine, whatever their addresses."""
    body = _with_whole_integers(body)
    if isinstance(body, dict) and ELSEWHERE.fullmatch(str(body.get("base_url"))):
        return {**body, "base_url": NOWHERE + body["base_url"][len(NOWHERE) :]}
    return body


def _asked(_context: schemathesis.HookContext, query: Any) -> Any:
    """Ask for an identifier that there is rather than for one that has next to nothing to it."""
    if isinstance(query, dict) and query.get("identifier") in ("", "0"):
        return {**query, "identifier": str(IDENTIFIERS.get(str(query.get("identifier_type")), query["identifier"]))}
    return query


def _with_whole_integers(value: Any) -> Any:
    """Write whole numbers without a fraction: for JSON Schema 1.0 is an integer, for the wire it is none."""
    match value:
        case float() if value.is_integer() and abs(value) <= MAX_INTEGER:
            return int(value)
        case list():
            return [_with_whole_integers(item) for item in value]
        case dict():
            return {name: _with_whole_integers(item) for name, item in value.items()}
        case _:
            return value


def _is_a_fault(
    _context: schemathesis.HookContext, failure: Failure, case: Case, response: schemathesis.Response
) -> bool:
    # In Azure a parameter without a value never reaches us: the request that does may well be right.
    if isinstance(failure, AcceptedNegativeData) and "" in dict(_parameters(response)).values():
        return False
    expected = REFUSED.get(case.operation.label)
    if (
        expected is None
        or not isinstance(failure, RejectedPositiveData)
        or response.status_code != HTTPStatus.UNPROCESSABLE_ENTITY
    ):
        return True
    return not all(re.fullmatch(expected, sentence) for sentence in json.loads(response.content)["errors"])


def _parameters(response: schemathesis.Response) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(response.request.url or "").query, keep_blank_values=True)


@schemathesis.check
def each_line_is_answered(_context: schemathesis.CheckContext, response: schemathesis.Response, _case: Case) -> None:
    """Look into the answer to a file of lines: it is no JSON, so no other check does."""
    if response.headers.get("content-type", [""])[0] == JSONL:
        for line in response.content.splitlines():
            assert set(json.loads(line)) == {"id", "error", "existing"}, line
