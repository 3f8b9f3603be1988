"""Examples for the OpenAPI document, by operation. A test validates them against the models and the schemas."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from exchange.contract.problems import Problem

Json = dict[str, Any]

ROBOT_ID = "e511c770-f275-42ea-9ea2-081c14a167a9"
OTHER_ROBOT_ID = "2b6f0c1e-8d35-4e7a-a1f9-0c4d5e6f7a8b"
BATCH_ID = "6641777a-8197-4d00-92bb-f5ecf038cae3"
REFERENCE_ID = "0d8f2c43-9b1e-4a57-8c1d-3f6a5b7e9d20"
OTHER_REFERENCE_ID = "7a3c9e15-2d4b-4f68-9e0a-b1c2d3e4f506"
_UPLOAD_ID = "9d4e7b10-3c58-4f2a-b6e1-0a8f5c2d7e93"

_STORAGE = "https://stexample.blob.core.windows.net"
_EXPIRY = "se=2026-11-27T07%3A40%3A08Z"
_RESULT_URL = f"{_STORAGE}/results/{BATCH_ID}.jsonl?{_EXPIRY}&sp=cw&sig=..."
_REFERENCES_URL = (
    f"{_STORAGE}/batches/{BATCH_ID}/0f4b9a52-6f4e-4f0e-8a3b-5d1c2e7f9a10/reference_data.jsonl?{_EXPIRY}&sp=r&sig=..."
)
_ATTEMPT_URL = f"{_STORAGE}/batches/{BATCH_ID}/3f2b8d61-7c4a-4e95-b0d8-6a1c9e5f7b32"
_REPORT_URL = f"{_ATTEMPT_URL}/validation"


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of one operation.

    `requests` and `responses` are JSON bodies by a summary; `lines` are bodies of JSON lines. `others` has the
    responses with another success status than the usual one. `problems` has the faults of statuses where the usual
    example does not fit.
    """

    requests: Mapping[str, Json] = field(default_factory=dict)
    request_lines: str | None = None
    responses: Mapping[str, Any] = field(default_factory=dict)
    response_lines: str | None = None
    others: Mapping[HTTPStatus, Mapping[str, Any]] = field(default_factory=dict)
    problems: Mapping[HTTPStatus, str] = field(default_factory=dict)


def make_problem(status: HTTPStatus, *faults: str) -> Json:
    """Return a problem with these faults."""
    return Problem(title=status.phrase, status=status, detail=" ".join(faults), errors=list(faults)).model_dump()


def to_lines(*objects: Json) -> str:
    """Return the objects as JSON lines."""
    return "".join(f"{json.dumps(item)}\n" for item in objects)


_BATCH_REQUEST = {
    "robot_id": ROBOT_ID,
    "reference_ids": [REFERENCE_ID, OTHER_REFERENCE_ID],
    "source": "living review of sleep studies",
    "metadata": {"review": "R-2026-17", "search": "update 4"},
}
_LISTED_REQUEST = {"robot_id": ROBOT_ID, "reference_ids_upload": _UPLOAD_ID, "source": _BATCH_REQUEST["source"]}
_UPLOAD = {
    "id": _UPLOAD_ID,
    "upload_url": f"{_STORAGE}/batches/uploads/5c1f7a2e-4b9d-4d03-8e6a-7f2b9c0d1e34.txt?{_EXPIRY}&sp=cw&sig=...",
    "expires_at": "2026-11-27T07:40:08.460584Z",
}
_DRY_RUN = {"robot_id": ROBOT_ID, "requested": 2, "found": 1, "unknown": [OTHER_REFERENCE_ID], "skipped": None}
_BATCH = {
    "id": BATCH_ID,
    **_BATCH_REQUEST,
    "reference_ids_url": None,
    "request_status": "received",
    "reference_data_url": None,
    "result_storage_url": None,
    "validation_result_file": None,
    "validation_result_url": None,
    "enhancements_url": None,
    "error": None,
    "error_code": None,
    "counts": {"requested": 2, "enhanced": 0, "failed": 0, "missing": 0, "cancelled": 0, "skipped": 0, "pending": 2},
    "entries": None,
    "test_run": False,
    "cancelled_at": None,
    "retry_of": None,
    "retried_as": None,
    "created_at": "2026-11-27T06:40:08.460584Z",
    "accepted_at": None,
    "delivered_at": None,
    "ended_at": None,
    "expires_at": "2026-11-27T08:40:08.460584Z",
    "trace_id": None,
}
_ENDED_BATCH = {
    **_BATCH,
    "request_status": "partial_failed",
    "validation_result_file": f"{_REPORT_URL}.txt?{_EXPIRY}&sp=r&sig=...",
    "validation_result_url": f"{_REPORT_URL}.jsonl?{_EXPIRY}&sp=r&sig=...",
    "enhancements_url": f"{_ATTEMPT_URL}/enhancements.jsonl?{_EXPIRY}&sp=r&sig=...",
    "counts": {"requested": 2, "enhanced": 1, "failed": 1, "missing": 0, "cancelled": 0, "skipped": 0, "pending": 0},
    "entries": {
        "total": 2,
        "added": 1,
        "robot_error": 1,
        "unreadable": 0,
        "not_requested": 0,
        "duplicate": 0,
        "not_storable": 0,
        "pending": 0,
        "cancelled": 0,
    },
    "accepted_at": "2026-11-27T06:40:09.017332Z",
    "delivered_at": "2026-11-27T06:52:30.774102Z",
    "ended_at": "2026-11-27T06:52:31.127004Z",
    "expires_at": None,
}
_CANCELLED_BATCH = {
    **_BATCH,
    "request_status": "failed",
    "error": "The batch request was cancelled: wrong robot. Nothing was imported.",
    "error_code": "cancelled",
    "counts": {"requested": 2, "enhanced": 0, "failed": 0, "missing": 0, "cancelled": 2, "skipped": 0, "pending": 0},
    "cancelled_at": "2026-11-27T06:45:31.102938Z",
}
_RETRY = {
    **_BATCH,
    "id": "1f0b2d83-57c1-4a0e-9d4b-6e8f7a5c3b12",
    "robot_id": OTHER_ROBOT_ID,
    "reference_ids": [OTHER_REFERENCE_ID],
    "counts": {"requested": 1, "enhanced": 0, "failed": 0, "missing": 0, "cancelled": 0, "skipped": 0, "pending": 1},
    "retry_of": BATCH_ID,
}
_NO_ABSTRACT = "The robot reported: Not judged: it has no abstract."
_BATCH_OF_ROBOT = {
    **_BATCH,
    "request_status": "accepted",
    "reference_data_url": _REFERENCES_URL,
    "result_storage_url": _RESULT_URL,
    "accepted_at": "2026-11-27T06:40:09.017332Z",
    "expires_at": "2026-11-28T06:40:09.017332Z",
}
_DELIVERED_BATCH = {
    **_BATCH_OF_ROBOT,
    "request_status": "importing",
    "delivered_at": "2026-11-27T06:52:30.774102Z",
    "expires_at": "2026-11-27T09:24:30.774102Z",
}
_ENHANCEMENT_REQUEST = {name: _BATCH_REQUEST[name] for name in ("robot_id", "reference_ids", "source")}
_ENHANCEMENT_REQUEST_READ = {
    **_ENHANCEMENT_REQUEST,
    "id": BATCH_ID,
    "request_status": "received",
    "reference_data_url": None,
    "result_storage_url": None,
    "validation_result_url": None,
    "error": None,
}
_FETCHED_JOB = {
    "id": BATCH_ID,
    "reference_storage_url": _REFERENCES_URL,
    "result_storage_url": _RESULT_URL,
    "extra_fields": None,
}
_DELIVERED_JOB = {
    "id": BATCH_ID,
    "robot_id": ROBOT_ID,
    "source": "living review of sleep studies",
    "reference_data_url": _REFERENCES_URL,
    "result_storage_url": _RESULT_URL,
    "validation_result_url": None,
    "error": None,
}
_FAILED_JOB = {
    **_DELIVERED_JOB,
    "result_storage_url": None,
    "error": "The robot reported an error: The model server is down.",
}
_BATCH_SUMMARY = {
    "id": BATCH_ID,
    "robot_id": ROBOT_ID,
    "source": _BATCH_REQUEST["source"],
    "request_status": "completed",
    "error": None,
    "error_code": None,
    "counts": {"requested": 2, "enhanced": 2, "failed": 0, "missing": 0, "cancelled": 0, "skipped": 0, "pending": 0},
    "references": 2,
    "created_at": "2026-11-27T06:40:08.460584Z",
    "ended_at": "2026-11-27T06:52:31.127004Z",
    "metadata": _BATCH_REQUEST["metadata"],
}

_ABSTRACT = {
    "enhancement_type": "abstract",
    "process": "other",
    "abstract": "We measured the sleep of 120 adults for one year.",
}
_IDENTIFIERS: list[Json] = [
    {"identifier": "10.1234/example.5678", "identifier_type": "doi"},
    {"identifier": 31452104, "identifier_type": "pm_id"},
]
_NEW_REFERENCE = {
    "visibility": "public",
    "identifiers": _IDENTIFIERS,
    "enhancements": [
        {
            "source": "my library",
            "visibility": "public",
            "robot_version": None,
            "enhancement_type": "abstract",
            "content": _ABSTRACT,
        }
    ],
}
_REFERENCE = {
    "id": REFERENCE_ID,
    "visibility": "public",
    "identifiers": _IDENTIFIERS,
    "enhancements": [
        {
            "id": "3b0c7d52-5f1e-4c89-a6d4-9e8f7a6b5c41",
            "reference_id": REFERENCE_ID,
            "source": "my library",
            "visibility": "public",
            "robot_version": None,
            "derived_from": None,
            "content": _ABSTRACT,
            "created_at": "2026-11-02T09:30:00Z",
            "batch_request_id": None,
            "robot_id": None,
        }
    ],
    "enhancements_continuation": None,
}
_CONTINUATION = "001793784600000000-3b0c7d525f1e4c89a6d49e8f7a6b5c41"
_FIRST_PAGE = {**_REFERENCE, "enhancements_continuation": _CONTINUATION}

_REGISTRATION = {
    "name": "study design",
    "base_url": "https://study-design.example.org",
    "description": "Labels the study design",
    "owner": "Evidence Synthesis Lab",
    "dependent_enhancements": ["bibliographic", "abstract"],
}
_ROBOT = {**_REGISTRATION, "id": ROBOT_ID}
# The secret is an example, and no robot has it.
_ROBOT_WITH_SECRET = {
    **_ROBOT,
    "client_secret": "63e578f7203e61753733eb3c9c481afabd5e38031f083d4f4ef41155a2489b70",  # nosec B105
}

_PULL_REGISTRATION = {name: _REGISTRATION[name] for name in ("name", "description", "owner")}
_PULL_ROBOT = {**_PULL_REGISTRATION, "id": ROBOT_ID}
_PULL_ROBOT_WITH_SECRET = {**_PULL_ROBOT, "client_secret": _ROBOT_WITH_SECRET["client_secret"]}

_WEBHOOK_ID = "58f1c3d2-7b64-4e0a-9c15-2f8d3a6b9e71"
_DELIVERY_ID = "c2a9f4e6-1d38-4b57-8e9c-6f0a5d3b7c14"
_NEW_WEBHOOK = {"url": "https://reviews.example.org/hooks/exchange", "description": "Starts the screening."}
_WEBHOOK = {
    "id": _WEBHOOK_ID,
    **_NEW_WEBHOOK,
    "events": ["batch.ended"],
    "enabled": True,
    "disabled_reason": None,
    "created_at": "2026-11-27T06:38:12.104217Z",
}
# The secret is an example, and no webhook has it.
_WEBHOOK_WITH_SECRET = {**_WEBHOOK, "secret": "whsec_mJ4gT0nq5lXb8zE6rW2vC9yK1uH7pA3sD0fLxQoViNk="}  # nosec B105
_DELIVERY = {
    "id": _DELIVERY_ID,
    "event": "batch.ended",
    "batch_request_id": BATCH_ID,
    "created_at": "2026-11-27T06:45:31.870214Z",
    "state": "pending",
    "attempt": 1,
    "attempted_at": "2026-11-27T06:45:31.902377Z",
    "http_status": 503,
    "reason": "HTTP 503",
    "duration_s": 0.214,
    "next_attempt_at": "2026-11-27T06:45:37.120911Z",
}
_NEW_DELIVERY = {
    **_DELIVERY,
    "attempt": 0,
    "attempted_at": None,
    "http_status": None,
    "reason": None,
    "duration_s": None,
    "next_attempt_at": "2026-11-27T06:45:31.870214Z",
}
_TEST_DELIVERY = {**_NEW_DELIVERY, "event": "webhook.test", "batch_request_id": None}

_STATS = {
    "open_batch_requests": [
        {"request_status": "received", "phase": "received", "count": 0, "oldest_age_s": None},
        {"request_status": "accepted", "phase": "accepted", "count": 3, "oldest_age_s": 512.4},
        {"request_status": "importing", "phase": "delivered", "count": 0, "oldest_age_s": None},
        {"request_status": "importing", "phase": "importing", "count": 1, "oldest_age_s": 97.1},
    ],
    "overdue": 0,
    "dead_letters": [
        {"queue": "dispatch", "count": 0},
        {"queue": "import", "count": None},
        {"queue": "notify", "count": 0},
        {"queue": "blobs", "count": 1},
        {"queue": "events", "count": 0},
    ],
    "failed_webhook_deliveries": 2,
    "unreachable": [{"part": "dead_letters.import", "reason": "The queue 'import' cannot be reached (OSError)."}],
}
_OVERDUE_BATCH = {
    "id": BATCH_ID,
    "part_of": None,
    "robot_id": ROBOT_ID,
    "request_status": "accepted",
    "phase": "accepted",
    "created_at": "2026-11-27T06:40:08.460584Z",
    "due_at": "2026-11-27T06:55:09.017332Z",
    "waiting_for": None,
    "counts": _BATCH["counts"],
}
_DEAD_LETTER = {
    "id": "dispatch/3",
    "queue": "dispatch",
    "batch_request_id": BATCH_ID,
    "batch_request_ids": None,
    "since": "2026-11-27T06:40:51.208000Z",
    "attempts": 10,
    "reason": "MaxDeliveryCountExceeded",
}
_FAILED_DELIVERY = {
    "id": _DELIVERY_ID,
    "webhook_id": _WEBHOOK_ID,
    "url_host": "reviews.example.org",
    "event": "batch.ended",
    "batch_request_id": BATCH_ID,
    "created_at": "2026-11-27T06:45:31.402193Z",
    "attempts": 10,
    "attempted_at": "2026-11-30T12:50:31.402193Z",
    "http_status": 503,
    "reason": "HTTP 503",
}

_FOR_REQUESTORS = {HTTPStatus.FORBIDDEN: "Your access token must have the role 'requestor' or 'operator'."}
_NO_BATCH = {HTTPStatus.NOT_FOUND: "The batch request does not exist."}
_WRONG_SIGNATURE = {
    HTTPStatus.UNAUTHORIZED: "The signature is wrong. Check the secret, and that the signed bytes are exactly the bytes"
    " of the body."
}
_OTHER_CALLER = {HTTPStatus.FORBIDDEN: "This batch request belongs to another caller."}
_NO_REFERENCE = {
    HTTPStatus.NOT_FOUND: f"The reference {REFERENCE_ID} does not exist.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "reference_id must be a version 4 UUID.",
}
_NO_ROBOT = {
    HTTPStatus.NOT_FOUND: f"The robot {ROBOT_ID} does not exist.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "robot_id must be a version 4 UUID.",
}
_NO_WEBHOOK = {
    HTTPStatus.FORBIDDEN: "This webhook belongs to another user.",
    HTTPStatus.NOT_FOUND: f"The webhook {_WEBHOOK_ID} does not exist.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "webhook_id must be a version 4 UUID.",
}
_DISABLED_WEBHOOK = {**_NO_WEBHOOK, HTTPStatus.CONFLICT: "The webhook is disabled. Enable it first."}
_WRONG_WEBHOOK = {HTTPStatus.UNPROCESSABLE_ENTITY: "The host of url has an address that is not public."}
_WRONG_ROBOT = {
    HTTPStatus.CONFLICT: "A robot with the name 'study design' already exists.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "base_url: must be a URL that begins with http:// or https:// and contains no"
    " spaces.",
}

_NOT_ENDED = {
    HTTPStatus.CONFLICT: "The batch request has not ended (status 'importing'), so it has no report yet.",
}

_NO_DELIVERY = {
    **_DISABLED_WEBHOOK,
    HTTPStatus.TOO_MANY_REQUESTS: "You have requested 10 deliveries in the last minute, which is the limit.",
}

_RENEWAL = Examples(
    responses={"The time when the lease expires": "2026-11-27T06:59:08.460584Z"},
    problems={
        **_NO_BATCH,
        **_OTHER_CALLER,
        **_WRONG_SIGNATURE,
        HTTPStatus.CONFLICT: "The lease has expired. A result still counts until another fetch takes these references.",
        HTTPStatus.UNPROCESSABLE_ENTITY: "lease: Input should be less than or equal to 1 day.",
    },
)

EXAMPLES = {
    "request_batch": Examples(
        requests={
            "Two references": _BATCH_REQUEST,
            "Only references that the robot has not enhanced yet": {**_BATCH_REQUEST, "skip_enhanced": True},
            "An uploaded list of references": _LISTED_REQUEST,
        },
        responses={"A new batch request": _BATCH},
        others={HTTPStatus.OK: {"One of the references is unknown": _DRY_RUN}},
        problems={
            **_FOR_REQUESTORS,
            HTTPStatus.NOT_FOUND: f"reference_ids contains unknown references: {OTHER_REFERENCE_ID}.",
            HTTPStatus.CONFLICT: f"The robot {ROBOT_ID} is disabled and takes no new batch requests."
            " Choose another robot.",
            HTTPStatus.UNPROCESSABLE_ENTITY: f"reference_ids must not repeat an id. Repeated: {REFERENCE_ID}.",
        },
    ),
    "upload_reference_ids": Examples(
        responses={"Where to upload the list": _UPLOAD},
        problems={
            **_FOR_REQUESTORS,
            HTTPStatus.UNPROCESSABLE_ENTITY: "The query parameter 'limit' does not exist. This endpoint has no query"
            " parameters.",
        },
    ),
    "list_batch_requests": Examples(
        responses={"The last page": {"batch_requests": [_BATCH_SUMMARY], "continuation": None}},
        problems={
            **_FOR_REQUESTORS,
            HTTPStatus.UNPROCESSABLE_ENTITY: "continuation must be that of the previous page, with the same filters."
            " Read the list from its first page.",
        },
    ),
    "read_batch_request": Examples(
        responses={
            "A requestor reads a batch request that has ended": _ENDED_BATCH,
            "The robot reads a batch request that it has accepted": _BATCH_OF_ROBOT,
        },
        problems={
            **_NO_BATCH,
            **_OTHER_CALLER,
            HTTPStatus.UNAUTHORIZED: 'The Authorization header must be "Bearer <access token>" or "Signature <hex>".',
            HTTPStatus.UNPROCESSABLE_ENTITY: "batch_request_id must be a version 4 UUID.",
        },
    ),
    "cancel_batch_request": Examples(
        requests={"With a reason": {"reason": "wrong robot"}},
        responses={"A batch request that had not started its import": _CANCELLED_BATCH},
        problems={
            **_NO_BATCH,
            **_FOR_REQUESTORS,
            HTTPStatus.CONFLICT: "The batch request has already ended with status 'completed'. It cannot be cancelled.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "reason: String should have at most 256 characters.",
        },
    ),
    "retry_batch_request": Examples(
        requests={"With another robot": {"robot_id": OTHER_ROBOT_ID}},
        responses={"The batch request of the remaining references": _RETRY},
        others={HTTPStatus.OK: {"The batch request that retries it already": _RETRY}},
        problems={
            **_FOR_REQUESTORS,
            HTTPStatus.NOT_FOUND: "The batch request does not exist.",
            HTTPStatus.CONFLICT: "Every reference of the batch request was enhanced, or does not exist any more.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "robot_id: UUID version 4 expected.",
        },
    ),
    "list_batch_entries": Examples(
        responses={
            "The last page": {
                "entries": [
                    {
                        "line": 1,
                        "reference_id": REFERENCE_ID,
                        "kind": "added",
                        "message": "Enhancement added.",
                    },
                    {
                        "line": 2,
                        "reference_id": OTHER_REFERENCE_ID,
                        "kind": "robot_error",
                        "message": _NO_ABSTRACT,
                    },
                ],
                "continuation": None,
            }
        },
        problems={
            **_NO_BATCH,
            **_FOR_REQUESTORS,
            **_NOT_ENDED,
            HTTPStatus.UNPROCESSABLE_ENTITY: "batch_request_id must be a version 4 UUID.",
        },
    ),
    "list_batch_parts": Examples(
        responses={
            "One of two parts has ended": {
                "parts": [
                    {
                        "id": "0b1e1c8e-6f7d-4c39-9f0f-5b2f1f6f8a11",
                        "number": 1,
                        "references": 10_000,
                        "request_status": "completed",
                        "counts": {"requested": 10_000, "enhanced": 10_000},
                        "leased_until": "2026-03-02T09:40:00Z",
                        "created_at": "2026-03-02T09:30:00Z",
                        "accepted_at": "2026-03-02T09:30:00Z",
                        "delivered_at": "2026-03-02T09:36:10Z",
                        "ended_at": "2026-03-02T09:36:22Z",
                    },
                    {
                        "id": "5f6a7f50-7f64-4f1c-8a4e-3c1f1ef0f2b7",
                        "number": 2,
                        "references": 2_500,
                        "request_status": "accepted",
                        "counts": {"requested": 2_500, "pending": 2_500},
                        "leased_until": "2026-03-02T09:46:12Z",
                        "created_at": "2026-03-02T09:36:12Z",
                        "accepted_at": "2026-03-02T09:36:12Z",
                    },
                ],
                "continuation": None,
            }
        },
        problems={
            **_NO_BATCH,
            **_FOR_REQUESTORS,
            HTTPStatus.UNPROCESSABLE_ENTITY: "batch_request_id must be a version 4 UUID.",
        },
    ),
    "list_batch_errors": Examples(
        responses={
            "One message": {
                "errors": [
                    {
                        "kind": "robot_error",
                        "message": _NO_ABSTRACT,
                        "count": 1,
                        "examples": [OTHER_REFERENCE_ID],
                    }
                ],
                "truncated": False,
            }
        },
        problems={
            **_NO_BATCH,
            **_FOR_REQUESTORS,
            **_NOT_ENDED,
            HTTPStatus.UNPROCESSABLE_ENTITY: "batch_request_id must be a version 4 UUID.",
        },
    ),
    "report_batch_result": Examples(
        requests={
            "The result file is uploaded": {"request_id": BATCH_ID, "error": None},
            "The whole batch failed": {"request_id": BATCH_ID, "error": {"message": "The model server is down."}},
        },
        responses={"The result is being imported": _DELIVERED_BATCH},
        problems={
            **_NO_BATCH,
            **_OTHER_CALLER,
            **_WRONG_SIGNATURE,
            HTTPStatus.CONFLICT: "The result file at result_storage_url does not exist yet."
            " Upload the file, then repeat the callback.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "request_id: Field required.",
        },
    ),
    "load_references": Examples(
        requests={"One reference": _NEW_REFERENCE},
        request_lines=to_lines(
            _NEW_REFERENCE, {"identifiers": [{"identifier": "W2741809807", "identifier_type": "open_alex"}]}
        ),
        responses={
            "A new reference": {
                "id": REFERENCE_ID,
                "existing": False,
                "added_identifiers": 2,
                "added_enhancements": 1,
                "warnings": [],
            }
        },
        response_lines=to_lines(
            {
                "line": 1,
                "id": REFERENCE_ID,
                "error": None,
                "existing": True,
                "added_identifiers": 0,
                "added_enhancements": 1,
                "warnings": [],
            },
            {
                "line": 2,
                "id": OTHER_REFERENCE_ID,
                "error": None,
                "existing": False,
                "added_identifiers": 1,
                "added_enhancements": 0,
                "warnings": ["Unknown field 'journal' was ignored."],
            },
        ),
        problems={
            HTTPStatus.FORBIDDEN: "Your access token must have the role 'contributor' or 'operator'.",
            HTTPStatus.CONFLICT: f"A reference with one of these identifiers exists already: {REFERENCE_ID}.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "The identifiers belong to different references:"
            f" doi '10.1234/example.5678' belongs to {REFERENCE_ID}, pm_id '31452104' belongs to {OTHER_REFERENCE_ID}.",
        },
    ),
    "find_reference_by_identifier": Examples(
        responses={"A reference": _REFERENCE},
        problems={
            **_FOR_REQUESTORS,
            HTTPStatus.NOT_FOUND: "No reference has this identifier.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "identifier_type: Field required.",
        },
    ),
    "look_up_references_by_identifiers": Examples(
        requests={"Two identifiers": {"identifiers": _IDENTIFIERS}},
        responses={
            "The first one is known": {
                "references": [
                    {**identifier, "other_identifier_name": None, "id": reference_id}
                    for identifier, reference_id in zip(_IDENTIFIERS, (REFERENCE_ID, None), strict=True)
                ]
            }
        },
        problems={
            **_FOR_REQUESTORS,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "identifiers: List should have at most 5000 items after validation,"
            " not 5001.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "identifiers.0.identifier: Input should be a valid integer.",
        },
    ),
    "read_reference_by_id": Examples(
        responses={"A reference": _REFERENCE, "A reference with more enhancements": _FIRST_PAGE},
        problems={**_FOR_REQUESTORS, **_NO_REFERENCE},
    ),
    "delete_reference_by_id": Examples(problems=_NO_REFERENCE),
    "register_robot": Examples(
        requests={"A robot": _REGISTRATION},
        responses={"The robot with its secret": _ROBOT_WITH_SECRET},
        problems=_WRONG_ROBOT,
    ),
    "list_robots": Examples(responses={"One robot": [_ROBOT]}, problems=_FOR_REQUESTORS),
    "read_robot": Examples(responses={"A robot": _ROBOT}, problems={**_FOR_REQUESTORS, **_NO_ROBOT}),
    "read_robot_activity": Examples(
        responses={
            "A robot that works": {
                "last_30_days": {
                    "batches": {
                        "received": 0,
                        "accepted": 1,
                        "rejected": 0,
                        "importing": 0,
                        "completed": 3,
                        "partial_failed": 1,
                        "failed": 0,
                    },
                    "references_enhanced": 3998,
                    "references_failed": 2,
                    "median_seconds_to_deliver": 95.5,
                    "p95_seconds_to_deliver": 310.25,
                    "truncated": False,
                },
                "last_seen_at": "2026-11-27T06:40:08.460584Z",
                "waiting": 1,
                "references_to_fetch": 0,
            }
        },
        problems={**_FOR_REQUESTORS, **_NO_ROBOT},
    ),
    "update_robot": Examples(
        requests={"A robot": _REGISTRATION},
        responses={"The changed robot": _ROBOT},
        problems={**_NO_ROBOT, **_WRONG_ROBOT},
    ),
    "configure_robot": Examples(
        requests={
            "A new version": {"version": "1.4.0"},
            "Out of service": {"enabled": False},
            "Fetches its jobs": {"delivery": "pull"},
        },
        responses={"The robot with its settings": {**_ROBOT, "enabled": False, "version": "1.4.0"}},
        problems={
            **_NO_ROBOT,
            HTTPStatus.CONFLICT: "The robot has no base_url. Set one first, with PUT /robots/{robot_id}/.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "delivery: Input should be 'push' or 'pull'.",
        },
    ),
    "cycle_robot_secret": Examples(responses={"The robot with its new secret": _ROBOT_WITH_SECRET}, problems=_NO_ROBOT),
    "request_enhancements": Examples(
        requests={"Two references": _ENHANCEMENT_REQUEST},
        responses={"The enhancement request": _ENHANCEMENT_REQUEST_READ},
        problems={
            **_FOR_REQUESTORS,
            HTTPStatus.NOT_FOUND: f"The robot {ROBOT_ID} does not exist.",
            HTTPStatus.CONFLICT: f"The robot {ROBOT_ID} is disabled and takes no new batch requests. Choose another"
            " robot.",
            HTTPStatus.UNPROCESSABLE_ENTITY: f"reference_ids must not repeat an id. Repeated: {REFERENCE_ID}.",
        },
    ),
    "read_enhancement_request": Examples(
        responses={
            "Some references failed": {
                **_ENHANCEMENT_REQUEST_READ,
                "request_status": "partial_failed",
                "validation_result_url": _ENDED_BATCH["validation_result_url"],
            }
        },
        problems={
            **_NO_BATCH,
            HTTPStatus.FORBIDDEN: "This batch request belongs to another caller.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "batch_request_id must be a version 4 UUID.",
        },
    ),
    "fetch_robot_enhancement_batch": Examples(
        responses={"A job": _FETCHED_JOB},
        problems={
            **_WRONG_SIGNATURE,
            **_NO_ROBOT,
            HTTPStatus.FORBIDDEN: "robot_id must be the id of the robot that signed the request.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "lease: must be an ISO 8601 duration, for example PT10M.",
        },
    ),
    "read_robot_enhancement_batch": Examples(
        responses={"A job with fresh URLs": _FETCHED_JOB},
        problems={
            **_NO_BATCH,
            **_OTHER_CALLER,
            **_WRONG_SIGNATURE,
            HTTPStatus.CONFLICT: "No result can be uploaded for this job: it has ended, or no robot has fetched it.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "batch_request_id must be a version 4 UUID.",
        },
    ),
    "renew_robot_enhancement_batch_lease": _RENEWAL,
    "renew_robot_enhancement_batch_lease_by_post": _RENEWAL,
    "report_robot_enhancement_batch_result": Examples(
        requests={
            "The result file is uploaded": {"request_id": BATCH_ID, "error": None},
            "The whole job failed": {"request_id": BATCH_ID, "error": {"message": "The model server is down."}},
        },
        responses={"The result is being imported": _DELIVERED_JOB},
        others={HTTPStatus.OK: {"The error is recorded": _FAILED_JOB}},
        problems={
            **_NO_BATCH,
            **_OTHER_CALLER,
            **_WRONG_SIGNATURE,
            HTTPStatus.BAD_REQUEST: "request_id must be the id in the path.",
            HTTPStatus.CONFLICT: "The result file at result_storage_url does not exist yet."
            " Upload the file, then repeat the callback.",
            HTTPStatus.UNPROCESSABLE_ENTITY: "The batch has already ended with status 'failed'. It is too late to"
            " deliver a result.",
        },
    ),
    "register_pull_robot": Examples(
        requests={"A robot": _PULL_REGISTRATION},
        responses={"The robot with its secret": _PULL_ROBOT_WITH_SECRET},
        problems={HTTPStatus.CONFLICT: "A robot with the name 'study design' already exists."},
    ),
    "read_pull_robot": Examples(responses={"A robot": _PULL_ROBOT}, problems={**_FOR_REQUESTORS, **_NO_ROBOT}),
    "update_pull_robot": Examples(
        requests={"A robot": _PULL_REGISTRATION},
        responses={"The changed robot": _PULL_ROBOT},
        problems={**_NO_ROBOT, HTTPStatus.CONFLICT: "A robot with the name 'study design' already exists."},
    ),
    "cycle_pull_robot_secret": Examples(
        responses={"The robot with its new secret": _PULL_ROBOT_WITH_SECRET}, problems=_NO_ROBOT
    ),
    "create_webhook": Examples(
        requests={"A webhook": _NEW_WEBHOOK},
        responses={"The webhook with its secret": _WEBHOOK_WITH_SECRET},
        problems={
            **_FOR_REQUESTORS,
            **_WRONG_WEBHOOK,
            HTTPStatus.CONFLICT: "You have 10 webhooks, which is the limit. Delete one first.",
        },
    ),
    "list_webhooks": Examples(responses={"One webhook": {"webhooks": [_WEBHOOK]}}, problems=_FOR_REQUESTORS),
    "read_webhook": Examples(responses={"A webhook": _WEBHOOK}, problems=_NO_WEBHOOK),
    "change_webhook": Examples(
        requests={"Pause it": {"enabled": False}},
        responses={"The changed webhook": {**_WEBHOOK, "enabled": False}},
        problems={**_NO_WEBHOOK, **_WRONG_WEBHOOK},
    ),
    "delete_webhook": Examples(problems=_NO_WEBHOOK),
    "replace_webhook_secret": Examples(
        responses={"The webhook with its new secret": _WEBHOOK_WITH_SECRET}, problems=_NO_WEBHOOK
    ),
    "test_webhook": Examples(responses={"A new delivery": _TEST_DELIVERY}, problems=_NO_DELIVERY),
    "list_webhook_deliveries": Examples(
        responses={"The receiver was not available": {"deliveries": [_DELIVERY]}}, problems=_NO_WEBHOOK
    ),
    "redeliver_to_webhook": Examples(responses={"It starts again": _NEW_DELIVERY}, problems=_NO_DELIVERY),
    "read_operation_stats": Examples(responses={"One queue cannot be read": _STATS}),
    "list_overdue_batch_requests": Examples(
        responses={"One is overdue": {"batch_requests": [_OVERDUE_BATCH], "truncated": False}}
    ),
    "list_dead_letters": Examples(
        responses={"A message": {"dead_letters": [_DEAD_LETTER], "truncated": False, "unreachable": []}}
    ),
    "resend_dead_letters": Examples(
        requests={"Some": {"ids": ["dispatch/3", "dispatch/7"]}, "All of one queue": {"all": True, "queue": "import"}},
        responses={
            "One was resent": {
                "results": [
                    {"id": "dispatch/3", "error": None},
                    {
                        "id": "dispatch/7",
                        "error": "The dead letter does not exist, or another process is handling it.",
                    },
                ],
                "remaining": False,
                "unreachable": [],
            }
        },
        problems={HTTPStatus.UNPROCESSABLE_ENTITY: "give either ids, or all with the value true."},
    ),
    "list_failed_webhook_deliveries": Examples(
        responses={"One failed": {"deliveries": [_FAILED_DELIVERY], "truncated": False}}
    ),
    "openapi": Examples(responses={"The beginning": {"openapi": "3.1.0"}}),
    "console": Examples(
        responses={"The beginning": "<!doctype html>\n"},
        problems={HTTPStatus.NOT_FOUND: "The console of this exchange is switched off."},
    ),
    "docs": Examples(responses={"The beginning": "<!doctype html>\n"}),
    "docs_file": Examples(
        responses={"The beginning": "/* A style sheet or a script. */\n"},
        problems={HTTPStatus.NOT_FOUND: "The documentation page has no file with this name."},
    ),
    "health": Examples(
        responses={"All dependencies answer": {"status": "healthy"}},
        problems={HTTPStatus.SERVICE_UNAVAILABLE: "Not available: service bus."},
    ),
}
"""The examples of each operation, by its operation id."""

PROBLEMS = {
    HTTPStatus.BAD_REQUEST: "Invalid JSON: EOF while parsing a value at line 1 column 0",
    HTTPStatus.UNAUTHORIZED: 'The Authorization header must be "Bearer <access token>".',
    HTTPStatus.FORBIDDEN: "Your access token must have the role 'operator'.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body may have at most 10485760 bytes. This one has 20971520.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Compressed bodies are not accepted. Send the body without Content-Encoding.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The query parameter 'statuss' does not exist. This endpoint has no query"
    " parameters.",
    HTTPStatus.TOO_MANY_REQUESTS: "You have 100 batch requests that have not ended, which is the limit."
    " Wait until one ends.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The exchange has an internal error. Your request is not the cause.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store of the batch cannot be reached.",
}
"""The fault that is shown for a status, unless the operation has another example."""

JOB = {
    "id": BATCH_ID,
    "reference_storage_url": _REFERENCES_URL,
    "result_storage_url": _RESULT_URL,
    "extra_fields": None,
}

BATCH_ENDED_EVENT = {
    "type": "batch.ended",
    "timestamp": "2026-11-27T06:45:31.402193Z",
    "data": {
        "id": BATCH_ID,
        "request_status": "partial_failed",
        "error": None,
        "source": "living review of sleep studies",
        "robot_id": ROBOT_ID,
    },
}

WEBHOOK_TEST_EVENT = {
    "type": "webhook.test",
    "timestamp": "2026-11-27T06:39:02.771340Z",
    "data": {"webhook_id": _WEBHOOK_ID},
}

SCHEMA_EXAMPLES: dict[str, list[Json]] = {
    "BatchEnhancementResultEntry": [
        {
            "reference_id": REFERENCE_ID,
            "source": "study design",
            "visibility": "public",
            "robot_version": "1.4.0",
            "content": {
                "enhancement_type": "annotation",
                "annotations": [
                    {
                        "annotation_type": "boolean",
                        "scheme": "study-design",
                        "label": "cohort study",
                        "value": True,
                        "score": 0.93,
                    }
                ],
            },
        },
        {"reference_id": OTHER_REFERENCE_ID, "message": "Not judged: it has no abstract."},
    ],
    "BatchRobotResultValidationEntry": [
        {"reference_id": REFERENCE_ID, "error": None, "line": 1, "kind": "added"},
        {"reference_id": OTHER_REFERENCE_ID, "error": _NO_ABSTRACT, "line": 2, "kind": "robot_error"},
        {
            "reference_id": None,
            "error": "Could not be read: Invalid JSON: expected value at line 1 column 1",
            "line": 3,
            "kind": "unreadable",
        },
    ],
}
"""Examples of the lines of files, by the name of their schema."""

PATH_EXAMPLES = {
    "batch_request_id": BATCH_ID,
    "robot_id": ROBOT_ID,
    "reference_id": REFERENCE_ID,
    "webhook_id": _WEBHOOK_ID,
    "delivery_id": _DELIVERY_ID,
}
QUERY_EXAMPLES = {
    "kind": "missing",
    "reference_id": REFERENCE_ID,
    "include_reference_ids": True,
    "robot_id": ROBOT_ID,
    "lease": "PT10M",
    "created_after": "2026-11-01T00:00:00Z",
    "created_before": "2026-12-01T00:00:00Z",
    "dry_run": False,
    "identifier": "10.1234/example.5678",
    "identifier_type": "doi",
    "limit": 50,
    "enhancements_limit": 1000,
    "on_existing": "merge",
    "queue": "import",
    "revoke": False,
    "status": ["failed", "rejected"],
    "v": "0123456789abcdef",
}
