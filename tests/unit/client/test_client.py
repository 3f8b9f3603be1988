"""Both clients against a server on loopback."""

import asyncio
import contextlib
import inspect
import json
import os
import re
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from exchange.client import (
    AsyncClient,
    Client,
    Conflict,
    ExchangeError,
    NotFound,
    NotSignedIn,
    Refused,
    RetryPolicy,
    Unreachable,
    calls,
)
from exchange.client.call import Answer, Call
from exchange.client.loading import split_lines
from exchange.client.session import MAX_ANSWER_BYTES
from exchange.client.uploading import UPLOADED_ABOVE
from exchange.client.watching import poll_batch
from exchange.contract.batches import BatchStatus
from exchange.contract.identifiers import IdentifierType
from exchange.contract.lookup import ReferenceLookup
from exchange.contract.operations import DeadLetterResendIn
from exchange.contract.references import LoadedLine, OnExisting
from exchange.contract.robots import RobotIn, RobotSettings
from exchange.contract.webhooks import WebhookIn, WebhookPatch
from exchange.domain.ids import derive_id
from functions.http.register import ENDPOINTS
from tests.unit.client.server import QUICK, TOKEN, Both, Server, problem, running_server

BATCH, ROBOT, REFERENCE, WEBHOOK = (uuid4() for _ in range(4))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with running_server() as server:
        yield server


@pytest.fixture(params=[True, False], ids=["Client", "AsyncClient"])
async def client(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[Both]:
    client = Both(server.url, blocking=request.param)
    yield client
    await client.close()


def batch(status: str = "received", **fields: Any) -> dict[str, Any]:
    return {"id": str(BATCH), "robot_id": str(ROBOT), "reference_ids": None, "request_status": status, **fields}


def robot(name: str) -> dict[str, Any]:
    return {"id": str(ROBOT), "name": name, "base_url": "http://robot", "description": "", "owner": ""}


def write_file(path: Path, text: str) -> None:
    path.write_text(text)


def make_link(target: Path, link: Path) -> None:
    target.touch()
    target.chmod(0o640)
    link.symlink_to(target)


def read_folder(folder: Path) -> dict[str, str]:
    return {item.name: item.read_text() for item in folder.iterdir()}


class TestCalls:
    def test_both_clients_have_the_same_methods(self) -> None:
        def list_methods(kind: type) -> dict[str, list[str]]:
            found = inspect.getmembers(kind, inspect.isfunction)
            return {name: list(inspect.signature(item).parameters) for name, item in found if not name.startswith("_")}

        assert list_methods(Client) == list_methods(AsyncClient)

    def test_there_is_a_call_for_each_endpoint_that_is_not_for_robots_or_browsers(self) -> None:
        registration = RobotIn(name="n", base_url="http://robot", description="", owner="")
        request = calls.request_batch(robot_id=ROBOT, reference_ids_upload=REFERENCE)
        assert isinstance(request, Call)
        made: list[Call[Any]] = [
            request,
            calls.start_upload(),
            calls.list_batches(),
            calls.read_batch(BATCH),
            calls.cancel_batch(BATCH),
            calls.retry_batch(BATCH),
            calls.list_entries(BATCH),
            calls.list_errors(BATCH),
            calls.list_parts(BATCH),
            calls.load_lines(b""),
            calls.find_reference("7", IdentifierType.PM_ID),
            calls.look_up_references(ReferenceLookup(identifiers=[])),
            calls.read_reference(REFERENCE),
            calls.delete_reference(REFERENCE),
            calls.register_robot(registration),
            calls.list_robots(),
            calls.read_robot(ROBOT),
            calls.read_robot_activity(ROBOT),
            calls.replace_robot(ROBOT, registration),
            calls.change_robot(ROBOT, RobotSettings()),
            calls.rotate_robot_secret(ROBOT),
            calls.read_health(),
            calls.read_stats(),
            calls.list_overdue(),
            calls.list_dead_letters(),
            calls.resend_dead_letters(DeadLetterResendIn(all=True)),
            calls.list_failed_deliveries(),
            calls.add_webhook(WebhookIn(url="http://hook")),
            calls.list_webhooks(),
            calls.read_webhook(WEBHOOK),
            calls.change_webhook(WEBHOOK, WebhookPatch()),
            calls.remove_webhook(WEBHOOK),
            calls.rotate_webhook_secret(WEBHOOK),
            calls.test_webhook(WEBHOOK),
            calls.list_deliveries(WEBHOOK),
            calls.redeliver(WEBHOOK, WEBHOOK),
        ]
        found = {(call.method, re.sub(r"[0-9a-f-]{36}", "{}", call.path).strip("/")) for call in made}
        others = {"robot/enhancement/batch", "openapi.json", "docs", "docs/{file}", "console/{path}"}
        served = {
            (item.method, re.sub("{.*?}", "{}", item.path))
            for item in ENDPOINTS
            # Under `v1` is the protocol of another client.
            if item.path not in others and not item.path.startswith("v1/")
        }
        assert found == served

    async def test_a_long_list_of_references_is_uploaded_first(self, server: Server, client: Both) -> None:
        ids = [derive_id(number) for number in range(UPLOADED_ABOVE + 1)]
        upload = {"id": str(WEBHOOK), "upload_url": f"{server.url}/blob?sig=s", "expires_at": "2026-11-27T07:40:08Z"}
        busy, stored = web.Response(status=503), web.Response(status=201)
        server.prepare(web.json_response(upload, status=201), busy, None, stored, web.json_response(batch()))
        made = await client.call("request_batch", robot_id=ROBOT, reference_ids=iter(ids), skip_enhanced=True)
        assert made.id == BATCH
        start, *puts, request = server.requests
        assert start[:2] == ("POST", "/references/enhancement/batch/uploads/")
        assert len(puts) == 3
        for method, path, headers, body in puts:
            assert (method, path) == ("PUT", "/blob?sig=s")
            # The token is for the exchange only. The storage needs the length.
            assert "Authorization" not in headers
            assert (headers["x-ms-blob-type"], headers["Content-Length"]) == ("BlockBlob", str(len(body)))
            assert body.decode().split() == list(map(str, ids))
        fields = {"robot_id": str(ROBOT), "reference_ids_upload": str(WEBHOOK), "skip_enhanced": True}
        assert json.loads(request[3]) == fields

    async def test_an_upload_that_is_refused_is_not_repeated(self, server: Server, client: Both) -> None:
        upload = {"id": str(WEBHOOK), "upload_url": f"{server.url}/blob?sig=s", "expires_at": "2026-11-27T07:40:08Z"}
        server.prepare(web.json_response(upload, status=201), web.Response(status=403))
        with pytest.raises(Refused, match="HTTP 403") as caught:
            await client.call("upload_ids", [REFERENCE])
        assert "sig" not in str(caught.value)

    async def test_a_call_has_the_token_and_leaves_out_what_is_not_given(self, server: Server, client: Both) -> None:
        server.prepare(web.json_response(batch()))
        made = await client.call("request_batch", robot_id=ROBOT, reference_ids=[REFERENCE])
        assert (made.id, made.request_status) == (BATCH, BatchStatus.RECEIVED)
        ((method, path, headers, body),) = server.requests
        assert (method, path) == ("POST", "/references/enhancement/batch/?include_reference_ids=false")
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert UUID(headers["Idempotency-Key"]).version == 4
        assert json.loads(body) == {"robot_id": str(ROBOT), "reference_ids": [str(REFERENCE)]}

    async def test_pages_follow_each_other_with_the_same_filters(self, server: Server, client: Both) -> None:
        row = {"id": str(BATCH), "robot_id": str(ROBOT), "request_status": "failed", "references": 1}
        row["created_at"] = "2026-11-27T00:00:00Z"
        server.prepare(
            web.json_response({"batch_requests": [row, row], "continuation": "next"}),
            web.json_response({"batch_requests": [row], "continuation": None}),
        )
        found = await client.call("list_batches", status=["failed"], metadata={"review": "a b"})
        assert [item.id for item in found] == [BATCH] * 3
        paths = [path for _, path, _, _ in server.requests]
        assert paths == [
            "/references/enhancement/batch/?status=failed&metadata.review=a+b&limit=100",
            "/references/enhancement/batch/?status=failed&metadata.review=a+b&limit=100&continuation=next",
        ]

    async def test_a_robot_is_found_by_name_or_id_and_a_wrong_name_gets_the_right_ones(
        self, server: Server, client: Both
    ) -> None:
        for name in ("one", str(ROBOT)):
            server.prepare(web.json_response([robot("one"), {**robot("two"), "id": str(uuid4())}]))
            assert (await client.call("find_robot", name)).name == "one"
        server.prepare(web.json_response([robot("one")]))
        with pytest.raises(NotFound, match=r"There is no robot 'three'\. Registered robots: 'one'\."):
            await client.call("find_robot", "three")


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "kind"), [(401, NotSignedIn), (403, Refused), (404, NotFound), (409, Conflict), (422, Refused)]
    )
    async def test_the_sentences_of_the_exchange_are_the_error(
        self, server: Server, client: Both, status: int, kind: type[Refused]
    ) -> None:
        server.prepare(problem(status, "One fault.", "Another one."))
        with pytest.raises(kind, match=r"One fault. Another one.") as refused:
            await client.call("read_batch", BATCH)
        assert (refused.value.status, refused.value.errors) == (status, ("One fault.", "Another one."))
        assert len(server.requests) == 1

    @pytest.mark.parametrize(("status", "kind"), [(301, Refused), (400, Refused), (500, Unreachable)])
    async def test_another_server_gets_a_sentence_too(
        self, server: Server, client: Both, status: int, kind: type[ExchangeError]
    ) -> None:
        server.prepare(web.Response(status=status, text="<html>"))
        with pytest.raises(kind, match=f"The answer was HTTP {status}."):
            await client.call("list_robots")

    async def test_a_body_that_cannot_be_decoded_is_a_sentence(self, server: Server, client: Both) -> None:
        server.prepare(web.Response(body=b"not gzip", headers={"Content-Encoding": "gzip"}))
        with pytest.raises(Unreachable, match="DecodingError"):
            await client.call("list_robots")

    @pytest.mark.parametrize("encoding", ["identity", "gzip"])
    async def test_an_answer_without_an_end_is_given_up(self, server: Server, client: Both, encoding: str) -> None:
        sent, compressor = 0, zlib.compressobj(wbits=31)

        def encode(piece: bytes) -> bytes:
            return compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH) if encoding == "gzip" else piece

        async def send_without_end(request: web.Request) -> web.StreamResponse:
            nonlocal sent
            response = web.StreamResponse(headers={"Content-Encoding": encoding})
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                while sent < 4 * MAX_ANSWER_BYTES:
                    await response.write(encode(bytes(1 << 20)))
                    sent += 1 << 20
            return response

        server.prepare(send_without_end)
        with pytest.raises(
            Unreachable, match=r"^The answer has more than 32 MiB\. Is this the address of an exchange\?$"
        ):
            await client.call("list_robots")
        assert len(server.requests) == 1

    async def test_the_largest_answers_are_read_and_a_download_has_no_limit(self, server: Server, client: Both) -> None:
        ids = [str(uuid4()) for _ in range(100_000)]
        server.prepare(web.json_response({**batch(), "reference_ids": ids}))
        found = await client.call("read_batch", BATCH, include_reference_ids=True)
        assert len(found.reference_ids) == len(ids)
        server.prepare(web.Response(body=bytes(MAX_ANSWER_BYTES + 1)))
        pieces = await client.call("download", f"{server.url}/file")
        assert sum(map(len, pieces)) == MAX_ANSWER_BYTES + 1

    async def test_a_token_that_cannot_be_sent_is_not_shown(self, server: Server) -> None:
        for blocking in (True, False):
            client = Both(server.url, blocking=blocking, token="secret\n")
            with pytest.raises(Unreachable) as error:
                await client.call("list_robots")
            assert "secret" not in str(error.value)
            await client.close()
        assert not server.requests

    async def test_a_success_that_is_not_of_an_exchange_is_an_error(self, server: Server, client: Both) -> None:
        server.prepare(web.Response(text="<html>"))
        with pytest.raises(Unreachable, match="Is this the address of an exchange"):
            await client.call("list_robots")


class TestRetries:
    async def test_a_repeatable_call_is_repeated_and_keeps_its_key(self, server: Server, client: Both) -> None:
        server.prepare(None, problem(502, "Busy."), web.json_response(batch()))
        await client.call("request_batch", robot_id=ROBOT, reference_ids=[REFERENCE])
        assert len({headers["Idempotency-Key"] for _, _, headers, _ in server.requests}) == 1
        assert len({body for *_, body in server.requests}) == 1
        assert len(server.requests) == 3

    @pytest.mark.parametrize("closes", [True, False], ids=["closed", "503"])
    async def test_a_call_that_could_do_something_twice_is_not_repeated(
        self, server: Server, client: Both, *, closes: bool
    ) -> None:
        server.prepare(None if closes else problem(503, "Busy."))
        registration = RobotIn(name="n", base_url="http://robot", description="", owner="")
        with pytest.raises(ExchangeError):
            await client.call("register_robot", registration)
        assert len(server.requests) == 1

    async def test_every_call_is_repeated_after_429(self, server: Server, client: Both) -> None:
        server.prepare(problem(429, "Wait.", **{"Retry-After": "0"}))
        server.prepare(web.json_response({**robot("n"), "client_secret": "s"}, status=201))
        registration = RobotIn(name="n", base_url="http://robot", description="", owner="")
        assert (await client.call("register_robot", registration)).client_secret == "s"

    @pytest.mark.parametrize("lost", ["closed", "503"])
    async def test_a_repeated_deletion_that_finds_nothing_has_succeeded(
        self, server: Server, client: Both, lost: str
    ) -> None:
        # A response can be sent only once, so each test makes its own.
        server.prepare(None if lost == "closed" else problem(503, "Busy."), problem(404, "There is no webhook."))
        assert await client.call("remove_webhook", WEBHOOK) is None
        assert [method for method, *_ in server.requests] == ["DELETE", "DELETE"]

    @pytest.mark.parametrize("name", ["remove_webhook", "delete_reference"])
    async def test_a_deletion_that_finds_nothing_at_first_is_an_error(
        self, server: Server, client: Both, name: str
    ) -> None:
        server.prepare(
            problem(404, "Nothing."), problem(429, "Wait.", **{"Retry-After": "0"}), problem(404, "Nothing.")
        )
        for _ in range(2):
            with pytest.raises(NotFound, match="Nothing"):
                await client.call(name, WEBHOOK)

    async def test_another_call_that_finds_nothing_when_repeated_is_an_error(
        self, server: Server, client: Both
    ) -> None:
        server.prepare(None, problem(404, "Nothing."))
        with pytest.raises(NotFound):
            await client.call("read_webhook", WEBHOOK)

    async def test_the_last_answer_is_the_error(self, server: Server, client: Both) -> None:
        server.prepare(*(problem(503, f"Busy {number}.") for number in range(3)))
        with pytest.raises(Unreachable, match="Busy 2"):
            await client.call("list_robots")

    async def test_a_server_that_is_not_there_is_named(self) -> None:
        for blocking in (True, False):
            client = Both("http://127.0.0.1:9/secret?token=1", blocking=blocking)
            with pytest.raises(Unreachable, match=r"^http://127.0.0.1:9 cannot be reached: ") as error:
                await client.call("list_robots")
            assert "secret" not in str(error.value)
            await client.close()

    def test_delays_grow_up_to_the_maximum_and_a_retry_after_comes_first(self) -> None:
        policy = RetryPolicy(attempts=10, first_delay_s=1, max_delay_s=4, max_retry_after_s=100)
        for attempt, most in ((1, 1), (2, 2), (3, 4), (9, 4)):
            delays = [policy.choose_delay(attempt) or 0 for _ in range(50)]
            assert 0.8 * most < max(delays) <= most
        assert policy.choose_delay(10) is None
        assert policy.choose_delay(1, {"Retry-After": "100"}) == 100
        assert policy.choose_delay(1, {"Retry-After": "101"}) is None
        assert policy.choose_delay(1, {"Retry-After": "Fri, 27 Nov 2026 00:00:00 GMT"}) is not None


class TestWatching:
    async def test_each_change_is_yielded_once_until_all_have_ended(self, server: Server, client: Both) -> None:
        wait = {"Retry-After": "0", "ETag": '"1"'}
        server.prepare(
            web.json_response(batch(), headers=wait),
            web.Response(status=304, headers={"Retry-After": "0"}),
            web.json_response(batch("importing"), headers={**wait, "ETag": '"2"'}),
            web.json_response(batch("completed")),
        )
        statuses = [item.request_status for item in await client.call("watch_batches", [BATCH])]
        assert statuses == ["received", "importing", "completed"]
        assert [headers.get("If-None-Match") for _, _, headers, _ in server.requests] == [None, '"1"', '"1"', '"2"']

    async def test_a_lost_connection_ends_the_watch_unless_someone_is_told(
        self, server: Server, client: Both, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("exchange.client.watching._POLL_S", 0)
        server.prepare(None, None, None)
        with pytest.raises(Unreachable):
            await client.call("watch_batches", [BATCH])
        server.prepare(None, None, None, web.json_response(batch("failed")))
        troubles: list[Unreachable] = []
        (ended,) = await client.call("watch_batches", [BATCH], on_trouble=troubles.append)
        assert (ended.request_status, len(troubles)) == ("failed", 1)

    async def test_a_wait_is_bounded_and_a_busy_server_is_a_trouble(self, server: Server, client: Both) -> None:
        call = poll_batch(BATCH, None)
        for wait, seconds in (("99999999999999", 60), ("7", 7), ("soon", 5)):
            answer = Answer(200, {"Retry-After": wait}, json.dumps(batch()).encode())
            assert call.read(answer).retry_after_s == seconds
        server.prepare(*(problem(502, "Busy.") for _ in range(3)), web.json_response(batch("completed")))
        troubles: list[Unreachable] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("exchange.client.watching._POLL_S", 0)
            assert len(await client.call("watch_batches", [BATCH], on_trouble=troubles.append)) == 1
        assert len(troubles) == 1


class TestLoading:
    async def test_lines_keep_their_numbers_across_bodies_and_blank_lines(self, server: Server, client: Both) -> None:
        async def load(request: web.Request) -> web.Response:
            lines = (await request.read()).splitlines()
            answers = [{"line": number, "id": str(REFERENCE)} for number in range(1, len(lines) + 1)]
            return web.Response(text="\n".join(map(json.dumps, answers)))

        server.prepare(load, load)
        lines = [b"{}\n", b"\r\n", *[b"{}"] * 250]
        found = await client.call("load_references", lines)
        assert [item.line for item in found] == [1, *range(3, 253)]
        assert [len(body.splitlines()) for *_, body in server.requests] == [200, 51]
        assert all(path == "/references/?on_existing=merge" for _, path, _, _ in server.requests)

    async def test_loading_is_repeated_unless_known_references_are_an_error(self, server: Server, client: Both) -> None:
        server.prepare(None, web.Response(text=json.dumps({"line": 1, "id": str(REFERENCE)})))
        assert len(await client.call("load_references", [b"{}"])) == 1
        server.prepare(None)
        with pytest.raises(Unreachable):
            await client.call("load_references", [b"{}"], OnExisting.FAIL)

    @pytest.mark.parametrize("answer", ["", '{"line": 2}', '{"line": 1}\n{"line": 1}'])
    async def test_an_answer_without_each_line_is_an_error(self, server: Server, client: Both, answer: str) -> None:
        server.prepare(web.Response(text=answer))
        with pytest.raises(Unreachable, match="did not answer each of the loaded lines"):
            await client.call("load_references", [b"{}"])

    async def test_the_next_lines_are_taken_while_some_are_sent(self, server: Server) -> None:
        taken = {400: threading.Event(), 600: threading.Event()}

        def take() -> Iterator[bytes]:
            for number in range(1, 601):
                if number in taken:
                    taken[number].set()
                yield b"{}"

        async def load(request: web.Request) -> web.Response:
            assert await asyncio.to_thread(taken[min(600, 200 + 200 * len(server.requests))].wait, 5)
            assert len(server.requests) > 1 or not taken[600].is_set()
            count = len((await request.read()).splitlines())
            return web.Response(text="\n".join(json.dumps({"line": line + 1}) for line in range(count)))

        server.prepare(load, load, load)
        with Client(server.url, lambda: TOKEN, QUICK) as client:
            found = await asyncio.to_thread(lambda: list(client.load_references(take())))
        assert [item.line for item in found] == list(range(1, 601))

    async def test_nothing_is_sent_after_an_error(self, server: Server) -> None:
        server.prepare(web.Response(status=422, text='{"detail": "no"}'))
        with Client(server.url, lambda: TOKEN, QUICK) as client, pytest.raises(ExchangeError):
            await asyncio.to_thread(lambda: list(client.load_references([b"{}"] * 1_000)))
        assert len(server.requests) == 1

    async def test_what_was_sent_before_an_error_of_the_lines_is_answered(self, server: Server) -> None:
        def take() -> Iterator[bytes]:
            yield from [b"{}"] * 201
            raise KeyError

        server.prepare(web.Response(text="\n".join(json.dumps({"line": line}) for line in range(1, 201))))
        found: list[LoadedLine] = []
        with Client(server.url, lambda: TOKEN, QUICK) as client, pytest.raises(KeyError):
            await asyncio.to_thread(lambda: found.extend(client.load_references(take())))
        assert len(found) == 200

    def test_a_body_has_a_bounded_size_but_at_least_one_line(self) -> None:
        bodies = list(split_lines([b"x" * 600_000, b"y" * 600_000, b"z" * 3_000_000, b"a", b"b"]))
        assert [list(body.numbers) for body in bodies] == [[1], [2], [3], [4, 5]]
        assert [item.line for item in bodies[3].renumber([LoadedLine(line=1), LoadedLine(line=2)])] == [4, 5]


class TestDownloads:
    async def test_a_download_is_resumed_where_the_connection_was_lost(self, server: Server, client: Both) -> None:
        content = b"one\ntwo\n\nthree" * 1000

        async def break_off(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"ETag": '"1"', "Content-Length": str(len(content))})
            await response.prepare(request)
            await response.write(content[:5000])
            assert request.transport is not None
            request.transport.close()
            return response

        async def send_rest(request: web.Request) -> web.Response:
            start = int(request.headers["Range"].removeprefix("bytes=").rstrip("-"))
            assert request.headers["If-Match"] == '"1"'
            return web.Response(status=206, body=content[start:], headers={"ETag": '"1"'})

        server.prepare(break_off, send_rest)
        lines = await client.call("read_lines", f"{server.url}/file?sig=secret")
        assert lines == [line for line in content.split(b"\n") if line]
        assert not any("Authorization" in headers for _, _, headers, _ in server.requests)

    async def test_a_storage_that_is_busy_is_asked_again(self, server: Server, client: Both) -> None:
        server.prepare(web.Response(status=503), web.Response(text="line"))
        assert await client.call("read_lines", f"{server.url}/file?sig=secret") == [b"line"]

    async def test_attempts_count_from_the_last_progress(self, server: Server, client: Both) -> None:
        content = b"x" * 10

        async def send_one_byte(request: web.Request) -> web.StreamResponse:
            start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            length = {"ETag": '"1"', "Content-Length": str(len(content) - start)}
            response = web.StreamResponse(status=206 if start else 200, headers=length)
            await response.prepare(request)
            await response.write(content[start : start + 1])
            assert request.transport is not None
            request.transport.close()
            return response

        server.prepare(*[send_one_byte] * 10)
        assert await client.call("read_lines", f"{server.url}/file") == [content]

    async def test_a_file_keeps_its_permissions_and_a_link_stays_one(
        self, server: Server, client: Both, tmp_path: Path
    ) -> None:
        target, link = tmp_path / "target", tmp_path / "link"
        make_link(target, link)
        server.prepare(web.Response(text="new"), web.Response(text="new"))
        await client.call("save", f"{server.url}/file", link)
        await client.call("save", f"{server.url}/file", Path(os.devnull))
        assert link.is_symlink()
        assert (read_folder(tmp_path)["target"], target.stat().st_mode & 0o777) == ("new", 0o640)

    async def test_a_file_appears_only_when_it_is_whole(self, server: Server, client: Both, tmp_path: Path) -> None:
        target = tmp_path / "report.txt"
        write_file(target, "old")
        server.prepare(web.Response(status=403))
        with pytest.raises(Refused, match="The signed URL is not valid any more"):
            await client.call("save", f"{server.url}/file?sig=secret", target)
        assert read_folder(tmp_path) == {"report.txt": "old"}
        server.prepare(web.Response(text="new"))
        await client.call("save", f"{server.url}/file?sig=secret", target)
        assert read_folder(tmp_path) == {"report.txt": "new"}

    async def test_a_download_that_stays_interrupted_names_no_secret(self, server: Server, client: Both) -> None:
        server.prepare(None, None, None)
        with pytest.raises(Unreachable) as error:
            await client.call("read_lines", f"{server.url}/file?sig=secret")
        assert "secret" not in str(error.value)
