"""`make entra`: it creates the application once, adds what is missing, and keeps everything else."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from exchange.domain.callers import SCOPE
from tests.infra.deploy.cloud import SHORT, Cloud

CHANGES = {"az ad app create", "az ad sp create"}


def list_changes(cloud: Cloud) -> list[list[str]]:
    """Return the calls that change Entra."""
    return [
        call
        for call, command in zip(cloud.calls, cloud.commands, strict=True)
        if command in CHANGES or {"PATCH", "POST"} & set(call)
    ]


def read_app(cloud: Cloud) -> dict[str, Any]:
    (app,) = cloud.state["apps"]
    return dict(app)


def test_the_application_has_roles_scope_token_version_and_the_azure_cli(empty_cloud: Cloud) -> None:
    run = empty_cloud.run("entra")
    assert (run.code, run.err) == (0, "")
    app = read_app(empty_cloud)
    assert app["displayName"] == "enhancement-exchange-dev"
    assert app["identifierUris"] == ["api://client-1"]
    assert {role["value"] for role in app["appRoles"]} == {"requestor", "contributor", "operator"}
    assert all(role["allowedMemberTypes"] == ["User", "Application"] for role in app["appRoles"])
    assert app["api"]["requestedAccessTokenVersion"] == 2
    (scope,) = app["api"]["oauth2PermissionScopes"]
    (client,) = app["api"]["preAuthorizedApplications"]
    assert scope["value"] == SCOPE
    assert app["optionalClaims"] == {"accessToken": [{"name": "idtyp", "essential": False, "additionalProperties": []}]}
    assert client == {"appId": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "delegatedPermissionIds": [scope["id"]]}
    (principal,) = empty_cloud.state["principals"]
    operator = next(role["id"] for role in app["appRoles"] if role["value"] == "operator")
    assert empty_cloud.state["assignments"] == [
        {"principalId": "person-1", "resourceId": principal["id"], "appRoleId": operator}
    ]
    assert "--scope api://client-1/.default" in run.out


def test_the_ids_of_roles_and_scope_are_fixed(empty_cloud: Cloud) -> None:
    empty_cloud.run("entra")
    ids = [
        item["id"]
        for item in (*read_app(empty_cloud)["appRoles"], *read_app(empty_cloud)["api"]["oauth2PermissionScopes"])
    ]
    assert len(set(ids)) == 4
    assert {UUID(item).version for item in ids} == {5}
    assert ids[0] == "98f445d5-2a00-58b7-bad2-037eb7b42092"


def test_the_address_of_the_console_is_added_once_the_app_is_deployed(deployed_cloud: Cloud) -> None:
    assert "spa" not in read_app(deployed_cloud)
    run = deployed_cloud.run("entra")
    assert (run.code, run.err) == (0, "")
    address = f"{deployed_cloud.state['api']}/console/"
    assert read_app(deployed_cloud)["spa"] == {"redirectUris": [address]}
    assert f"sign-in at {address}: set" in run.out
    deployed_cloud.forget_calls()
    assert f"sign-in at {address}: not changed" in deployed_cloud.run("entra").out
    assert list_changes(deployed_cloud) == []


def test_other_addresses_of_single_page_applications_are_kept(deployed_cloud: Cloud) -> None:
    deployed_cloud.change(
        apps=[{**read_app(deployed_cloud), "spa": {"redirectUris": ["https://own.example/console/"]}}]
    )
    assert deployed_cloud.run("entra").code == 0
    address = f"{deployed_cloud.state['api']}/console/"
    assert read_app(deployed_cloud)["spa"] == {"redirectUris": ["https://own.example/console/", address]}


def test_without_a_deployment_the_console_is_left_for_the_next_run(empty_cloud: Cloud) -> None:
    run = empty_cloud.run("entra")
    assert "console: not deployed yet. Run this again after the first deployment." in run.out
    assert "spa" not in read_app(empty_cloud)


def test_deploy_says_that_the_address_of_the_console_is_missing(cloud: Cloud) -> None:
    hint = "To let users sign in to the console, run `make entra ENV=dev` again."
    assert hint in cloud.deploy().out
    assert cloud.run("entra").code == 0
    assert hint not in cloud.deploy().out


def test_a_second_run_changes_nothing(empty_cloud: Cloud) -> None:
    empty_cloud.run("entra")
    before = empty_cloud.state
    empty_cloud.forget_calls()
    run = empty_cloud.run("entra")
    assert (run.code, run.err) == (0, "")
    assert empty_cloud.state == before
    assert list_changes(empty_cloud) == []


def test_additions_of_others_are_kept(empty_cloud: Cloud) -> None:
    empty_cloud.run("entra")
    app = read_app(empty_cloud)
    app["appRoles"] = [{"id": "theirs", "value": "auditor"}]
    app["api"]["preAuthorizedApplications"].append({"appId": "theirs", "delegatedPermissionIds": []})
    app["identifierUris"] = ["https://exchange.example.org"]
    app["optionalClaims"] = {"idToken": [{"name": "upn"}], "accessToken": [{"name": "ipaddr"}]}
    empty_cloud.change(apps=[app])
    assert empty_cloud.run("entra").code == 0
    completed = read_app(empty_cloud)
    assert [role["value"] for role in completed["appRoles"]] == ["auditor", "requestor", "contributor", "operator"]
    assert completed["identifierUris"] == ["https://exchange.example.org", "api://client-1"]
    assert completed["api"] == app["api"]
    assert completed["optionalClaims"]["idToken"] == [{"name": "upn"}]
    assert [claim["name"] for claim in completed["optionalClaims"]["accessToken"]] == ["ipaddr", "idtyp"]


@pytest.mark.parametrize("command", ["az ad app create", "az rest --method PATCH", "az ad sp create", "az rest"])
def test_a_failed_call_is_reported_and_the_next_run_continues(empty_cloud: Cloud, command: str) -> None:
    empty_cloud.fail(command)
    failed = empty_cloud.run("entra")
    assert failed.code == 1
    assert "broken on purpose" in failed.err
    assert "could not be" in failed.err
    empty_cloud.repair()
    assert empty_cloud.run("entra").code == 0
    assert (
        len(empty_cloud.state["apps"])
        == len(empty_cloud.state["principals"])
        == len(empty_cloud.state["assignments"])
        == 1
    )


def test_a_call_is_retried_until_the_directory_is_replicated(empty_cloud: Cloud) -> None:
    empty_cloud.fail("az rest --method PATCH", "Resource 'object-1' does not exist or one of its references", times=2)
    assert empty_cloud.run("entra", replace(SHORT, directory_s=30.0)).code == 0


def test_an_application_with_a_longer_name_is_not_used(empty_cloud: Cloud) -> None:
    empty_cloud.change(apps=[{"id": "x", "appId": "y", "displayName": "enhancement-exchange-dev-old"}])
    assert empty_cloud.run("entra").code == 0
    assert len(empty_cloud.state["apps"]) == 2


def test_two_applications_with_the_name_are_reported_and_not_changed(empty_cloud: Cloud) -> None:
    empty_cloud.run("entra")
    empty_cloud.change(apps=[read_app(empty_cloud), {**read_app(empty_cloud), "id": "x", "appId": "y"}])
    empty_cloud.forget_calls()
    for command in ("entra", "deploy"):
        run = empty_cloud.run(command, YES="1")
        assert run.code == 1
        assert "Several applications in Entra are named enhancement-exchange-dev: client-1, y." in run.err
        assert "CLIENT_ID=<client id>" in run.err
    assert list_changes(empty_cloud) == []


def test_core_tools_are_not_required(empty_cloud: Cloud) -> None:
    (empty_cloud.tools / "func").unlink()
    assert empty_cloud.run("entra").code == 0


def test_the_bodies_of_graph_requests_are_json(empty_cloud: Cloud) -> None:
    empty_cloud.run("entra")
    bodies = [call[call.index("--body") + 1] for call in empty_cloud.calls if "--body" in call]
    assert len(bodies) == 3
    assert all(json.loads(body) for body in bodies)
