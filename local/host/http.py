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
_RESPONSE_TIMEOUT_S = 230.0
_ESCAPED_PERCENT = "%25"


class HttpServer:
    """Serves requests with the functions whose routes they match."""

    def __init__(self, functions: list[Function], host: HostJson, *, grace_s: float) -> None:
        self._routes = make_routes(functions, host.route_prefix)
        # Azure's load balancer closes a connection after this time without data.
        self._timeout_s = min(host.function_timeout_s, _RESPONSE_TIMEOUT_S)
        max_body_bytes = int(os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", _BODY_BYTES))
        app = web.Application(client_max_size=max_body_bytes)
        app.router.add_route("*", "/{path:(?s:.*)}", self._respond)
        # No access log, because queries may contain signatures. No decompression, because a function must receive the
        # exact body that the sender signed.
        self._runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, shutdown_timeout=grace_s, max_field_size=_HEADERS_BYTES
        )

    async def start(self, port: int) -> int:
        """Listen and return the port. The port 0 means any free port. Raises OSError if the port is in use."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True).start()
        actual: int = self._runner.addresses[0][1]
        return actual

    async def stop(self) -> None:
        """Accept no more requests, and wait a limited time for the running ones."""
        await self._runner.cleanup()

    async def _respond(self, request: web.Request) -> web.Response:
        # As in Azure, an escaped slash stays escaped and does not separate segments.
        path = request.rel_url.path_safe.replace(_ESCAPED_PERCENT, "%")
        for route in self._routes:
            parameters = route.match(path)
            if parameters is not None and request.method in route.methods:
                return await self._call(route, parameters, request)
        return web.Response(status=404)

    async def _call(self, route: Route, parameters: dict[str, str], request: web.Request) -> web.Response:
        try:
            response = await invoke(route.function, await _to_request(request, parameters), self._timeout_s)
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except Failed:
            return web.Response(status=500)
        return _to_response(response)


async def _to_request(request: web.Request, parameters: dict[str, str]) -> func.HttpRequest:
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers=_join(request.headers),
        # As in Azure, a parameter without a value is left out.
        params={name: value for name, value in _join(request.query).items() if value},
        route_params=parameters,
        body=await request.read(),
    )


def _join(values: MultiMapping[str]) -> dict[str, str]:
    """Join the values of each name with commas, as Azure does."""
    return {name: ",".join(values.getall(name)) for name in values}


def _to_response(response: Any) -> web.Response:
    if isinstance(response, str):
        return web.Response(text=response)
    # As in Azure, only the last value of a repeated header counts, but every cookie is set.
    headers = CIMultiDict(dict(response.headers.items()))
    headers.popall("Set-Cookie", None)
    for cookie in response.headers.get_all("Set-Cookie"):
        headers.add("Set-Cookie", cookie)
    if "Content-Type" not in headers:
        charset = f"; charset={response.charset}" if response.mimetype.startswith("text/") else ""
        headers["Content-Type"] = f"{response.mimetype}{charset}"
    return web.Response(status=response.status_code, body=response.get_body(), headers=headers)
