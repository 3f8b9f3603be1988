"""The robot's signed calls to the exchange, and the check of the exchange's calls to the robot."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

import msgspec

from exchange.domain.errors import NotAuthenticated
from exchange.domain.signatures import (
    CLIENT_ID,
    SCHEME,
    TIMESTAMP,
    SignedCall,
    check_signature,
    check_timestamp,
    make_signed_headers,
)
from exchange.robots.errors import BatchEndedError, RefusedError
from exchange.robots.logs import hide_signatures
from exchange.robots.retries import TEMPORARY, Attempt, Http, Retries, check

log = logging.getLogger("robot")

# A 401 can pass: the clock is corrected, or the secret is about to be replaced.
_TEMPORARY = TEMPORARY | {HTTPStatus.UNAUTHORIZED}


@dataclass(frozen=True, slots=True)
class Credentials:
    """The robot's id and secret, from the answer to its registration."""

    robot_id: UUID
    secret: str = field(repr=False)

    def make_headers(self, body: bytes) -> dict[str, str]:
        """Return the headers of a call with exactly this body. The body of a GET is empty."""
        signed = make_signed_headers(self.secret, body, self.robot_id, time.time())
        return {**signed, "Content-Type": "application/json"}

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether a call to the robot has a valid signature of the exchange."""
        scheme, _, signature = headers.get("Authorization", "").partition(" ")
        timestamp = headers.get(TIMESTAMP, "")
        call = SignedCall(self.robot_id, signature, timestamp, body)
        try:
            check_timestamp(timestamp, time.time())
            check_signature(call, self.secret)
        except NotAuthenticated:
            return False
        return scheme == SCHEME and headers.get(CLIENT_ID, "") == str(self.robot_id)


@dataclass(frozen=True, slots=True)
class SignedUrls:
    """Where the references of a job are, and where its result goes."""

    references: str = field(repr=False)
    result: str = field(repr=False)


class _Batch(msgspec.Struct):
    """The fields that the robot reads of a batch request, or of a job that it has fetched."""

    id: UUID
    reference_data_url: str | None = None
    # The name of the same URL in a job.
    reference_storage_url: str | None = None
    result_storage_url: str | None = None


# Published clients read a job without URLs as a fault, so the exchange refuses to return one that has ended.
_ENDED = frozenset({HTTPStatus.CONFLICT, HTTPStatus.GONE})
# The answer has a reason that people can act on.
_EXPLAINED = frozenset({HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})

_decode_batch = msgspec.json.Decoder(_Batch).decode


class Exchange:
    """A client of the exchange, for a robot that the exchange calls."""

    def __init__(self, api: str, credentials: Credentials, http: Http) -> None:
        self._api = api.rstrip("/")
        self._credentials = credentials
        self._http = http

    async def refresh_urls(self, batch_id: str) -> SignedUrls:
        """Return fresh signed URLs. Raises BatchEndedError if there are none any more."""
        path = self._make_refresh_path(batch_id)
        retries = Retries(self._http.backoff)
        while True:
            response, body = await self._http.read(lambda: self._sign("GET", path), _TEMPORARY)
            if response.status in _ENDED:
                raise BatchEndedError
            check(response)
            try:
                batch = _decode_batch(body)
            except (ValueError, RecursionError):
                # Not the exchange has answered, but for example a proxy with a page of its own.
                await retries.wait("GET returned an answer that is not a batch request")
                continue
            references = batch.reference_data_url or batch.reference_storage_url
            if not references or not batch.result_storage_url:
                raise BatchEndedError
            return SignedUrls(references, batch.result_storage_url)

    async def call_back(self, batch_id: str, error: str | None) -> None:
        """Report that the result file is complete, or why the whole batch failed. Raises RefusedError."""
        content = {"request_id": batch_id, "error": None if error is None else {"message": error}}
        body = json.dumps(content).encode()
        path = self._make_callback_path(batch_id)
        response, answer = await self._http.read(lambda: self._sign("POST", path, body), _TEMPORARY)
        if response.status in _EXPLAINED:
            raise RefusedError(f"the callback was refused: {read_detail(response.status, answer)}")
        check(response)

    def _make_refresh_path(self, batch_id: str) -> str:
        return f"/references/enhancement/batch/{batch_id}?include_reference_ids=false"

    def _make_callback_path(self, _batch_id: str) -> str:
        return "/robot/enhancement/batch/"

    def _sign(self, method: str, path: str, body: bytes = b"") -> Attempt:
        return Attempt(method, self._api + path, self._credentials.make_headers(body), body or None)


def read_detail(status: int, answer: bytes) -> str:
    """Return the detail of an error, or only its status if the answer has none."""
    try:
        detail = json.loads(answer)["detail"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return f"HTTP {status}"
    return hide_signatures(str(detail))
