"""The deployed app's settings, for what operators type."""

import json

import pytest

from infra.deploy.tools import ROOT
from tests.infra.deploy.cloud import Cloud


def test_an_operator_gets_the_apps_settings_but_not_its_identity(cloud: Cloud) -> None:
    assert cloud.deploy().code == 0
    file = ROOT / ".local" / "dev.settings.json"
    file.unlink(missing_ok=True)
    ended = cloud.run("settings")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(file.read_text())["Values"] == {"COSMOS_ENDPOINT": "https://cosmos.example/"}
    file.unlink()


def test_without_a_deployment_there_are_none(cloud: Cloud) -> None:
    ended = cloud.run("settings")
    assert ended.code == 1
    assert "run `make deploy ENV=dev` first" in ended.err


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ("", "Say which environment: make deploy ENV=dev or make deploy ENV=prod."),
        ("staging", "There is no environment 'staging': make deploy ENV=dev or make deploy ENV=prod."),
    ],
)
def test_an_environment_that_there_is_not_is_a_sentence(cloud: Cloud, environment: str, sentence: str) -> None:
    ended = cloud.run("deploy", environment=environment)
    assert (ended.code, ended.err.strip()) == (1, sentence)
    assert not cloud.calls
