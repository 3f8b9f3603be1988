"""Every route that the app registers refuses a stranger, but for the few that are open on purpose."""

import json
import re
from uuid import uuid4

import pytest

from exchange.settings import Settings
from functions.http.endpoints import ENDPOINTS, Access
from functions.http.register import METHODS
from functions.app import build_app
from samples.robot.signing import Credentials
from tests.e2e.exchange import Exchange
from tests.stacks import ROOT

OPEN = {"openapi.json", "docs", "health"}


def routes() -> list[tuple[str, list[str], str]]:
    """Return path, methods and auth level of each HTTP function, as the host reads them off the app."""
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    app = build_app(Settings.read(values))
    bindings = [json.loads(raw) for function in app.get_functions() for raw in function.get_raw_bindings()]
    return [(one["route"], one["methods"], one["authLevel"]) for one in bindings if one["type"] == "httpTrigger"]


ROUTES = routes()


def test_there_are_routes_and_function_keys_are_off() -> None:
    assert len(ROUTES) >= 10
    assert {level for _, _, level in ROUTES} == {"ANONYMOUS"}
    assert {path for path, _, _ in ROUTES} == {endpoint.path for endpoint in ENDPOINTS}
    assert {endpoint.path for endpoint in ENDPOINTS if endpoint.access is Access.ANYONE} == OPEN


@pytest.mark.parametrize(("path", "methods", "_level"), ROUTES, ids=lambda value: str(value)[:40])
async def test_a_stranger_is_refused(exchange: Exchange, path: str, methods: list[str], _level: str) -> None:
    assert methods == METHODS
    url = f"{exchange.stack.api}/{re.sub(r'{[^}]+}', str(uuid4()), path)}"
    answered = {}
    for method in methods:
        async with exchange.session.request(method, url, data=b"{}") as response:
            answered[method] = response.status
    served = {endpoint.method for endpoint in ENDPOINTS if endpoint.path == path}
    assert {method for method, status in answered.items() if status != 405} == served
    if path in OPEN:
        assert {answered[method] for method in served} == {200}
    else:
        assert {answered[method] for method in served} == {401}


@pytest.mark.parametrize(
    "endpoint", [one for one in ENDPOINTS if one.access is not Access.ANYONE], ids=lambda one: one.handler.__name__
)
async def test_a_door_lets_in_whom_it_is_for_and_nobody_else(exchange: Exchange, endpoint: object) -> None:
    method, path, door = endpoint.method, endpoint.path, endpoint.access  # type: ignore[attr-defined] # an Endpoint
    robot_id = await exchange.register_robot("https://r.example")
    robot = Credentials(uuid4(), "")
    robot = Credentials(type(robot.robot_id)(robot_id), exchange.secrets[robot_id])
    url = f"{exchange.stack.api}/{re.sub(r'{[^}]+}', str(uuid4()), path)}"
    body = b"" if method == "GET" else b"{}"
    callers = {
        "requestor": exchange.as_role("requestor"),
        "operator": exchange.as_role("operator"),
        "robot": robot.headers(body),
    }
    let_in = set()
    for name, headers in callers.items():
        async with exchange.session.request(method, url, data=body or None, headers=headers) as response:
            if response.status not in {401, 403}:
                let_in.add(name)
    assert (
        let_in
        == {
            Access.REQUESTORS: {"requestor", "operator"},
            Access.OPERATORS: {"operator"},
            Access.ROBOTS: {"robot"},
            Access.REQUESTORS_AND_ROBOTS: {"requestor", "operator", "robot"},
        }[door]
    )
