"""Every route of the app requires authentication, except those that anyone may call."""

import json
import re
from uuid import UUID, uuid4

import pytest

from exchange.settings import Settings
from functions.app import build_app
from functions.http.docs_page import FILE_NAMES
from functions.http.endpoints import ENDPOINTS, Access, Endpoint
from functions.http.register import METHODS
from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import Exchange
from tests.stacks import ROOT

PUBLIC = {"openapi.json", "docs", "docs/{file}", "health", "console/{path}"}


def list_routes() -> list[tuple[str, list[str], str]]:
    """Return path, methods and auth level of each HTTP function, as the host reads them from the app."""
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    app = build_app(Settings.read(values))
    bindings = [json.loads(raw) for function in app.get_functions() for raw in function.get_raw_bindings()]
    triggers = [binding for binding in bindings if binding["type"] == "httpTrigger"]
    return [
        (trigger["route"].replace("{*path}", "{path}"), trigger["methods"], trigger["authLevel"])
        for trigger in triggers
    ]


def make_path(template: str) -> str:
    """Return a path of this template. Its ids are unknown, its file exists."""
    return re.sub(r"\{[^}]+\}", str(uuid4()), template.replace("{file}", FILE_NAMES[0]))


ROUTES = list_routes()


def test_the_routes_are_those_of_the_table_and_need_no_function_key() -> None:
    assert len(ROUTES) >= 10
    assert {level for _, _, level in ROUTES} == {"ANONYMOUS"}
    assert {path for path, _, _ in ROUTES} == {path for item in ENDPOINTS for path in (item.path, *item.aliases)}
    assert {endpoint.path for endpoint in ENDPOINTS if endpoint.access is Access.ANYONE} == PUBLIC


@pytest.mark.parametrize(("path", "methods", "_level"), ROUTES, ids=lambda value: str(value)[:40])
async def test_a_request_without_authentication_is_refused(
    exchange: Exchange, path: str, methods: list[str], _level: str
) -> None:
    assert methods == METHODS
    url = f"{exchange.stack.api}/{make_path(path)}"
    statuses = {}
    for method in methods:
        async with exchange.session.request(method, url, data=b"{}") as response:
            statuses[method] = response.status
    served = {endpoint.method for endpoint in ENDPOINTS if path in {endpoint.path, *endpoint.aliases}}
    if path in PUBLIC:
        served.add("HEAD")
    assert {method for method, status in statuses.items() if status != 405} == served
    if path in PUBLIC:
        assert {statuses[method] for method in served} == {200}
    else:
        assert {statuses[method] for method in served} == {401}


@pytest.mark.parametrize(
    "endpoint",
    [endpoint for endpoint in ENDPOINTS if endpoint.access is not Access.ANYONE],
    ids=lambda endpoint: endpoint.handler.__name__,
)
async def test_an_endpoint_may_be_called_by_its_callers_only(exchange: Exchange, endpoint: Endpoint) -> None:
    robot_id = await exchange.register_robot("https://r.example")
    robot = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    url = f"{exchange.stack.api}/{make_path(endpoint.path)}"
    body = b"" if endpoint.method == "GET" else b"{}"
    callers = {
        "requestor": exchange.as_role("requestor"),
        "contributor": exchange.as_role("contributor"),
        "operator": exchange.as_role("operator"),
        "robot": robot.headers(body),
    }
    allowed = set()
    for name, headers in callers.items():
        async with exchange.session.request(endpoint.method, url, data=body or None, headers=headers) as response:
            if response.status not in {401, 403}:
                allowed.add(name)
    expected = {
        Access.REQUESTORS: {"requestor", "operator"},
        Access.CONTRIBUTORS: {"contributor", "operator"},
        Access.CONTRIBUTORS: {"contributor", "operator"},
        Access.OPERATORS: {"operator"},
        Access.ROBOTS: {"robot"},
        Access.REQUESTORS_AND_ROBOTS: {"requestor", "operator", "robot"},
    }
    assert allowed == expected[endpoint.access]
