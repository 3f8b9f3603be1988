"""`make rotate-master-key`: it warns, asks, sets a new key and restarts the app."""

import pytest

from tests.infra.deploy.cloud import Cloud


def test_a_new_key_is_set_and_the_app_restarts(deployed_cloud: Cloud) -> None:
    run = deployed_cloud.run("rotate-master-key", YES="1")
    assert (run.code, run.err) == (0, "")
    old, new = deployed_cloud.state["secrets"]["robot-master-key"]
    assert old != new
    assert deployed_cloud.commands[-3:] == ["az keyvault secret set", "az rest", "az functionapp restart"]
    assert "The secrets of all robots and webhooks" in run.out
    assert new not in run.out + str(deployed_cloud.calls)


def test_it_changes_nothing_without_confirmation(deployed_cloud: Cloud) -> None:
    run = deployed_cloud.run("rotate-master-key")
    assert run.code == 1
    assert "Use YES=1" in run.err
    assert "The secrets of all robots and webhooks" in run.out
    assert len(deployed_cloud.state["secrets"]["robot-master-key"]) == 1


def test_without_a_deployment_it_fails(cloud: Cloud) -> None:
    run = cloud.run("rotate-master-key", YES="1")
    assert run.code == 1
    assert "Run `make deploy ENV=dev` first" in run.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("az keyvault secret set", "could not be set"),
        ("az rest", "still uses the old one"),
        ("az functionapp restart", "still uses the old one"),
    ],
)
def test_a_failed_call_is_reported(deployed_cloud: Cloud, command: str, message: str) -> None:
    deployed_cloud.fail(command)
    run = deployed_cloud.run("rotate-master-key", YES="1")
    assert run.code == 1
    assert message in run.err
    assert deployed_cloud.commands[-1] == command
