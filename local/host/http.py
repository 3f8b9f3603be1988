"""HTTP triggers."""

import os
from typing import Any

import azure.functions as func
from aiohttp import web
from multidict import CIMultiDict, MultiMapping

from local.host.bindings import Function
from local.host.host_json import HostJson
from local.host.invoke import Failed, invoke
from local.host.routes import Route, make_routes

_BODY_BYTES = 100 << 20
_HEADERS_BYTES = 32 << 10
_ANSWER_S = 230.0
_ESCAPED_PERCENT = "%25"


class HttpServer:
    """Answers requests by the functions whose routes they match."""

    def __init__(self, functions: list[Function], host: HostJson, *, grace_s: float) -> None:
        self._routes = make_routes(functions, host.route_prefix)
        # Whoever waits for an answer waits no longer: Azure's load balancer ends an idle connection.
        self._timeout_s = min(host.function_timeout_s, _ANSWER_S)
        most = int(os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", _BODY_BYTES))
        app = web.Application(client_max_size=most)
        app.router.add_route("*", "/{path:(?s:.*)}", self._answer)
        # Without the access log, as a query may hold a signature; and a function gets the body as it came,
        # compressed or not, or the sender's signature would not fit it.
        self._runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, shutdown_timeout=grace_s, max_field_size=_HEADERS_BYTES
        )

    async def start(self, port: int) -> int:
        """Listen, on any free port for 0; return the port. Raises OSError if it is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True).start()
        actual: int = self._runner.addresses[0][1]
        return actual

    async def stop(self) -> None:
        """Take no more requests, and let those that run end for a while."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        # As in Azure, an escaped slash stays escaped: it separates nothing.
        path = request.rel_url.path_safe.replace(_ESCAPED_PERCENT, "%")
        for route in self._routes:
            parameters = route.match(path)
            if parameters is not None and request.method in route.methods:
                return await self._call(route, parameters, request)
        return web.Response(status=404)

    async def _call(self, route: Route, parameters: dict[str, str], request: web.Request) -> web.Response:
        try:
            answer = await invoke(route.function, await _to_functions(request, parameters), self._timeout_s)
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except Failed:
            return web.Response(status=500)
        return _from_functions(answer)


async def _to_functions(request: web.Request, parameters: dict[str, str]) -> func.HttpRequest:
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers=_joined(request.headers),
        # As in Azure, a parameter without a value is none.
        params={name: value for name, value in _joined(request.query).items() if value},
        route_params=parameters,
        body=await request.read(),
    )


def _joined(values: MultiMapping[str]) -> dict[str, str]:
    """Make one value of those that a name has, as Azure does."""
    return {name: ",".join(values.getall(name)) for name in values}


def _from_functions(answer: Any) -> web.Response:
    if isinstance(answer, str):
        return web.Response(text=answer)
    # As in Azure, of a repeated header the last one counts, but every cookie is set.
    headers = CIMultiDict(dict(answer.headers.items()))
    headers.popall("Set-Cookie", None)
    for cookie in answer.headers.get_all("Set-Cookie"):
        headers.add("Set-Cookie", cookie)
    if "Content-Type" not in headers:
        charset = f"; charset={answer.charset}" if answer.mimetype.startswith("text/") else ""
        headers["Content-Type"] = f"{answer.mimetype}{charset}"
    return web.Response(status=answer.status_code, body=answer.get_body(), headers=headers)
