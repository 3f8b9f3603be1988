"""Headers that endpoints read and send, as the OpenAPI document describes them."""

import re
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from exchange.domain.errors import InputRejected

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# With or without `W/`: the comparison is the weak one of RFC 9110.
_TAG = re.compile(r'"([0-9a-f]{32})"')


@dataclass(frozen=True, slots=True)
class Header:
    """A header, its meaning in CommonMark, and the JSON Schema of its value. Only request headers have an example."""

    name: str
    description: str
    schema: dict[str, Any]
    example: str | None = None


IDEMPOTENCY_KEY = Header(
    "Idempotency-Key",
    "A name of your choice for this request, such as a random UUID. After a connection error, repeat the request with "
    "the same key and the same body. No second batch request is created. The answer is the first one as it is now. "
    "Another body is refused. A key is yours alone, and lasts as long as the batch request.",
    {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
    "3f7c0a52-9d0e-4f5f-8a31-5c1f2b7de9a4",
)
IDEMPOTENCY_REPLAYED = Header(
    "Idempotency-Replayed",
    "`true` if an earlier request with the same `Idempotency-Key` created the batch request. Else it is absent.",
    {"type": "string", "enum": ["true"]},
)
RETRY_AFTER = Header(
    "Retry-After",
    "Whole seconds to wait before the batch request is read again. It is absent once the batch request has ended, and "
    "in answers to robots.",
    {"type": "integer", "minimum": 1},
)
FETCH_AGAIN_AFTER = Header(
    RETRY_AFTER.name, "Whole seconds to wait before the next fetch.", {"type": "integer", "minimum": 1}
)
ROBOT_DELIVERY = Header(
    "Robot-Delivery",
    "`push` if the exchange calls the robot. Then there is nothing to fetch, until an operator changes the robot's "
    "`delivery`. Else it is absent.",
    {"type": "string", "enum": ["push"]},
)
ETAG = Header(
    "ETag",
    "The version of the answer. It changes with the batch request, and before the signed URLs of the answer expire.",
    {"type": "string", "pattern": r'^W/"[0-9a-f]{32}"$'},
)
IF_NONE_MATCH = Header(
    "If-None-Match",
    "The `ETag` of the last answer. If nothing has changed since, the answer is 304 without a body.",
    {"type": "string"},
    'W/"7c2f1f0e5f0d4c6f9a4e3b1d8f6a2c90"',
)


def format_etag(tag: str) -> str:
    """Return a weak ETag. Weak, because two answers of one version have differently signed URLs."""
    return f'W/"{tag}"'


def parse_if_none_match(request: func.HttpRequest) -> set[str]:
    """Return the tags that the caller knows, without quotes. Other texts than ours are ignored. `*` is any tag."""
    value: str = request.headers.get(IF_NONE_MATCH.name.lower(), "")
    return {"*"} if value.strip() == "*" else set(_TAG.findall(value))


def parse_idempotency_key(request: func.HttpRequest) -> str | None:
    """Return the idempotency key of a request, None if it has none. Raises InputRejected."""
    key: str | None = request.headers.get(IDEMPOTENCY_KEY.name.lower())
    if key is not None and not _KEY.fullmatch(key):
        raise InputRejected(f"The header {IDEMPOTENCY_KEY.name} must be 1 to 255 visible ASCII characters.")
    return key
