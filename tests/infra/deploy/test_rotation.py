"""Rotation of the master key: it says what that does, asks, and leaves the app with the new key."""

import pytest

from tests.infra.deploy.cloud import Cloud


@pytest.fixture
def there(cloud: Cloud) -> Cloud:
    assert cloud.deploy().code == 0
    cloud.forget_calls()
    return cloud


def test_a_new_version_is_set_and_the_app_restarts_with_it(there: Cloud) -> None:
    ended = there.run("rotate-master-key", YES="1")
    assert (ended.code, ended.err) == (0, "")
    old, new = there.state["secrets"]["robot-master-key"]
    assert old != new
    assert there.commands[-3:] == ["az keyvault secret set", "az rest", "az functionapp restart"]
    assert "Every robot's secret" in ended.out
    assert new not in ended.out + str(there.calls)


def test_it_asks_first(there: Cloud) -> None:
    ended = there.run("rotate-master-key")
    assert ended.code == 1
    assert "say YES=1" in ended.err
    assert "Every robot's secret" in ended.out
    assert len(there.state["secrets"]["robot-master-key"]) == 1


def test_without_a_deployment_there_is_nothing_to_rotate(cloud: Cloud) -> None:
    ended = cloud.run("rotate-master-key", YES="1")
    assert ended.code == 1
    assert "run `make deploy ENV=dev` first" in ended.err


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("az keyvault secret set", "could not be set"),
        ("az rest", "still has the old one"),
        ("az functionapp restart", "still has the old one"),
    ],
)
def test_a_call_that_fails_is_a_sentence(there: Cloud, command: str, sentence: str) -> None:
    there.fail(command)
    ended = there.run("rotate-master-key", YES="1")
    assert ended.code == 1
    assert sentence in ended.err
    assert there.commands[-1] == command
