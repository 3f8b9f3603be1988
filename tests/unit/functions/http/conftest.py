"""Services as fakes with a small limit for bodies, and requests as the Functions host passes them to the app."""

from collections.abc import Mapping

import azure.functions as func
import pytest

from exchange.ports import Services
from tests.fakes.world import LIMITS, World

MAX_BYTES = 300


@pytest.fixture
def services() -> Services:
    return World(limits=LIMITS.model_copy(update={"http_body_limit_bytes": MAX_BYTES})).services


def make_request(
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
