"""At a terminal: the question is asked, and the answer counts."""

import os
import pty
import subprocess
import sys

import pytest

from tests.infra.deploy.cloud import Cloud
from tests.stacks import ROOT


def answered(cloud: Cloud, answer: bytes) -> tuple[int, str]:
    """Deploy at a terminal, and answer the question."""
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "infra.deploy", "deploy", "dev"]
    environment = {**cloud.environment, "LOCATION": "northeurope"}
    with subprocess.Popen(  # noqa: S603 - ours
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        os.write(terminal, answer + b"\n")
        said, _ = running.communicate(timeout=60)
    os.close(theirs)
    os.close(terminal)
    return running.returncode, said.decode()


@pytest.mark.parametrize("answer", [b"", b"n", b"what?"])
def test_anything_but_yes_deploys_nothing(cloud: Cloud, answer: bytes) -> None:
    code, said = answered(cloud, answer)
    assert code == 1
    assert "Deploy? [y/N]" in said
    assert "Nothing was done." in said
    assert cloud.commands[-1] == "az deployment group what-if"


def test_yes_deploys(cloud: Cloud) -> None:
    cloud.fail("func")
    code, said = answered(cloud, b"y")
    assert code == 1
    assert "The code could not be published" in said
    assert "az deployment group create" in cloud.commands


def test_each_step_is_said_before_what_its_tool_prints(cloud: Cloud) -> None:
    _, said = answered(cloud, b"n")
    assert said.index("What would change") < said.index("Resource changes: 30 to create.")
