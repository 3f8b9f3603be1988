"""A running app for the endpoints to ask: fakes, and a small limit of bodies."""

import json
from collections.abc import Iterator, Mapping

import azure.functions as func
import pytest

from exchange.settings import Settings
from functions.triggers import current
from functions.current import Running, provide
from tests.fakes.world import World
from tests.stacks import ROOT

MAX_BYTES = 300


@pytest.fixture(autouse=True)
def world() -> Iterator[World]:
    world = World()
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    before = list(current._running)
    provide(Running(Settings.read({**values, "HTTP_BODY_LIMIT_BYTES": str(MAX_BYTES)}), world.services))
    yield world
    current._running[:] = before


def request(
    body: bytes = b"",
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    route_params: Mapping[str, str] | None = None,
) -> func.HttpRequest:
    return func.HttpRequest(
        method=method,
        url="http://127.0.0.1:7071/somewhere",
        headers=headers or {},
        params=params or {},
        route_params=route_params or {},
        body=body,
    )
