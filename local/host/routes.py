"""The routes of HTTP functions."""

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
    """The path template and the methods of a function. Raises HostError if Azure would refuse the route."""

    def __init__(self, function: Function, prefix: str) -> None:
        route = (function.trigger.get("route") or function.name).strip("/")
        if route.lower().startswith(_RESERVED):
            raise HostError(f"The route '{route}' of '{function.name}' begins with a reserved word.")
        if function.trigger.get("authLevel", "FUNCTION").upper() != "ANONYMOUS":
            raise HostError(f"'{function.name}' requires a function key. This host supports anonymous functions only.")
        self.function = function
        self.template = f"{prefix}/{route}".strip("/")
        self.methods = {method.upper() for method in function.trigger.get("methods") or _METHODS}
        self._names = [found["name"] for found in _PARAMETER.finditer(self.template)]
        self._pattern = re.compile("".join(map(_to_pattern, self.template.split("/"))), re.IGNORECASE | re.DOTALL)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameters if the path matches, else None. Case and a trailing slash are ignored."""
        found = self._pattern.fullmatch(f"/{path.strip('/')}")
        if found is None:
            return None
        return {name: value for name, value in zip(self._names, found.groups(), strict=True) if value is not None}


def make_routes(functions: Iterable[Function], prefix: str) -> list[Route]:
    """Return the routes in the order in which they are matched. Raises HostError if two are equal and share a method.

    If several routes match, the first by the function's name is used, as in Azure. So `/a/{b}` may hide `/a/b`.
    """
    found: list[Route] = []
    for function in sorted(functions, key=lambda function: str(function.name).lower()):
        route = Route(function, prefix)
        for other in found:
            if other.template.lower() == route.template.lower() and other.methods & route.methods:
                raise HostError(f"'{other.function.name}' and '{function.name}' have the same route and method.")
        found.append(route)
    return found


def _to_pattern(segment: str) -> str:
    """Return the regular expression for a segment and the slash before it, with a group for each parameter."""
    whole = _PARAMETER.fullmatch(segment)
    if whole and whole["rest"]:
        return "(?:/(.*))?"
    if whole and whole["optional"]:
        return f"(?:/({_find_constraint(whole)}))?"
    pieces, end = ["/"], 0
    for found in _PARAMETER.finditer(segment):
        pieces += [_escape(segment[end : found.start()]), f"({_find_constraint(found)})"]
        end = found.end()
    return "".join([*pieces, _escape(segment[end:])])


def _escape(text: str) -> str:
    if "{" in text or "}" in text:
        raise HostError(f"This host does not support '{text}' in a route.")
    return re.escape(text)


def _find_constraint(parameter: re.Match[str]) -> str:
    constraint = parameter["constraint"]
    if constraint not in _CONSTRAINTS:
        raise HostError(f"This host does not support the constraint '{constraint}' in a route.")
    return _CONSTRAINTS[constraint]
