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
        os.write(terminal, answer)
        said, _ = running.communicate(timeout=60)
    os.close(theirs)
    os.close(terminal)
    return running.returncode, said.decode()


@pytest.mark.parametrize("answer", [b"\n", b"n\n", b"what?\n", b"\x04"])
def test_anything_but_yes_deploys_nothing(cloud: Cloud, answer: bytes) -> None:
    code, said = answered(cloud, answer)
    assert code == 1
    assert "Deploy? [y/N]" in said
    assert "Nothing was done." in said
    assert cloud.commands[-1] == "az deployment group what-if"


def test_yes_deploys(cloud: Cloud) -> None:
    cloud.fail("func")
    code, said = answered(cloud, b"y\n")
    assert code == 1
    assert "The code could not be published" in said
    assert "az deployment group create" in cloud.commands


def test_each_step_is_said_before_what_its_tool_prints(cloud: Cloud) -> None:
    _, said = answered(cloud, b"n\n")
    assert said.index("What would change") < said.index("Resource changes: 30 to create.")


def make(cloud: Cloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Type make."""
    return subprocess.run(  # noqa: S603 - ours
        ["/usr/bin/env", "make", *arguments, f"VENV={sys.prefix}"],
        cwd=ROOT,
        env={**cloud.environment, "PATH": f"{cloud.tools}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["entra", "deploy", "rotate-master-key", "teardown"])
def test_make_runs_each_command(cloud: Cloud, command: str) -> None:
    cloud.fail("az account show")
    ended = make(cloud, command, "ENV=prod")
    assert ended.returncode != 0
    assert "run `az login`" in ended.stderr


def test_make_hands_on_what_it_is_told(cloud: Cloud) -> None:
    cloud.fail("az keyvault list-deleted")
    make(cloud, "deploy", "ENV=dev", "LOCATION=nowhere")
    assert cloud.state["groups"] == {"enhancement-exchange-dev": "nowhere"}
