"""The application in Entra: made once, completed where it lacks something, otherwise left alone."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.infra.deploy.cloud import HASTE, Cloud

CHANGES = {"az ad app create", "az ad sp create"}


def changes(cloud: Cloud) -> list[list[str]]:
    """Return the calls that change something."""
    return [
        call
        for call, command in zip(cloud.calls, cloud.commands, strict=True)
        if command in CHANGES or {"PATCH", "POST"} & set(call)
    ]


def the_app(cloud: Cloud) -> dict[str, Any]:
    (app,) = cloud.state["apps"]
    return dict(app)


def test_it_has_all_that_tokens_and_the_azure_cli_need(bare: Cloud) -> None:
    ended = bare.run("entra")
    assert (ended.code, ended.err) == (0, "")
    app = the_app(bare)
    assert app["displayName"] == "enhancement-exchange-dev"
    assert app["identifierUris"] == ["api://client-1"]
    assert {role["value"] for role in app["appRoles"]} == {"requestor", "operator"}
    assert all(role["allowedMemberTypes"] == ["User", "Application"] for role in app["appRoles"])
    assert app["api"]["requestedAccessTokenVersion"] == 2
    (scope,) = app["api"]["oauth2PermissionScopes"]
    (client,) = app["api"]["preAuthorizedApplications"]
    assert client == {"appId": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "delegatedPermissionIds": [scope["id"]]}
    (principal,) = bare.state["principals"]
    operator = next(role["id"] for role in app["appRoles"] if role["value"] == "operator")
    assert bare.state["assignments"] == [
        {"principalId": "person-1", "resourceId": principal["id"], "appRoleId": operator}
    ]
    assert "--scope api://client-1/.default" in ended.out


def test_its_ids_are_the_same_everywhere(bare: Cloud) -> None:
    bare.run("entra")
    ids = [one["id"] for one in (*the_app(bare)["appRoles"], *the_app(bare)["api"]["oauth2PermissionScopes"])]
    assert len(set(ids)) == 3
    assert {UUID(one).version for one in ids} == {5}
    assert ids[0] == "98f445d5-2a00-58b7-bad2-037eb7b42092"


def test_a_second_run_changes_nothing(bare: Cloud) -> None:
    bare.run("entra")
    before = bare.state
    bare.forget_calls()
    ended = bare.run("entra")
    assert (ended.code, ended.err) == (0, "")
    assert bare.state == before
    assert changes(bare) == []


def test_what_others_have_added_stays(bare: Cloud) -> None:
    bare.run("entra")
    app = the_app(bare)
    app["appRoles"] = [{"id": "theirs", "value": "auditor"}]
    app["api"]["preAuthorizedApplications"].append({"appId": "theirs", "delegatedPermissionIds": []})
    app["identifierUris"] = ["https://exchange.example.org"]
    bare.change(apps=[app])
    assert bare.run("entra").code == 0
    mended = the_app(bare)
    assert [role["value"] for role in mended["appRoles"]] == ["auditor", "requestor", "operator"]
    assert mended["identifierUris"] == ["https://exchange.example.org", "api://client-1"]
    assert mended["api"] == app["api"]


@pytest.mark.parametrize("command", ["az ad app create", "az rest --method PATCH", "az ad sp create", "az rest"])
def test_a_call_that_fails_is_a_sentence_and_the_next_run_goes_on(bare: Cloud, command: str) -> None:
    bare.fail(command)
    failed = bare.run("entra")
    assert failed.code == 1
    assert "broken on purpose" in failed.err
    assert "could not be" in failed.err
    bare.mend()
    assert bare.run("entra").code == 0
    assert len(bare.state["apps"]) == len(bare.state["principals"]) == len(bare.state["assignments"]) == 1


def test_a_directory_that_does_not_know_yet_what_it_has_made_is_asked_again(bare: Cloud) -> None:
    bare.fail("az rest --method PATCH", "Resource 'object-1' does not exist or one of its references", times=2)
    assert bare.run("entra", replace(HASTE, directory_s=30.0)).code == 0


def test_an_application_of_a_longer_name_is_another(bare: Cloud) -> None:
    bare.change(apps=[{"id": "x", "appId": "y", "displayName": "enhancement-exchange-dev-old"}])
    assert bare.run("entra").code == 0
    assert len(bare.state["apps"]) == 2


def test_of_two_applications_of_the_name_neither_is_taken(bare: Cloud) -> None:
    bare.run("entra")
    bare.change(apps=[the_app(bare), {**the_app(bare), "id": "x", "appId": "y"}])
    bare.forget_calls()
    for command in ("entra", "deploy"):
        ended = bare.run(command, YES="1")
        assert ended.code == 1
        assert "Several applications" in ended.err
    assert changes(bare) == []


def test_needs_no_core_tools(bare: Cloud) -> None:
    (bare.tools / "func").unlink()
    assert bare.run("entra").code == 0


def test_what_goes_to_graph_is_json(bare: Cloud) -> None:
    bare.run("entra")
    bodies = [call[call.index("--body") + 1] for call in bare.calls if "--body" in call]
    assert len(bodies) == 3
    assert all(json.loads(body) for body in bodies)
