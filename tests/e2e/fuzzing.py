"""schemathesis, configured for the exchange: callers, ids and addresses, and the rules that no schema expresses."""

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from multiprocessing import get_context
from typing import Any, TypeGuard
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

import functions.app  # noqa: F401 - Hypothesis uses constants of the loaded modules, which must always be the same
from exchange.contract.base import MAX_INTEGER
from exchange.contract.references import LoadedLine
from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import SAMPLES
from tests.e2e.fuzz_caller import Caller, Case
from tests.stacks import Stack

# The identifiers of one reference on the stack.
IDENTIFIERS = {"doi": "10.1234/fuzz", "pm_id": 7, "open_alex": "W7"}
JSONL = "application/jsonl"
# The lists of ids that get an existing one. Longer ones may be cases of too many ids.
_SHORT_LIST = 100
# The longest first line of a request that aiohttp, the server of the local host, reads.
_MAX_LINE_BYTES = 8_000
# No server listens here.
UNUSED_ADDRESS = "http://127.0.0.1:9/"
ELSEWHERE = re.compile(r"https?://(?!127\.0\.0\.1[:/]|\[::1\][:/])\S+", re.IGNORECASE)

CONFIG: dict[str, Any] = {
    # The same cases in every run: nothing is random or kept from an earlier run.
    "cache": {"enabled": False},
    "continue-on-failure": True,
    # Without TRACE and QUERY: Azure Functions cannot route them, so its host answers them.
    "phases": {"coverage": {"unexpected-methods": ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]}},
    # With 413, which is the answer to a list with too many items and is not in the default.
    "checks": {
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, "5xx"]}
    },
}

_CALLBACK = "/robot/enhancement/batch"
_JOBS = "/v1/robot-enhancement-batches"
_JOB = _JOBS + "/{batch_request_id}"
# The bounds of a lease, and that it has a number.
_LEASE_FAULTS = r"lease: (Input should be (less|greater) than .*|must be an ISO 8601 duration, .*)"

# Faults of requests that match the schema. JSON Schema cannot express these rules.
EXPECTED_FAULTS: dict[str, str] = {
    # The form of an identifier depends on its type, but parameters of a query cannot depend on each other.
    "GET /references": r"identifier(:| must) .*|other_identifier_name: Field required\.",
    # It depends on the stored references, and on the notation of a number: 1e300 is not an integer.
    "POST /references": r"The identifiers belong to different references: .*|.*beyond 2\^53 would lose digits\.",
    # A key that was used before belongs to another body. Whether a run is dry is in the query.
    "POST /references/enhancement/batch": (
        r"This Idempotency-Key was used for another batch request\. .*|A dry run does not read an uploaded list\. .*"
    ),
    # A continuation comes from the exchange.
    "GET /references/enhancement/batch": r"continuation must be that of the previous page, with the same filters\. .*",
    # It depends on the batch.
    f"POST {_CALLBACK}": (r"storage_url must be the result_storage_url of this batch request, or be left out\."),
    **dict.fromkeys((f"POST {_JOBS}", f"PATCH {_JOB}/renew-lease", f"POST {_JOB}/renew-lease"), _LEASE_FAULTS),
    # The id is in the body and in the path. Whether a result is too late depends on the job.
    f"POST {_JOB}/results": (
        r"request_id must be the id in the path\.|.* too late to (deliver|report) .*|.*Report the result of a part.*"
    ),
}


@dataclass(frozen=True, slots=True)
class World:
    """What is on the stack before the first case, so that some cases find existing objects."""

    stack: Stack
    robot: Credentials
    ids: Sequence[str]
    # Addresses that cases may register for robots and webhooks. The exchange calls them, so all are on this machine.
    addresses: Sequence[str]
    # A webhook and one of its deliveries. Independent ids would not meet.
    delivery: Mapping[str, str]
    # A batch that has ended. The others must stay open for the robot's callbacks.
    ended_batch: str
    # A reference that no case deletes, and the batches whose robot has uploaded a result, but not called back.
    reference: str
    uploaded: Sequence[str]

    def replace_id(self, generated: UUID) -> str:
        """Return an existing id for half of the generated ones, and the others unchanged."""
        index = generated.int % (2 * len(self.ids))
        return self.ids[index] if index < len(self.ids) else str(generated)

    def replace_path(self, path: str, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the path of the existing delivery for half of the generated ones, and the others unchanged.

        What ends a batch, or is done after its end, is done with the one that has ended, unless a robot does it.
        """
        if parameters is None:
            return None
        if (
            "{batch_request_id}/" in path
            and not path.startswith(_JOB)
            and parameters.get("batch_request_id") in self.ids
        ):
            return {**parameters, "batch_request_id": self.ended_batch}
        if not set(parameters) >= set(self.delivery):
            return parameters
        return {**parameters, **self.delivery} if _is_even(parameters["delivery_id"]) else parameters

    def replace_body(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return what to change in a body: half of them get existing ids. Independent ids would rarely meet."""
        request_id = body.get("request_id")
        if path == _CALLBACK and _is_even(request_id):
            return {"request_id": self.uploaded[int(request_id[0], 16) % len(self.uploaded)]}
        ids = body.get("reference_ids")
        if not (isinstance(ids, list) and 0 < len(ids) <= _SHORT_LIST and all(map(_is_id, ids))):
            return {}
        if not _is_even(body.get("robot_id")):
            return {}
        # The case may be one of ids that are there twice.
        return {"robot_id": str(self.robot.robot_id), "reference_ids": [self.reference] * ids.count(ids[0])}


@dataclass(slots=True)
class Findings:
    """The statuses by operation, the checks that were never used, and the faults."""

    statuses: dict[str, list[int]] = field(default_factory=dict)
    unused_checks: set[str] = field(default_factory=lambda: set(CHECKS.get_all_names()))
    faults: list[str] = field(default_factory=list)


def fuzz(document: dict[str, Any], world: World, max_examples: int) -> Findings:
    """Send all requests that schemathesis generates: for each operation at most so many valid and so many invalid ones.

    It runs in a process of its own, because the cases depend on the modules that are loaded.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_fuzz, document, world, max_examples).result()


def _fuzz(document: dict[str, Any], world: World, max_examples: int) -> Findings:
    lines = st.lists(st.sampled_from(SAMPLES.read_bytes().splitlines()[:20]) | st.binary(max_size=50), max_size=5)
    schemathesis.openapi.format("uuid4", st.uuids(version=4).map(world.replace_id))
    schemathesis.openapi.format("url", st.sampled_from(world.addresses))
    schemathesis.openapi.format("base-url", st.sampled_from([url for url in world.addresses if "?" not in url]))
    schemathesis.openapi.media_type(JSONL, lines.map(b"\n".join))
    generation = {"deterministic": True, "database": "none", "max-examples": max_examples}
    config = schemathesis.Config.from_dict({**CONFIG, "generation": generation, "base-url": world.stack.api})
    # From a dict, not from the URL: schemathesis leaves out the operation that serves the document.
    schema = schemathesis.openapi.from_dict(_prepare_examples(document), config=config)
    caller = Caller(world.robot, world.stack.tokens["operator"])
    schema.auth.providers.append(caller)
    schemathesis.hook("before_call")(partial(_change_body, world))
    schema.hook("after_call")(lambda context, case, response: caller.adopt_new_secret(response))  # noqa: ARG005 - schemathesis checks the names
    schema.hook("map_body")(lambda context, body: _write_integers(body))  # noqa: ARG005 - schemathesis checks the names
    schema.hook("map_query")(lambda context, query: _map_query(world, context, query))
    schema.hook("map_path_parameters")(
        lambda context, path_parameters: world.replace_path(context.operation.path, path_parameters)
    )
    schema.hook("filter_failure")(_is_fault)
    findings = Findings()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            findings.faults.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.ScenarioFinished):
            _record(event, findings)
    return findings


def _record(event: events.ScenarioFinished, findings: Findings) -> None:
    for case_id, interaction in event.recorder.interactions.items():
        label = event.recorder.cases[case_id].value.operation.label
        status = 0 if interaction.response is None else interaction.response.status_code
        findings.statuses.setdefault(label, []).append(status)
        for check in event.recorder.checks.get(case_id, []):
            findings.unused_checks.discard(check.name)
            if check.status is not Status.SUCCESS:
                reason = f"{info.failure}\n{info.code_sample}" if (info := check.failure_info) else "it crashed"
                findings.faults.append(f"{label}: {check.name}: {reason}")


def _prepare_examples(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with examples that can be sent."""
    copy = deepcopy(document)
    for methods in copy["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if JSONL in content:
                # schemathesis requires bytes for media types that we generate ourselves.
                content[JSONL]["example"] = content[JSONL]["example"].encode()
    return copy


def _change_body(world: World, _context: schemathesis.HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Change what would call other machines or spoil later cases, and what would rarely meet.

    Only this hook sees every case: those of the coverage phase and the examples do not pass `map_body`.
    """
    if not isinstance(case.body, dict):
        return
    request_id = case.body.get("request_id")
    if case.operation.path == f"{_JOB}/results" and _is_even(request_id):
        # Two ids that are generated alone would not meet.
        case.path_parameters = {"batch_request_id": request_id}
    changes = world.replace_body(case.operation.path, case.body)
    if case.body.get("enabled") is False:
        # A disabled robot would refuse the batch requests of all later cases.
        changes["enabled"] = True
    for name in ("base_url", "url"):
        address = case.body.get(name)
        if isinstance(address, str) and ELSEWHERE.fullmatch(address):
            # The length stays the same if it is longer.
            changes[name] = UNUSED_ADDRESS + address[len(UNUSED_ADDRESS) :]
    if changes:
        case.body = {**case.body, **changes}


def _is_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{36}", value) is not None


def _is_even(value: Any) -> TypeGuard[str]:
    """Return whether it is an id that ends with an even digit, as half of the generated ones do."""
    return _is_id(value) and value[-1] in "02468ace"


def _map_query(world: World, context: schemathesis.HookContext, query: Any) -> Any:
    """Replace trivial identifiers by existing ones, and half of the robots that fetch by the one that signs."""
    if not isinstance(query, dict):
        return query
    if context.operation is not None and context.operation.path == _JOBS and _is_even(query.get("robot_id")):
        return {**query, "robot_id": str(world.robot.robot_id)}
    if query.get("identifier") in ("", "0"):
        return {**query, "identifier": str(IDENTIFIERS.get(str(query.get("identifier_type")), query["identifier"]))}
    return query


def _write_integers(value: Any) -> Any:
    """Replace floats without a fraction by integers. JSON Schema accepts 1.0 as an integer, the exchange does not."""
    match value:
        case float() if value.is_integer() and abs(value) <= MAX_INTEGER:
            return int(value)
        case list():
            return [_write_integers(item) for item in value]
        case dict():
            return {name: _write_integers(item) for name, item in value.items()}
        case _:
            return value


def _is_fault(
    _context: schemathesis.HookContext, failure: Failure, case: Case, response: schemathesis.Response
) -> bool:
    # A server answers a longer line itself, with 400. Azure's front end does the same.
    if response.status_code == HTTPStatus.BAD_REQUEST and len(response.request.url or "") > _MAX_LINE_BYTES:
        return False
    # The host drops parameters without a value, so the request that reaches the app may be valid.
    if isinstance(failure, AcceptedNegativeData) and "" in dict(_parameters(response)).values():
        return False
    expected = EXPECTED_FAULTS.get(case.operation.label)
    if (
        expected is None
        or not isinstance(failure, RejectedPositiveData)
        or response.status_code not in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
    ):
        return True
    return not all(re.fullmatch(expected, sentence) for sentence in json.loads(response.content)["errors"])


def _parameters(response: schemathesis.Response) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(response.request.url or "").query, keep_blank_values=True)


@schemathesis.check
def each_line_has_an_answer(_context: schemathesis.CheckContext, response: schemathesis.Response, _case: Case) -> None:
    """Check the answer to a file of lines. The other checks skip it, because it is not JSON."""
    if response.headers.get("content-type", [""])[0] == JSONL:
        for line in response.content.splitlines():
            assert set(json.loads(line)) == set(LoadedLine.model_fields), line
