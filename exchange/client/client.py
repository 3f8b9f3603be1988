"""The client for ordinary, blocking code."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar
from uuid import UUID

import httpx2

from exchange.client import calls
from exchange.client.call import Answer, Call, Page
from exchange.client.download import Download
from exchange.client.errors import Unreachable
from exchange.client.loading import Body, keep_error, split_lines
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


def _call(make: Callable[P, Call[T]]) -> Callable[Concatenate["Client", P], T]:
    """Return the method that sends the call."""

    def method(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client.send(make(*args, **kwargs))

    method.__doc__ = make.__doc__
    method.__name__ = make.__name__
    return method


def _call_with_list(
    make: Callable[P, Call[T] | ListedCall[T]],
) -> Callable[Concatenate["Client", P], T]:
    """Return the method that sends the call, and before it the list that it names."""

    def method(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        call = make(*args, **kwargs)
        if isinstance(call, ListedCall):
            call = call.make(client.upload_ids(call.reference_ids))
        return client.send(call)

    method.__doc__ = make.__doc__
    method.__name__ = make.__name__
    return method


def _list(make: Callable[P, Call[Page[T]]]) -> Callable[Concatenate["Client", P], Iterator[T]]:
    """Return the method that yields the items of all pages. Each page is read when its first item is needed."""

    def method(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        following: Call[Page[T]] | None = make(*args, **kwargs)
        while following is not None:
            page = client.send(following)
            yield from page.items
            following = page.next

    method.__doc__ = make.__doc__
    method.__name__ = make.__name__
    return method


class Client:
    """The client of one exchange. `get_token` returns an access token, and is called before every call."""

    def __init__(self, url: str, get_token: GetToken, retries: RetryPolicy = RetryPolicy()) -> None:  # noqa: B008 - it is immutable
        self._url = url
        self._get_token = get_token
        self._retries = retries
        self._http = httpx2.Client(timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

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

    def send(self, call: Call[T]) -> T:
        """Send a call, repeatedly if the policy allows it. Raises ExchangeError."""
        attempts = Attempts(self._retries, repeatable=call.repeatable)
        while True:
            try:
                answer = self._send_once(call)
            except httpx2.RequestError as error:
                delay = attempts.record_error(error)
                if delay is None or self._http.is_closed:
                    raise describe_error(error, self._url) from None
            else:
                delay = attempts.record_answer(answer.status, answer.headers)
                if delay is None:
                    return call.read_answer(answer, may_be_done=attempts.may_be_done)
            time.sleep(delay)

    def _send_once(self, call: Call[T]) -> Answer:
        headers = make_headers(call, self._get_token())
        content = bytearray()
        with self._http.stream(
            call.method, make_url(self._url, call), content=call.content, headers=headers
        ) as response:
            for piece in response.iter_bytes():
                add_piece(content, piece)
        return Answer(response.status_code, response.headers, bytes(content))

    def upload_ids(self, reference_ids: Iterable[UUID]) -> UUID:
        """Upload a list of references, and return its id for `request_batch`. Raises ExchangeError."""
        upload, body, attempt = self.send(calls.start_upload()), IdListBody(reference_ids), 1
        while True:
            try:
                answer = self._http.put(upload.upload_url, content=body.pieces(), headers=body.headers)
                trouble = check_stored(answer.status_code)
            except httpx2.RequestError as error:
                trouble = describe_error(error, upload.upload_url)
            if trouble is None:
                return upload.id
            delay = self._retries.choose_delay(attempt)
            if delay is None:
                raise trouble
            time.sleep(delay)
            attempt += 1

    def find_robot(self, name_or_id: str) -> Robot:
        """Find a robot by its name or its id. Raises NotFound with the names of all robots."""
        return find_robot_named(name_or_id, self.list_robots().root)

    def load_references(
        self, lines: Iterable[bytes], on_existing: OnExisting = OnExisting.MERGE
    ) -> Iterator[LoadedLine]:
        """Load the lines of a references file, some at a time. Yield what became of each, in their order.

        While some lines are sent, the next ones are taken from `lines`. After an error, nothing more is sent.
        """

        def load(body: Body) -> list[LoadedLine]:
            answers: list[LoadedLine] = self.send(calls.load_lines(body.content, on_existing))
            return list(body.renumber(answers))

        pool = ThreadPoolExecutor(1)
        sending: Future[list[LoadedLine]] | None = None
        try:
            for body in keep_error(split_lines(lines)):
                loaded = sending.result() if sending is not None else []
                sending = None if isinstance(body, Exception) else pool.submit(load, body)
                yield from loaded
                if isinstance(body, Exception):
                    raise body
            if sending is not None:
                yield from sending.result()
        except KeyboardInterrupt:
            # The call in progress ends at once.
            self.close()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def watch_batches(
        self,
        batch_ids: Iterable[UUID],
        *,
        on_trouble: Callable[[Unreachable], None] | None = None,
    ) -> Iterator[BatchEnhancementRequestRead]:
        """Yield each batch request whenever it has changed, until all have ended.

        Without `on_trouble`, a connection that stays lost raises Unreachable. Otherwise that is called and the watch
        goes on.
        """
        watch = Watch(batch_ids)
        while watch.open:
            call, batch_id, wait_s = watch.choose_next()
            time.sleep(wait_s)
            try:
                changed = watch.record(batch_id, self.send(call))
            except Unreachable as error:
                if on_trouble is None:
                    raise
                on_trouble(error)
                watch.postpone(batch_id)
            else:
                if changed is not None:
                    yield changed

    def download(self, url: str) -> Iterator[bytes]:
        """Yield the pieces of a file from its signed URL. Raises ExchangeError."""
        download, attempt = Download(), 1
        while True:
            try:
                with self._http.stream("GET", url, headers=download.make_headers()) as response:
                    if download.start(response.status_code, response.headers):
                        for piece in response.iter_raw():
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
            time.sleep(delay)
            attempt += 1

    def read_lines(self, url: str) -> Iterator[bytes]:
        """Yield the lines of a file from its signed URL, but for blank ones. The file is never whole in memory."""
        lines = LineSplitter()
        for piece in self.download(url):
            yield from filter(None, lines.feed(piece))
        yield from filter(None, lines.end())

    def save(self, url: str, target: Path) -> None:
        """Save a file from its signed URL. A file with this name is replaced only when the download is complete."""
        with replacing(target) as file:
            for piece in self.download(url):
                file.write(piece)
