"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar
from uuid import UUID

import httpx2

from exchange.client import calls
from exchange.client.call import Answer, Call, Page
from exchange.client.download import Download
from exchange.client.errors import Unreachable
from exchange.client.loading import split_lines
from exchange.client.retries import Attempts, RetryPolicy, describe_error
from exchange.client.session import TIMEOUT, GetToken, add_piece, find_robot_named, make_headers, make_url
from exchange.client.uploading import IdListBody, ListedCall, check_stored
from exchange.client.watching import Watch
from exchange.contract.batches import BatchEnhancementRequestRead
from exchange.contract.references import LoadedLine, OnExisting
from exchange.contract.robots import Robot
from exchange.domain.lines import LineSplitter
from exchange.files.replacing import replacing

P = ParamSpec("P")
T = TypeVar("T")


def _call(make: Callable[P, Call[T]]) -> Callable[Concatenate["AsyncClient", P], Awaitable[T]]:
    """Return the method that sends the call."""

    async def method(client: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await client.send(make(*args, **kwargs))

    method.__doc__ = make.__doc__
    method.__name__ = make.__name__
    return method


def _call_with_list(
    make: Callable[P, Call[T] | ListedCall[T]],
) -> Callable[Concatenate["AsyncClient", P], Awaitable[T]]:
    """Return the method that sends the call, and before it the list that it names."""

    async def method(client: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        call = make(*args, **kwargs)
        if isinstance(call, ListedCall):
            call = call.make(await client.upload_ids(call.reference_ids))
        return await client.send(call)

    method.__doc__ = make.__doc__
    method.__name__ = make.__name__
    return method


def _list(make: Callable[P, Call[Page[T]]]) -> Callable[Concatenate["AsyncClient", P], AsyncIterator[T]]:
    """Return the method that yields the items of all pages. Each page is read when its first item is needed."""

    async def method(client: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        following: Call[Page[T]] | None = make(*args, **kwargs)
        while following is not None:
            page = await client.send(following)
            for item in page.items:
                yield item
            following = page.next

    method.__doc__ = make.__doc__
    method.__name__ = make.__name__
    return method


async def _to_async(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class AsyncClient:
    """The client of one exchange. `get_token` returns an access token. It is called in a thread before every call."""

    def __init__(self, url: str, get_token: GetToken, retries: RetryPolicy = RetryPolicy()) -> None:  # noqa: B008 - it is immutable
        self._url = url
        self._get_token = get_token
        self._retries = retries
        self._http = httpx2.AsyncClient(timeout=TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    request_batch = _call_with_list(calls.request_batch)
    check_batch = _call(calls.check_batch)
    read_batch = _call(calls.read_batch)
    list_batches = _list(calls.list_batches)
    cancel_batch = _call(calls.cancel_batch)
    retry_batch = _call(calls.retry_batch)
    list_entries = _list(calls.list_entries)
    list_errors = _call(calls.list_errors)
    list_parts = _list(calls.list_parts)
    read_reference = _call(calls.read_reference)
    find_reference = _call(calls.find_reference)
    look_up_references = _call(calls.look_up_references)
    delete_reference = _call(calls.delete_reference)
    list_robots = _call(calls.list_robots)
    read_robot = _call(calls.read_robot)
    read_robot_activity = _call(calls.read_robot_activity)
    register_robot = _call(calls.register_robot)
    replace_robot = _call(calls.replace_robot)
    change_robot = _call(calls.change_robot)
    rotate_robot_secret = _call(calls.rotate_robot_secret)
    list_webhooks = _call(calls.list_webhooks)
    add_webhook = _call(calls.add_webhook)
    read_webhook = _call(calls.read_webhook)
    change_webhook = _call(calls.change_webhook)
    remove_webhook = _call(calls.remove_webhook)
    rotate_webhook_secret = _call(calls.rotate_webhook_secret)
    test_webhook = _call(calls.test_webhook)
    list_deliveries = _call(calls.list_deliveries)
    redeliver = _call(calls.redeliver)
    read_health = _call(calls.read_health)
    read_stats = _call(calls.read_stats)
    list_overdue = _call(calls.list_overdue)
    list_dead_letters = _call(calls.list_dead_letters)
    resend_dead_letters = _call(calls.resend_dead_letters)
    list_failed_deliveries = _call(calls.list_failed_deliveries)

    async def send(self, call: Call[T]) -> T:
        """Send a call, repeatedly if the policy allows it. Raises ExchangeError."""
        attempts = Attempts(self._retries, repeatable=call.repeatable)
        while True:
            try:
                answer = await self._send_once(call)
            except httpx2.RequestError as error:
                delay = attempts.record_error(error)
                if delay is None or self._http.is_closed:
                    raise describe_error(error, self._url) from None
            else:
                delay = attempts.record_answer(answer.status, answer.headers)
                if delay is None:
                    return call.read_answer(answer, may_be_done=attempts.may_be_done)
            await asyncio.sleep(delay)

    async def _send_once(self, call: Call[T]) -> Answer:
        headers = make_headers(call, await asyncio.to_thread(self._get_token))
        content = bytearray()
        async with self._http.stream(
            call.method, make_url(self._url, call), content=call.content, headers=headers
        ) as response:
            async for piece in response.aiter_bytes():
                add_piece(content, piece)
        return Answer(response.status_code, response.headers, bytes(content))

    async def upload_ids(self, reference_ids: Iterable[UUID]) -> UUID:
        """Upload a list of references, and return its id for `request_batch`. Raises ExchangeError."""
        upload, body, attempt = await self.send(calls.start_upload()), IdListBody(reference_ids), 1
        while True:
            try:
                answer = await self._http.put(upload.upload_url, content=_to_async(body.pieces()), headers=body.headers)
                trouble = check_stored(answer.status_code)
            except httpx2.RequestError as error:
                trouble = describe_error(error, upload.upload_url)
            if trouble is None:
                return upload.id
            delay = self._retries.choose_delay(attempt)
            if delay is None:
                raise trouble
            await asyncio.sleep(delay)
            attempt += 1

    async def find_robot(self, name_or_id: str) -> Robot:
        """Find a robot by its name or its id. Raises NotFound with the names of all robots."""
        return find_robot_named(name_or_id, (await self.list_robots()).root)

    async def load_references(
        self, lines: Iterable[bytes], on_existing: OnExisting = OnExisting.MERGE
    ) -> AsyncIterator[LoadedLine]:
        """Load the lines of a references file, some at a time. Yield what became of each, in their order."""
        for body in split_lines(lines):
            answers: list[LoadedLine] = await self.send(calls.load_lines(body.content, on_existing))
            for loaded in body.renumber(answers):
                yield loaded

    async def watch_batches(
        self,
        batch_ids: Iterable[UUID],
        *,
        on_trouble: Callable[[Unreachable], None] | None = None,
    ) -> AsyncIterator[BatchEnhancementRequestRead]:
        """Yield each batch request whenever it has changed, until all have ended.

        Without `on_trouble`, a connection that stays lost raises Unreachable. Otherwise that is called and the watch
        goes on.
        """
        watch = Watch(batch_ids)
        while watch.open:
            call, batch_id, wait_s = watch.choose_next()
            await asyncio.sleep(wait_s)
            try:
                changed = watch.record(batch_id, await self.send(call))
            except Unreachable as error:
                if on_trouble is None:
                    raise
                on_trouble(error)
                watch.postpone(batch_id)
            else:
                if changed is not None:
                    yield changed

    async def download(self, url: str) -> AsyncIterator[bytes]:
        """Yield the pieces of a file from its signed URL. Raises ExchangeError."""
        download, attempt = Download(), 1
        while True:
            try:
                async with self._http.stream("GET", url, headers=download.make_headers()) as response:
                    if download.start(response.status_code, response.headers):
                        async for piece in response.aiter_raw():
                            yield download.count(piece)
                            # The connection works again.
                            attempt = 1
                        return
                trouble = Unreachable(f"The download was answered with HTTP {response.status_code}.")
            except httpx2.RequestError as error:
                trouble = describe_error(error, url)
            delay = self._retries.choose_delay(attempt)
            if delay is None:
                raise trouble
            await asyncio.sleep(delay)
            attempt += 1

    async def read_lines(self, url: str) -> AsyncIterator[bytes]:
        """Yield the lines of a file from its signed URL, but for blank ones. The file is never whole in memory."""
        lines = LineSplitter()
        async for piece in self.download(url):
            for line in filter(None, lines.feed(piece)):
                yield line
        for line in filter(None, lines.end()):
            yield line

    async def save(self, url: str, target: Path) -> None:
        """Save a file from its signed URL. A file with this name is replaced only when the download is complete."""
        with replacing(target) as file:
            async for piece in self.download(url):
                file.write(piece)
