"""A server that gives prepared answers, and both clients behind one interface."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from exchange.client import AsyncClient, Client, RetryPolicy

TOKEN = "the token"
QUICK = RetryPolicy(attempts=3, first_delay_s=0.01)

Handler = Callable[[web.Request], Any]


@dataclass
class Server:
    """Answers each request with the next prepared answer: a response, or None to close the connection."""

    answers: list[web.StreamResponse | Handler | None] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def prepare(self, *answers: web.StreamResponse | Handler | None) -> None:
        self.answers.extend(answers)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for *_, body in self.requests]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((request.method, request.path_qs, dict(request.headers), body))
        answer = self.answers.pop(0)
        if answer is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return answer if isinstance(answer, web.StreamResponse) else await answer(request)


@asynccontextmanager
async def running_server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", server.serve)
    async with TestServer(app) as running:
        server.url = str(running.make_url("")).rstrip("/")
        yield server


class Both:
    """Calls a method of either client, and collects what it yields."""

    def __init__(self, url: str, *, blocking: bool, token: str = TOKEN) -> None:
        self._blocking = Client(url, lambda: token, QUICK) if blocking else None
        self._async = None if blocking else AsyncClient(url, lambda: token, QUICK)

    async def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if self._blocking is not None:
            return await asyncio.to_thread(lambda: _collect(getattr(self._blocking, name)(*args, **kwargs)))
        found = getattr(self._async, name)(*args, **kwargs)
        return [item async for item in found] if hasattr(found, "__aiter__") else await found

    async def close(self) -> None:
        if self._blocking is not None:
            self._blocking.close()
        elif self._async is not None:
            await self._async.close()


def _collect(found: Any) -> Any:
    return list(found) if isinstance(found, Iterator) else found


def problem(status: int, *errors: str, **headers: str) -> web.Response:
    body = {"title": "t", "status": status, "detail": " ".join(errors), "errors": list(errors)}
    return web.json_response(body, status=status, headers=headers)
