"""The deployed exchange in these tests is the real app on the local stack."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.deploy.cloud import Cloud
from tests.stacks import Stack, running_stack


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("deployed"), ROBOT_RETRY_FIRST_DELAY_S="0.5") as stack:
        yield stack


@pytest.fixture
def empty_cloud(tmp_path: Path, capfd: pytest.CaptureFixture[str], deployed: Stack) -> Cloud:
    """Return an Azure in which nothing exists."""
    return Cloud(tmp_path, capfd, deployed.api, deployed.tokens["operator"])


@pytest.fixture(scope="session")
def states() -> dict[str, Any]:
    """The states of Azure after commands that many tests need. The commands run once."""
    return {}


@pytest.fixture
def cloud(empty_cloud: Cloud, states: dict[str, Any]) -> Cloud:
    """Return an Azure with the application in Entra."""
    if "entra" not in states:
        assert empty_cloud.run("entra").code == 0
        states["entra"] = empty_cloud.state
    empty_cloud.change(**states["entra"])
    empty_cloud.forget_calls()
    return empty_cloud


@pytest.fixture
def deployed_cloud(cloud: Cloud, states: dict[str, Any]) -> Cloud:
    """Return an Azure to which the exchange was deployed."""
    if "deployed" not in states:
        assert cloud.deploy().code == 0
        states["deployed"] = cloud.state
    cloud.change(**states["deployed"])
    cloud.forget_calls()
    return cloud
