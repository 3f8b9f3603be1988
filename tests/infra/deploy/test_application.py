"""Which application in Entra is used: never another person's, unless the user says so."""

import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from infra.deploy.entra import OPERATOR
from tests.infra.deploy.cloud import Cloud
from tests.infra.deploy.test_entra import list_changes
from tests.stacks import ROOT

NAME = "enhancement-exchange-dev"
ADA = {"id": "person-1", "userPrincipalName": "ada@example.org"}
MALLORY = {"id": "person-2", "userPrincipalName": "mallory@example.org", "displayName": "Mallory"}


def an_app(client_id: str = "squatted", owners: Any = (MALLORY,)) -> dict[str, Any]:
    """Return an application with our name."""
    created = {"createdDateTime": "2026-01-02T03:04:05Z", "owners": list(owners)}
    api: dict[str, Any] = {"oauth2PermissionScopes": [], "preAuthorizedApplications": []}
    return {"id": f"object of {client_id}", "appId": client_id, "displayName": NAME, "api": api, **created}


def a_principal(client_id: str = "squatted", owners: Any = ()) -> dict[str, Any]:
    return {"id": f"principal of {client_id}", "appId": client_id, "owners": list(owners)}


def an_assignment(client_id: str = "squatted") -> dict[str, Any]:
    """Return Mallory's role operator."""
    return {
        "resourceId": f"principal of {client_id}",
        "principalId": MALLORY["id"],
        "principalDisplayName": "Mallory",
        "appRoleId": OPERATOR["id"],
    }


def answer(cloud: Cloud, text: bytes, command: str = "entra") -> tuple[int, str]:
    """Run a command at a terminal and type the answer. Return the exit code and the output."""
    terminal, program_side = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "infra.deploy", command, "dev"],
        cwd=ROOT,
        env={**cloud.environment, "LOCATION": "northeurope"},
        stdin=program_side,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:
        os.write(terminal, text)
        output, _ = running.communicate(timeout=60)
    os.close(program_side)
    os.close(terminal)
    return running.returncode, output.decode()


CONTROLLED_BY_OTHERS = [
    pytest.param([an_app()], [], [], id="of another person"),
    pytest.param([an_app(owners=[])], [], [], id="without owners"),
    pytest.param([an_app(owners=[ADA, MALLORY])], [], [], id="shared with another person"),
    pytest.param([an_app(owners=[ADA])], [a_principal(owners=[MALLORY])], [], id="with a service principal of another"),
    pytest.param([an_app(owners=[ADA])], [a_principal()], [an_assignment()], id="in which another has a role"),
]


@pytest.mark.parametrize("command", ["entra", "deploy"])
@pytest.mark.parametrize(("apps", "principals", "assignments"), CONTROLLED_BY_OTHERS)
def test_an_application_that_others_control_is_refused_without_a_terminal(
    empty_cloud: Cloud, command: str, apps: Any, principals: Any, assignments: Any
) -> None:
    empty_cloud.change(apps=apps, principals=principals, assignments=assignments)
    run = empty_cloud.run(command, YES="1", LOCATION="northeurope")
    assert run.code == 1
    assert "Others control the application enhancement-exchange-dev" in run.err
    assert "CLIENT_ID=squatted" in run.err
    assert f"az ad app create --display-name {NAME}" in run.err
    assert "2026-01-02T03:04:05Z" in run.out
    assert list_changes(empty_cloud) == []
    assert empty_cloud.state["groups"] == {}


def test_at_a_terminal_it_is_used_only_after_a_yes(empty_cloud: Cloud) -> None:
    empty_cloud.change(apps=[an_app(owners=[ADA, MALLORY])])
    for text in (b"\n", b"no\n"):
        code, output = answer(empty_cloud, text)
        assert code == 1
        assert "ada@example.org, mallory@example.org" in output
        assert "Do you trust all of them as operators? [y/N]" in output
        assert list_changes(empty_cloud) == []
    code, output = answer(empty_cloud, b"y\n")
    assert code == 0
    assert "exists, client id squatted" in output
    assert len(empty_cloud.state["apps"]) == 1


def test_client_id_names_the_application(empty_cloud: Cloud) -> None:
    empty_cloud.change(apps=[an_app(), {**an_app("theirs"), "displayName": "another name"}])
    run = empty_cloud.run("entra", CLIENT_ID="theirs")
    assert (run.code, run.err) == (0, "")
    assert "exists, client id theirs" in run.out
    assert empty_cloud.run("deploy", CLIENT_ID="theirs", YES="1", LOCATION="northeurope").code == 0
    assert "tokenAudience=theirs" in {word for call in empty_cloud.calls for word in call}


@pytest.mark.parametrize("client_id", ["absent", "object of squatted"])
def test_a_client_id_without_an_application_is_reported(empty_cloud: Cloud, client_id: str) -> None:
    empty_cloud.change(apps=[an_app()])
    run = empty_cloud.run("entra", CLIENT_ID=client_id)
    assert run.code == 1
    assert "CLIENT_ID" in run.err
    assert list_changes(empty_cloud) == []


def test_the_users_own_application_is_used_beside_others_with_the_name(cloud: Cloud) -> None:
    cloud.change(apps=[an_app(), *cloud.state["apps"], an_app("another")])
    for command in ("entra", "deploy"):
        assert cloud.run(command, YES="1", LOCATION="northeurope").code == 0
    assert "tokenAudience=client-1" in {word for call in cloud.calls for word in call}


def test_a_deployed_client_id_is_kept_whoever_runs_the_command(deployed_cloud: Cloud) -> None:
    theirs = {**deployed_cloud.state["apps"][0], "displayName": "renamed", "owners": [MALLORY]}
    deployed_cloud.change(apps=[an_app(owners=[ADA]), theirs])
    for command in ("entra", "deploy"):
        run = deployed_cloud.run(command, YES="1")
        assert (run.code, run.err) == (0, "")
        assert "client id client-1" in run.out
    assert deployed_cloud.state["parameters"]["tokenAudience"]["value"] == "client-1"


def test_a_deployed_client_id_is_changed_only_after_a_confirmation(deployed_cloud: Cloud) -> None:
    deployed_cloud.change(apps=[*deployed_cloud.state["apps"], an_app("other")])
    run = deployed_cloud.run("deploy", CLIENT_ID="other")
    assert run.code == 1
    assert "The deployment accepts tokens for the client id client-1" in run.out
    assert "Use other instead of client-1?" in run.err
    assert deployed_cloud.state["parameters"]["tokenAudience"]["value"] == "client-1"
    assert deployed_cloud.run("deploy", CLIENT_ID="other", YES="1").code == 0
    assert deployed_cloud.state["parameters"]["tokenAudience"]["value"] == "other"


def test_a_deployed_application_that_was_deleted_is_not_replaced_by_one_with_its_name(deployed_cloud: Cloud) -> None:
    deployed_cloud.change(apps=[an_app(owners=[ADA])])
    deployed_cloud.forget_calls()
    run = deployed_cloud.run("deploy", YES="1")
    assert run.code == 1
    assert "client id client-1" in run.err
    assert "restore it in the portal" in run.err
    assert list_changes(deployed_cloud) == []


def test_a_user_without_rights_in_the_subscription_can_run_entra(empty_cloud: Cloud) -> None:
    empty_cloud.fail("az deployment group show", "(AuthorizationFailed) The client does not have authorization")
    assert empty_cloud.run("entra").code == 0


def test_other_operators_are_printed(cloud: Cloud) -> None:
    principal = cloud.state["principals"][0]["id"]
    cloud.change(assignments=[*cloud.state["assignments"], {**an_assignment(), "resourceId": principal}])
    run = cloud.run("entra", CLIENT_ID="client-1")
    assert run.code == 0
    assert "also operator: Mallory" in run.out


def test_teardown_deletes_the_deployed_application_and_no_other(deployed_cloud: Cloud) -> None:
    deployed_cloud.change(apps=[an_app(owners=[ADA]), *deployed_cloud.state["apps"]])
    assert deployed_cloud.run("teardown", YES="1", ENTRA="1").code == 0
    assert [app["appId"] for app in deployed_cloud.state["apps"]] == ["squatted"]
