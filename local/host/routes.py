"""Which function answers at which path."""

import re
from collections.abc import Iterable

from local.host.bindings import Function, HostError

_RESERVED = ("admin", "runtime")
_METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]
_PARAMETER = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>[\w-]+)(?::(?P<constraint>[^{}?]+))?(?P<optional>\??)\}")
_CONSTRAINTS = {
    None: "[^/]+",
    "alpha": "[A-Za-z]+",
    "int": r"-?\d+",
    "guid": "[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}",
}


class Route:
    """Where a function answers: a template with parameters, and methods. Raises HostError where Azure refuses it."""

    def __init__(self, function: Function, prefix: str) -> None:
        route = (function.trigger.get("route") or function.name).strip("/")
        if route.lower().startswith(_RESERVED):
            raise HostError(f"The route '{route}' of '{function.name}' begins with a word that the host reserves.")
        if function.trigger.get("authLevel", "FUNCTION").upper() != "ANONYMOUS":
            raise HostError(f"'{function.name}' wants a function key, and there are none here: make it anonymous.")
        self.function = function
        self.template = f"{prefix}/{route}".strip("/")
        self.methods = {method.upper() for method in function.trigger.get("methods") or _METHODS}
        self._names = [found["name"] for found in _PARAMETER.finditer(self.template)]
        self._pattern = re.compile("".join(map(_pattern, self.template.split("/"))), re.IGNORECASE | re.DOTALL)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameters if this is the path's route. Case and a trailing slash don't matter."""
        found = self._pattern.fullmatch(f"/{path.strip('/')}")
        if found is None:
            return None
        return {name: value for name, value in zip(self._names, found.groups(), strict=True) if value is not None}


def make_routes(functions: Iterable[Function], prefix: str) -> list[Route]:
    """Make the routes, in the order in which they are tried; two that are equal and share a method are refused.

    Where several match, the first by the function's name wins, as in Azure: `/a/{b}` may hide `/a/b`.
    """
    found: list[Route] = []
    for function in sorted(functions, key=lambda one: str(one.name).lower()):
        route = Route(function, prefix)
        for other in found:
            if other.template.lower() == route.template.lower() and other.methods & route.methods:
                raise HostError(f"'{other.function.name}' and '{function.name}' have the same route and method.")
        found.append(route)
    return found


def _pattern(segment: str) -> str:
    """Turn a segment of a template, with the slash before it, into a pattern with a group per parameter."""
    whole = _PARAMETER.fullmatch(segment)
    if whole and whole["rest"]:
        return "(?:/(.*))?"
    if whole and whole["optional"]:
        return f"(?:/({_allowed(whole)}))?"
    pieces, end = ["/"], 0
    for found in _PARAMETER.finditer(segment):
        pieces += [_literal(segment[end : found.start()]), f"({_allowed(found)})"]
        end = found.end()
    return "".join([*pieces, _literal(segment[end:])])


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise HostError(f"This host can't read '{text}' in a route.")
    return re.escape(text)


def _allowed(parameter: re.Match[str]) -> str:
    constraint = parameter["constraint"]
    if constraint not in _CONSTRAINTS:
        raise HostError(f"This host does not know the constraint '{constraint}' of a route.")
    return _CONSTRAINTS[constraint]
