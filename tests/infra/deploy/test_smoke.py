"""The smoke test on the real app: what it prints, and the faults that it reports."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from exchange.client import Client
from exchange.contract.enhancements import EnhancementType
from exchange.contract.robots import ProvisionedRobot, RobotIn
from tests.infra.deploy.cloud import SHORT, Cloud
from tests.stacks import ROOT, Stack
from tests.tiers import choose

VERY_SHORT = replace(SHORT, health_s=0.2, batch_s=1.0)


def connect(stack: Stack) -> Client:
    return Client(stack.api, lambda: stack.tokens["operator"])


def register(stack: Stack, name: str, url: str) -> ProvisionedRobot:
    needs = [EnhancementType.ABSTRACT]
    with connect(stack) as client:
        return client.register_robot(
            RobotIn(name=name, base_url=url, description="", owner="", dependent_enhancements=needs)
        )


@contextmanager
def sample_robot(stack: Stack, port: int, robot: ProvisionedRobot) -> Iterator[None]:
    """Start the sample robot, and wait until it listens."""
    environment = {"ROBOT_ID": str(robot.id), "ROBOT_SECRET": robot.client_secret}
    command = [sys.executable, "-m", "samples.robot_from_scratch", "--port", str(port), "--api", stack.api]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as running:  # noqa: S603 - ours
        try:
            deadline = time.monotonic() + 20
            while not is_listening(port) and time.monotonic() < deadline:
                time.sleep(0.05)
            yield
        finally:
            running.terminate()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_robot_of_the_smoke_test_is_registered_once(cloud: Cloud, deployed: Stack) -> None:
    for _ in range(2):
        assert cloud.deploy().code == 0
    with connect(deployed) as client:
        (robot,) = (robot for robot in client.list_robots().root if robot.name == "smoke-test")
    assert robot.base_url == f"{deployed.api}/docs"


def test_with_a_robot_the_batch_is_imported(cloud: Cloud, deployed: Stack, unused_tcp_port: int) -> None:
    robot = register(deployed, "importing", f"http://127.0.0.1:{unused_tcp_port}")
    with sample_robot(deployed, unused_tcp_port, robot):
        run = cloud.deploy(replace(SHORT, batch_s=30.0), ROBOT=str(robot.id))
    assert (run.code, run.err) == (0, "")
    assert "everything works from request to report" in run.out


def test_an_unreachable_robot_is_reported(cloud: Cloud, deployed: Stack, unused_tcp_port: int) -> None:
    robot = register(deployed, "unreachable", f"http://127.0.0.1:{unused_tcp_port}")
    run = cloud.deploy(VERY_SHORT, ROBOT=str(robot.id))
    assert run.code == 1
    assert "was not sent to the robot, or the robot cannot be reached" in run.err


def test_a_rejecting_robot_is_reported(cloud: Cloud, deployed: Stack) -> None:
    robot = register(deployed, "rejecting", f"{deployed.api}/docs")
    run = cloud.deploy(ROBOT=str(robot.id))
    assert run.code == 1
    assert "ended as rejected" in run.err


def test_an_unknown_robot_is_reported(cloud: Cloud) -> None:
    run = cloud.deploy(ROBOT="5e8f3c52-7f0b-4d7e-9f5a-111111111111")
    assert run.code == 1
    assert "There is no robot '5e8f3c52-7f0b-4d7e-9f5a-111111111111'. Registered robots: " in run.err


def test_an_app_that_cannot_be_reached_is_reported(cloud: Cloud, unused_tcp_port: int) -> None:
    cloud.change(api=f"http://127.0.0.1:{unused_tcp_port}")
    run = cloud.deploy(VERY_SHORT)
    assert run.code == 1
    assert "not healthy after 0.2 s" in run.err
    assert "cannot be reached" in run.err


def test_an_address_without_the_exchange_is_reported(cloud: Cloud, deployed: Stack) -> None:
    cloud.change(api=f"{deployed.api}/elsewhere")
    run = cloud.deploy(VERY_SHORT)
    assert run.code == 1
    assert "not healthy after 0.2 s. The answer was HTTP 404." in run.err


@pytest.mark.parametrize(
    ("role", "sentence"),
    choose(
        [
            ("requestor", "The smoke test failed. Your access token must have the role 'contributor' or 'operator'."),
            (None, "The smoke test failed. The access token is invalid: it is malformed."),
        ],
        one_in=2,
    ),
)
def test_a_user_without_the_role_operator_is_reported(
    cloud: Cloud, deployed: Stack, role: str | None, sentence: str
) -> None:
    token = deployed.tokens[role] if role else "not.a.token"
    cloud.change(token=token)
    run = cloud.deploy()
    assert run.code == 1
    assert sentence in run.err
    assert token not in run.out + run.err


@pytest.mark.parametrize("state", choose(["AwaitingManualAction", "Failed"], one_in=2))
def test_an_unconfirmed_subscription_is_reported(cloud: Cloud, state: str) -> None:
    cloud.change(subscription=state)
    run = cloud.deploy()
    assert run.code == 1
    assert f"should be 'Succeeded', but is {state}" in run.err


def test_a_missing_subscription_is_reported(cloud: Cloud) -> None:
    cloud.change(subscription=None)
    assert "but is missing" in cloud.deploy().err
