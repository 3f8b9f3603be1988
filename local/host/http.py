"""HTTP triggers."""

import os
import re
from typing import Any

import azure.functions as func
from aiohttp import web

from local.host.bindings import Function, HostError
from local.host.host_json import HostJson
from local.host.invoke import Failed, invoke

_BODY_BYTES = 100 << 20
_RESERVED = ("admin", "runtime")
_METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]


class Route:
    """Where a function answers: a template with parameters, and methods."""

    def __init__(self, function: Function, prefix: str) -> None:
        route = (function.trigger.get("route") or function.name).strip("/")
        if route.split("/")[0].lower() in _RESERVED:
            raise HostError(f"The route '{route}' of '{function.name}' begins with a word that the host reserves.")
        if function.trigger.get("authLevel", "FUNCTION").upper() != "ANONYMOUS":
            raise HostError(f"'{function.name}' wants a function key, which this host has none of: make it anonymous.")
        self.function = function
        self.template = f"{prefix}/{route}".strip("/")
        self.methods = {method.upper() for method in function.trigger.get("methods") or _METHODS}
        self._pattern = re.compile(_pattern(self.template), re.IGNORECASE)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameters if this is the path's route. Case and a trailing slash don't matter."""
        found = self._pattern.fullmatch(path.strip("/"))
        return found.groupdict() if found else None


def _pattern(template: str) -> str:
    """Turn `a/{b}/{c:guid}/{*rest}` into a pattern; constraints are not looked at."""
    parts = []
    for part in template.split("/"):
        parameter = re.fullmatch(r"\{(\*?)(\w+)(:[^}]*)?\??\}", part)
        if parameter is None:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P<{parameter[2]}>{'.*' if parameter[1] else '[^/]+'})")
    return "/".join(parts)


def routes(functions: list[Function], host: HostJson) -> list[Route]:
    """Make the routes; two that are equal and share a method are refused, as by Azure."""
    found: list[Route] = []
    for function in functions:
        route = Route(function, host.route_prefix)
        for other in found:
            if other.template.lower() == route.template.lower() and other.methods & route.methods:
                raise HostError(f"'{other.function.name}' and '{function.name}' have the same route and method.")
        found.append(route)
    return found


class HttpServer:
    """Answers requests by the functions whose routes they match."""

    def __init__(self, functions: list[Function], host: HostJson) -> None:
        self._routes = routes(functions, host)
        self._timeout_s = host.function_timeout_s
        most = int(os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", _BODY_BYTES))
        self._app = web.Application(client_max_size=most)
        self._app.router.add_route("*", "/{path:.*}", self._answer)
        # Without the access log: a query may hold a signature.
        self._runner = web.AppRunner(self._app, access_log=None)

    async def start(self, port: int) -> int:
        """Listen, on any free port for 0; return the port. Raises OSError if it is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        actual: int = self._runner.addresses[0][1]
        return actual

    async def stop(self) -> None:
        """Take no more requests."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        matches = [(route, found) for route in self._routes if (found := route.match(request.path)) is not None]
        for route, parameters in matches:
            if request.method in route.methods:
                return await self._call(route, parameters, request)
        return web.Response(status=404)

    async def _call(self, route: Route, parameters: dict[str, str], request: web.Request) -> web.Response:
        try:
            answer = await invoke(route.function, await _to_functions(request, parameters), self._timeout_s)
        except Failed:
            return web.Response(status=500)
        return _from_functions(answer)


async def _to_functions(request: web.Request, parameters: dict[str, str]) -> func.HttpRequest:
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers=dict(request.headers),
        params=dict(request.query),
        route_params=parameters,
        body=await request.read(),
    )


def _from_functions(answer: Any) -> web.Response:  # noqa: ANN401 - an HttpResponse, or a text
    if not isinstance(answer, func.HttpResponse):
        return web.Response(text=str(answer or ""))
    response = web.Response(status=answer.status_code, body=answer.get_body())
    for name, value in answer.headers.items():
        response.headers.add(name, value)
    if "Content-Type" not in answer.headers:
        response.headers["Content-Type"] = f"{answer.mimetype}; charset={answer.charset}"
    return response
