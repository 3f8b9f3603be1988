"""The commands at a terminal, and as make targets."""

import os
import pty
import subprocess
import sys

import pytest

from tests.infra.deploy.cloud import Cloud
from tests.stacks import ROOT
from tests.tiers import choose


def deploy_and_answer(cloud: Cloud, answer: bytes) -> tuple[int, str]:
    """Run deploy at a terminal and type the answer. Return the exit code and the output."""
    terminal, program_side = pty.openpty()
    command = [sys.executable, "-m", "infra.deploy", "deploy", "dev"]
    environment = {**cloud.environment, "LOCATION": "northeurope"}
    with subprocess.Popen(  # noqa: S603 - ours
        command, cwd=ROOT, env=environment, stdin=program_side, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        os.write(terminal, answer)
        output, _ = running.communicate(timeout=60)
    os.close(program_side)
    os.close(terminal)
    return running.returncode, output.decode()


@pytest.mark.parametrize("answer", choose([b"\n", b"n\n", b"what?\n", b"\x04"], one_in=4))
def test_any_answer_but_yes_deploys_nothing(cloud: Cloud, answer: bytes) -> None:
    code, output = deploy_and_answer(cloud, answer)
    assert code == 1
    assert "Deploy? [y/N]" in output
    assert "Nothing was changed." in output
    assert cloud.commands[-1] == "az deployment group what-if"


def test_yes_starts_the_deployment(cloud: Cloud) -> None:
    cloud.fail("func")
    code, output = deploy_and_answer(cloud, b"y\n")
    assert code == 1
    assert "The code could not be published" in output
    assert "az deployment group create" in cloud.commands


def test_the_title_of_a_step_precedes_the_output_of_its_tool(cloud: Cloud) -> None:
    _, output = deploy_and_answer(cloud, b"n\n")
    assert output.index("Preview") < output.index("Resource changes: 30 to create.")


def make(cloud: Cloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make."""
    return subprocess.run(  # noqa: S603 - ours
        ["/usr/bin/env", "make", *arguments, f"VENV={sys.prefix}"],
        cwd=ROOT,
        env={**cloud.environment, "PATH": f"{cloud.tools}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", choose(["deploy", "entra", "rotate-master-key", "teardown"], one_in=4))
def test_make_runs_each_command(cloud: Cloud, command: str) -> None:
    cloud.fail("az account show")
    run = make(cloud, command, "ENV=prod")
    assert run.returncode != 0
    assert "Run `az login`" in run.stderr


def test_make_passes_variables_on(cloud: Cloud) -> None:
    cloud.fail("az keyvault list-deleted")
    make(cloud, "deploy", "ENV=dev", "LOCATION=nowhere")
    assert cloud.state["groups"] == {"enhancement-exchange-dev": "nowhere"}
