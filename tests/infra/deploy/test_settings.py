"""`python -m infra.deploy settings`: it writes the deployed app's settings to a file."""

import json

import pytest

from infra.deploy.tools import ROOT
from tests.infra.deploy.cloud import Cloud


def test_the_file_has_the_settings_of_the_app_but_not_its_identity(deployed_cloud: Cloud) -> None:
    file = ROOT / ".local" / "dev.settings.json"
    file.unlink(missing_ok=True)
    run = deployed_cloud.run("settings")
    assert (run.code, run.err) == (0, "")
    assert json.loads(file.read_text())["Values"] == {"COSMOS_ENDPOINT": "https://cosmos.example/"}
    file.unlink()


def test_without_a_deployment_it_fails(cloud: Cloud) -> None:
    run = cloud.run("settings")
    assert run.code == 1
    assert "Run `make deploy ENV=dev` first" in run.err


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("", "The environment is missing. Type make deploy ENV=dev or make deploy ENV=prod."),
        ("staging", "There is no environment 'staging'. Type make deploy ENV=dev or make deploy ENV=prod."),
    ],
)
def test_a_missing_or_unknown_environment_is_reported(cloud: Cloud, environment: str, message: str) -> None:
    run = cloud.run("deploy", environment=environment)
    assert (run.code, run.err.strip()) == (1, message)
    assert not cloud.calls
