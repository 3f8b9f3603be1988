"""The smoke test, on the real app: what it shows, and that it fails where something is amiss."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from infra.deploy.api import Api
from tests.infra.deploy.cloud import HASTE, Cloud
from tests.stacks import ROOT, Stack

BRIEFLY = replace(HASTE, health_s=0.2, batch_s=1.0)


def api_of(stack: Stack) -> Api:
    return Api(stack.api, stack.tokens["operator"])


def register(stack: Stack, name: str, url: str) -> dict[str, str]:
    registration = {"name": name, "base_url": url, "description": "", "owner": ""}
    robot: dict[str, str] = api_of(stack).post("/robots/", {**registration, "dependent_enhancements": ["abstract"]})
    return robot


@contextmanager
def sample_robot(stack: Stack, port: int, robot: dict[str, str]) -> Iterator[None]:
    """Run the sample robot until it listens."""
    environment = {"ROBOT_ID": robot["id"], "ROBOT_SECRET": robot["client_secret"]}
    command = [sys.executable, "-m", "samples.robot", "--port", str(port), "--api", stack.api]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as running:  # noqa: S603 - ours
        try:
            deadline = time.monotonic() + 20
            while not listens(port) and time.monotonic() < deadline:
                time.sleep(0.05)
            yield
        finally:
            running.terminate()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_its_own_robot_is_registered_once(cloud: Cloud, deployed: Stack) -> None:
    for _ in range(2):
        assert cloud.deploy().code == 0
    (robot,) = (one for one in api_of(deployed).get("/robots/") if one["name"] == "smoke-test")
    assert robot["base_url"] == f"{deployed.api}/docs"


def test_with_a_robot_it_goes_the_whole_way(cloud: Cloud, deployed: Stack, unused_tcp_port: int) -> None:
    robot = register(deployed, "whole way", f"http://127.0.0.1:{unused_tcp_port}")
    with sample_robot(deployed, unused_tcp_port, robot):
        ended = cloud.deploy(replace(HASTE, batch_s=30.0), ROBOT=robot["id"])
    assert (ended.code, ended.err) == (0, "")
    assert "from the request to the report" in ended.out


def test_a_robot_out_of_reach_is_told(cloud: Cloud, deployed: Stack, unused_tcp_port: int) -> None:
    robot = register(deployed, "out of reach", f"http://127.0.0.1:{unused_tcp_port}")
    ended = cloud.deploy(BRIEFLY, ROBOT=robot["id"])
    assert ended.code == 1
    assert "was not offered to the robot, or the robot can't be reached" in ended.err


def test_a_robot_that_refuses_is_told(cloud: Cloud, deployed: Stack) -> None:
    robot = register(deployed, "refuses", f"{deployed.api}/docs")
    ended = cloud.deploy(ROBOT=robot["id"])
    assert ended.code == 1
    assert "ended as rejected" in ended.err


def test_an_unknown_robot_is_told(cloud: Cloud) -> None:
    ended = cloud.deploy(ROBOT="5e8f3c52-7f0b-4d7e-9f5a-111111111111")
    assert ended.code == 1
    assert "POST /references/enhancement/batch/ was answered with 404: " in ended.err


def test_an_app_that_does_not_answer_is_told(cloud: Cloud, unused_tcp_port: int) -> None:
    cloud.change(api=f"http://127.0.0.1:{unused_tcp_port}")
    ended = cloud.deploy(BRIEFLY)
    assert ended.code == 1
    assert "not healthy after 0.2 s" in ended.err
    assert "can't be reached" in ended.err


def test_an_address_that_is_not_the_exchanges_is_told(cloud: Cloud, deployed: Stack) -> None:
    cloud.change(api=f"{deployed.api}/elsewhere")
    ended = cloud.deploy(BRIEFLY)
    assert ended.code == 1
    assert "GET /health was answered with 404" in ended.err


@pytest.mark.parametrize(("role", "status"), [("requestor", 403), (None, 401)])
def test_whoever_is_no_operator_is_told(cloud: Cloud, deployed: Stack, role: str | None, status: int) -> None:
    token = deployed.tokens[role] if role else "not.a.token"
    cloud.change(token=token)
    ended = cloud.deploy()
    assert ended.code == 1
    assert f"POST /references/ was answered with {status}: " in ended.err
    assert token not in ended.out + ended.err


@pytest.mark.parametrize("state", ["AwaitingManualAction", "Failed"])
def test_a_subscription_that_is_not_confirmed_is_told(cloud: Cloud, state: str) -> None:
    cloud.change(subscription=state)
    ended = cloud.deploy()
    assert ended.code == 1
    assert f"should be 'Succeeded', but is {state}" in ended.err


def test_events_that_nobody_subscribed_to_are_told(cloud: Cloud) -> None:
    cloud.change(subscription=None)
    assert "but is absent" in cloud.deploy().err
