"""Teardown: says what goes, asks, and says what stays."""

import pytest

from tests.infra.deploy.cloud import Cloud


@pytest.fixture
def there(cloud: Cloud) -> Cloud:
    assert cloud.deploy().code == 0
    cloud.forget_calls()
    return cloud


def test_everything_goes_but_the_application_and_the_vaults_name(there: Cloud) -> None:
    ended = there.run("teardown", YES="1")
    assert (ended.code, ended.err) == (0, "")
    assert there.state["groups"] == {}
    assert len(there.state["apps"]) == 1
    assert "Microsoft.KeyVault/vaults" in ended.out
    assert "vault-of-dev stays soft-deleted for 30 days" in ended.out


def test_with_entra_the_application_goes_too(there: Cloud) -> None:
    assert there.run("teardown", YES="1", ENTRA="1").code == 0
    assert there.state["apps"] == []


def test_without_a_terminal_it_lists_and_deletes_nothing(there: Cloud) -> None:
    ended = there.run("teardown", ENTRA="1")
    assert ended.code == 1
    assert "say YES=1" in ended.err
    assert "Microsoft.KeyVault/vaults" in ended.out
    assert there.state["groups"]
    assert there.state["apps"]


def test_twice_is_once(there: Cloud) -> None:
    there.run("teardown", YES="1")
    there.forget_calls()
    ended = there.run("teardown", YES="1")
    assert ended.code == 0
    assert "nothing to delete" in ended.out
    assert "az group delete" not in there.commands


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("az group exists", "can't be listed"),
        ("az resource list", "can't be listed"),
        ("az keyvault show", "can't be listed"),
        ("az ad app list", "Entra could not be asked"),
        ("az group delete", "could not be deleted"),
        ("az ad app delete", "an owner of it"),
    ],
)
def test_a_call_that_fails_is_a_sentence_and_the_next_run_goes_on(there: Cloud, command: str, sentence: str) -> None:
    there.fail(command)
    failed = there.run("teardown", YES="1", ENTRA="1")
    assert failed.code == 1
    assert sentence in failed.err
    assert "broken on purpose" in failed.err
    there.mend()
    assert there.run("teardown", YES="1", ENTRA="1").code == 0
    assert there.state["groups"] == {}
    assert there.state["apps"] == []
