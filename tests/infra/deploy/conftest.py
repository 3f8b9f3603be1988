"""The deployed exchange is the real app, on the local stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.deploy.cloud import Cloud
from tests.stacks import Stack, running_stack


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("deployed"), ROBOT_RETRY_FIRST_DELAY_S="0.5") as stack:
        yield stack


@pytest.fixture
def bare(tmp_path: Path, capfd: pytest.CaptureFixture[str], deployed: Stack) -> Cloud:
    """Give an Azure where nothing was done yet."""
    return Cloud(tmp_path, capfd, deployed.api, deployed.tokens["operator"])


@pytest.fixture
def cloud(bare: Cloud) -> Cloud:
    """Give an Azure where the application in Entra exists."""
    assert bare.run("entra").code == 0
    bare.forget_calls()
    return bare
