"""`make teardown`: it lists what exists, asks, deletes, and prints what remains."""

import pytest

from tests.infra.deploy.cloud import Cloud


def test_everything_is_deleted_except_the_application_and_the_soft_deleted_vault(deployed_cloud: Cloud) -> None:
    run = deployed_cloud.run("teardown", YES="1")
    assert (run.code, run.err) == (0, "")
    assert deployed_cloud.state["groups"] == {}
    assert len(deployed_cloud.state["apps"]) == 1
    assert "Microsoft.KeyVault/vaults" in run.out
    assert "vault-of-dev stays soft-deleted for 30 days" in run.out


def test_with_entra_the_application_is_deleted_too(deployed_cloud: Cloud) -> None:
    assert deployed_cloud.run("teardown", YES="1", ENTRA="1").code == 0
    assert deployed_cloud.state["apps"] == []


def test_without_a_terminal_nothing_is_deleted(deployed_cloud: Cloud) -> None:
    run = deployed_cloud.run("teardown", ENTRA="1")
    assert run.code == 1
    assert "Use YES=1" in run.err
    assert "Microsoft.KeyVault/vaults" in run.out
    assert deployed_cloud.state["groups"]
    assert deployed_cloud.state["apps"]


def test_a_second_run_finds_nothing_to_delete(deployed_cloud: Cloud) -> None:
    deployed_cloud.run("teardown", YES="1")
    deployed_cloud.forget_calls()
    run = deployed_cloud.run("teardown", YES="1")
    assert run.code == 0
    assert "nothing to delete" in run.out
    assert "az group delete" not in deployed_cloud.commands


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("az group exists", "could not be listed"),
        ("az resource list", "could not be listed"),
        ("az keyvault show", "could not be listed"),
        ("az deployment group show", "could not be read from Entra"),
        ("az ad app show", "could not be read from Entra"),
        ("az group delete", "could not be deleted"),
        ("az ad app delete", "One of its owners"),
    ],
)
def test_a_failed_call_is_reported_and_the_next_run_continues(
    deployed_cloud: Cloud, command: str, message: str
) -> None:
    deployed_cloud.fail(command)
    failed = deployed_cloud.run("teardown", YES="1", ENTRA="1")
    assert failed.code == 1
    assert message in failed.err
    assert "broken on purpose" in failed.err
    deployed_cloud.repair()
    assert deployed_cloud.run("teardown", YES="1", ENTRA="1").code == 0
    assert deployed_cloud.state["groups"] == {}
    assert deployed_cloud.state["apps"] == []
