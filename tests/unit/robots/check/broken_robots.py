"""Robots with one mistake each, by the id of the check that finds it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import unquote
from uuid import uuid4

import aiohttp
from aiohttp import web

from exchange.domain.signatures import TIMESTAMP, sign
from tests.unit.robots.check.small_robot import Json, RobotError, SmallRobot

BROKEN: dict[str, type[SmallRobot]] = {}


def breaks(check_id: str) -> Callable[[type[SmallRobot]], type[SmallRobot]]:
    def register(kind: type[SmallRobot]) -> type[SmallRobot]:
        BROKEN[check_id] = kind
        return kind

    return register


def with_attributes(check_id: str, **attributes: Any) -> None:
    """Register a robot with other attributes."""
    BROKEN[check_id] = type(check_id, (SmallRobot,), attributes)


class _Lenient(SmallRobot):
    """Verifies in its own way, which may be wrong."""

    def is_right(self, headers: Mapping[str, str], body: bytes) -> bool:
        own = sign(self.credentials.secret, body, self.credentials.robot_id, headers.get(TIMESTAMP, ""))
        return headers.get("Authorization") == f"Signature {own}"

    def get_age(self, headers: Mapping[str, str]) -> float:
        return time.time() - float(headers.get(TIMESTAMP, "0"))


@breaks("SIGN-001")
class _AcceptsUnsigned(SmallRobot):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        return "Authorization" not in headers or super().verify(headers, body)


@breaks("SIGN-002")
class _AcceptsAnySignature(SmallRobot):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002 - it ignores the body
        return "Authorization" in headers


@breaks("SIGN-003")
class _AcceptsOld(_Lenient):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        return self.is_right(headers, body) and self.get_age(headers) > -300


@breaks("SIGN-004")
class _AcceptsFuture(_Lenient):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        return self.is_right(headers, body) and self.get_age(headers) < 300


@breaks("SIGN-005")
class _VerifiesStripped(SmallRobot):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        return super().verify(headers, body) or super().verify(headers, body.strip())


@breaks("SIGN-006")
class _IsImpatient(_Lenient):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        return self.is_right(headers, body) and abs(self.get_age(headers)) < 60


@breaks("SIGN-007")
class _VerifiesParsed(SmallRobot):
    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        written = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
        return super().verify(headers, written)


with_attributes("ANSW-001", accepted_status=200)


@breaks("ANSW-002")
class _WorksFirst(SmallRobot):
    async def start(self, job: Json) -> web.Response:
        await self.run(job)
        return web.Response(status=202)


@breaks("ANSW-003")
class _ForgetsJobs(SmallRobot):
    def is_known(self, job_id: str) -> bool:  # noqa: ARG002 - it knows none
        return False


@breaks("ANSW-004")
class _ForgetsFinishedJobs(SmallRobot):
    def is_known(self, job_id: str) -> bool:
        return job_id in self.jobs and not self.jobs[job_id].done()


@breaks("ANSW-005")
class _RefusesUnknownFields(SmallRobot):
    async def start(self, job: Json) -> web.Response:
        return web.Response(status=422) if len(job) > 4 else await super().start(job)


@breaks("ANSW-006")
class _SharesState(SmallRobot):
    latest: ClassVar[list[Json]] = []

    async def work(self, job: Json) -> None:
        self.latest[:] = self.parse(await self.download(job))
        await asyncio.sleep(0.3)
        await self.upload(job, self.write(job, self.latest))


@breaks("DATA-001")
class _SplitsAtSeparators(SmallRobot):
    def write(self, job: Json, references: list[Json]) -> bytes:
        text = "\n".join(
            json.dumps({**entry, "text": json.dumps(reference["enhancements"], ensure_ascii=False)}, ensure_ascii=False)
            for reference in references
            for entry in self.enhance(job, reference)
        )
        return "\n".join(text.splitlines()).encode()


@breaks("DATA-002")
class _FailsAtNul(SmallRobot):
    def enhance(self, job: Json, reference: Json) -> list[Json]:
        if "\\u0000" in json.dumps(reference):
            raise RobotError
        return super().enhance(job, reference)


@breaks("DATA-003")
class _LimitsLines(SmallRobot):
    def parse(self, data: bytes) -> list[Json]:
        if max(map(len, data.split(b"\n"))) > 65_536:
            raise RobotError
        return super().parse(data)


@breaks("DATA-004")
class _SkipsEmpty(SmallRobot):
    def enhance(self, job: Json, reference: Json) -> list[Json]:
        return super().enhance(job, reference) if reference["enhancements"] else []


@breaks("DATA-005")
class _ExpectsLists(SmallRobot):
    def enhance(self, job: Json, reference: Json) -> list[Json]:
        list(reference["enhancements"])
        return super().enhance(job, reference)


@breaks("DATA-006")
class _DecodesPackets(SmallRobot):
    async def read(self, response: aiohttp.ClientResponse) -> bytes:
        return "".join([piece.decode() async for piece in response.content.iter_any()]).encode()


@breaks("DATA-007")
class _StopsEarly(SmallRobot):
    def parse(self, data: bytes) -> list[Json]:
        return super().parse(data)[:1000]


@breaks("DATA-008")
class _RefusesNewFields(SmallRobot):
    def enhance(self, job: Json, reference: Json) -> list[Json]:
        if set(reference) != {"id", "visibility", "identifiers", "enhancements"}:
            raise RobotError
        return super().enhance(job, reference)


with_attributes("DATA-009", storage_headers={"Authorization": "Bearer t"})
with_attributes("DATA-010", retried_methods={"PUT", "POST"})


@breaks("DATA-011")
class _AcceptsParts(SmallRobot):
    async def read(self, response: aiohttp.ClientResponse) -> bytes:
        content = b""
        try:
            async for piece in response.content.iter_any():
                content += piece
        except aiohttp.ClientPayloadError:
            content = content[: content.rfind(b"\n") + 1]
        return content


@breaks("DATA-012")
class _HidesErrors(SmallRobot):
    def explain(self, error: Exception, job: Json) -> None:  # noqa: ARG002 - it ignores both
        return None


with_attributes("DATA-013", retries_connections=False)
with_attributes("URLS-001", refreshed_methods={"PUT"})
with_attributes("URLS-002", refreshed_methods={"GET"})


@breaks("URLS-003")
class _RefreshesUnsigned(SmallRobot):
    def sign_refresh(self) -> dict[str, str]:
        return {}


@breaks("URLS-004")
class _RefreshesForEver(SmallRobot):
    async def refresh(self, job: Json) -> Json:
        for _ in range(20):
            batch = await super().refresh(job)
            if batch["result_storage_url"]:
                break
        return batch


@breaks("URLS-005")
class _DecodesUrls(SmallRobot):
    def to_url(self, url: str) -> str:
        return unquote(url)


with_attributes("UPLD-001", upload_headers={})


@breaks("UPLD-002")
class _UploadsChunks(SmallRobot):
    async def upload(self, job: Json, result: bytes) -> None:
        async def generate() -> AsyncIterator[bytes]:
            yield result

        url = job["result_storage_url"]
        await self.send("PUT", url, generate(), lambda: dict(self.upload_headers))


with_attributes("UPLD-003", retried_methods={"GET", "POST"})


@breaks("CALL-001")
class _CallsBackFirst(SmallRobot):
    async def upload(self, job: Json, result: bytes) -> None:
        await self.call_back(job, None)
        await super().upload(job, result)


@breaks("CALL-002")
class _SignsNothing(SmallRobot):
    def sign_callback(self, body: bytes) -> dict[str, str]:  # noqa: ARG002 - it signs another one
        return super().sign_callback(b"")


@breaks("CALL-003")
class _ReportsNoError(SmallRobot):
    async def call_back(self, job: Json, error: str | None) -> None:
        await super().call_back(job, error or "no error")


with_attributes("CALL-004", callback_type="text/plain")
with_attributes("CALL-005", retried_methods={"GET", "PUT"})


@breaks("CALL-006")
class _IgnoresRetryAfter(SmallRobot):
    def choose_delay(self, headers: Mapping[str, str]) -> float:  # noqa: ARG002 - it ignores them
        return 0.01


with_attributes("CALL-007", retries_connections=False)


@breaks("CALL-008")
class _RepeatsRefused(SmallRobot):
    def is_temporary(self, status: int) -> bool:
        return status == 409 or super().is_temporary(status)


@breaks("CALL-009")
class _CallsBackTwice(SmallRobot):
    async def call_back(self, job: Json, error: str | None) -> None:
        await super().call_back(job, error)
        await super().call_back(job, error)


@breaks("CALL-010")
class _QuotesUrls(SmallRobot):
    def explain(self, error: Exception, job: Json) -> str:  # noqa: ARG002 - it quotes the job
        return f"404 from {job['reference_storage_url']}"


@breaks("RSLT-001")
class _WritesAnArray(SmallRobot):
    def write(self, job: Json, references: list[Json]) -> bytes:
        return b"[" + super().write(job, references).replace(b"\n", b",\n") + b"]"


class _Mistaken(SmallRobot):
    """Changes the entries of an ordinary reference."""

    def enhance(self, job: Json, reference: Json) -> list[Json]:
        return [self.change(job, reference, entry) for entry in super().enhance(job, reference)]

    def change(self, job: Json, reference: Json, entry: Json) -> Json:  # noqa: ARG002 - others use them
        return entry


def with_fields(check_id: str, change: Callable[[Json, Json], Json]) -> None:
    """Register a robot whose entries have other fields. They depend on the job and the reference."""

    def change_entry(_self: SmallRobot, job: Json, reference: Json, entry: Json) -> Json:
        return {**entry, **change(job, reference)}

    BROKEN[check_id] = type(check_id, (_Mistaken,), {"change": change_entry})


def with_annotation(check_id: str, **fields: Any) -> None:
    """Register a robot whose annotations have other fields."""

    def make_annotation(self: SmallRobot) -> Json:
        return {**SmallRobot.make_annotation(self), **fields}

    BROKEN[check_id] = type(check_id, (SmallRobot,), {"make_annotation": make_annotation})


def with_error(check_id: str, make_message: Callable[[Json], str]) -> None:
    """Register a robot that writes an error for each reference. Its message depends on the job."""

    def enhance(_self: SmallRobot, job: Json, reference: Json) -> list[Json]:
        return [{"reference_id": reference["id"], "message": make_message(job)}]

    BROKEN[check_id] = type(check_id, (SmallRobot,), {"enhance": enhance})


with_annotation("RSLT-002", score="high")
with_fields("RSLT-003", lambda _job, _reference: {"reference_id": str(uuid4())})


@breaks("RSLT-004")
class _WritesTwice(SmallRobot):
    def enhance(self, job: Json, reference: Json) -> list[Json]:
        return super().enhance(job, reference) * 2


with_annotation("RSLT-005", data={"n": 2**60 + 1})


@breaks("RSLT-006")
class _LeavesOut(SmallRobot):
    def write(self, job: Json, references: list[Json]) -> bytes:
        return super().write(job, references[1:])


with_error("RSLT-007", lambda job: f"404 from {job['reference_storage_url']}")
with_error("RSLT-008", lambda _job: "The robot found nothing.")


@breaks("RSLT-009")
class _WritesAByteOrderMark(SmallRobot):
    def write(self, job: Json, references: list[Json]) -> bytes:
        return b"\xef\xbb\xbf" + super().write(job, references)


with_fields("RSLT-010", lambda _job, _reference: {"robot_verison": "1"})
with_annotation("RSLT-011", score=87)
with_fields("RSLT-012", lambda _job, _reference: {"derived_from": [str(uuid4())]})
with_fields("RSLT-013", lambda _job, reference: {"robot_version": reference["id"]})
with_error("RSLT-014", lambda _job: " ")
