"""The application in Microsoft Entra ID: what access tokens are for, and the roles they carry."""

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from infra.deploy import prerequisites
from infra.deploy.options import Options
from infra.deploy.patience import Patience
from infra.deploy.problem import DeployError
from infra.deploy.terminal import say, step
from infra.deploy.tools import Tools, text

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
GRAPH = "https://graph.microsoft.com/v1.0"
_OURS = uuid5(NAMESPACE_URL, "enhancement-exchange")
_NOT_YET = "does not exist"

Json = dict[str, Any]


def _role(name: str, may: str) -> Json:
    return {
        "id": str(uuid5(_OURS, f"role {name}")),
        "value": name,
        "displayName": name,
        "description": may,
        "allowedMemberTypes": ["User", "Application"],
        "isEnabled": True,
    }


REQUESTOR = _role("requestor", "May request batches and read them")
OPERATOR = _role("operator", "May load references, look after robots and read every batch")
SCOPE: Json = {
    "id": str(uuid5(_OURS, "scope access")),
    "value": "access",
    "type": "User",
    "adminConsentDisplayName": "Access the Enhancement Exchange",
    "adminConsentDescription": "Call the Enhancement Exchange as the signed-in user, with that user's roles",
    "isEnabled": True,
}


def entra(options: Options, tools: Tools, patience: Patience) -> None:
    """Make the application as it has to be, or complete it, and make whoever runs this an operator."""
    me = prerequisites.check(tools, publishing=False).person_id
    failed = "The application could not be made: that takes the Entra role Application Developer, or ask who has it."
    with step(f"Application {options.name}", failed):
        found = find(tools, options.name)
        application = found or _create(tools, options.name)
        client_id = text(application, "appId")
        say(f"{'exists' if found else 'created'}, client id {client_id}")
        patience.through(patience.directory_s, _NOT_YET, lambda: _complete(tools, application))
    with step("Service principal", "The application's service principal could not be made: run it again in a minute."):
        principal = patience.through(patience.directory_s, _NOT_YET, lambda: _principal(tools, client_id))
    failed = "The role operator could not be assigned: an owner of the application can do it, run as such, or ask one."
    with step("Role of whoever runs this", failed):
        patience.through(patience.directory_s, _NOT_YET, lambda: _assign_operator(tools, principal, me))
    print(f"\nTokens: az account get-access-token --scope api://{client_id}/.default")


def find(tools: Tools, name: str) -> Json | None:
    """Find the application by its exact name; None if there is none. Raises DeployError if there are several."""
    listed = tools.az("ad", "app", "list", "--display-name", name) or []
    found: list[Json] = [one for one in listed if one.get("displayName") == name]
    if len(found) > 1:
        raise DeployError(f"Several applications in Entra are named {name}: rename or delete all but the right one.")
    return found[0] if found else None


def _create(tools: Tools, name: str) -> Json:
    made: Json = tools.az("ad", "app", "create", "--display-name", name, "--sign-in-audience", "AzureADMyOrg")
    return made


def _complete(tools: Tools, application: Json) -> None:
    """Add what the application lacks, and leave alone what others have added.

    In two calls: Graph knows a scope only once it is stored.
    """
    api: Json = application.get("api") or {}
    uris: list[str] = application.get("identifierUris") or []
    uri = f"api://{text(application, 'appId')}"
    described = {
        "identifierUris": uris if uri in uris else [*uris, uri],
        "appRoles": _with(application.get("appRoles"), "id", REQUESTOR, OPERATOR),
    }
    offered = {
        "requestedAccessTokenVersion": 2,
        "oauth2PermissionScopes": _with(api.get("oauth2PermissionScopes"), "id", SCOPE),
    }
    trusted = {"appId": AZURE_CLI, "delegatedPermissionIds": [SCOPE["id"]]}
    clients = {"preAuthorizedApplications": _with(api.get("preAuthorizedApplications"), "appId", trusted)}
    _patch(tools, application, "roles, scope and token version", {**described, "api": offered})
    _patch(tools, application, "the Azure CLI as a client", {"api": clients})


def _with(present: list[Json] | None, key: str, *needed: Json) -> list[Json]:
    """Give what is present and those of the needed that are not, by this key."""
    present = present or []
    there = {one.get(key) for one in present}
    return [*present, *(one for one in needed if one[key] not in there)]


def _patch(tools: Tools, application: Json, what: str, wanted: Json) -> None:
    """Change the application if it is not as wanted."""
    if _covers(application, wanted):
        say(f"{what}: as they should be")
        return
    url = f"{GRAPH}/applications/{text(application, 'id')}"
    tools.az("rest", "--method", "PATCH", "--url", url, "--body", json.dumps(wanted))
    say(f"{what}: set")


def _covers(present: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there, whatever else is."""
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(_covers(present.get(name), value) for name, value in wanted.items())
    return bool(present == wanted)


def _principal(tools: Tools, client_id: str) -> str:
    """Return the object id of the application's service principal, which is made if there is none."""
    listed = tools.az("ad", "sp", "list", "--filter", f"appId eq '{client_id}'")
    say("exists" if listed else "created")
    return text(listed[0] if listed else tools.az("ad", "sp", "create", "--id", client_id), "id")


def _assign_operator(tools: Tools, principal: str, person: str) -> None:
    """Give whoever runs this the role operator, once."""
    url = f"{GRAPH}/servicePrincipals/{principal}/appRoleAssignedTo"
    assigned = tools.az("rest", "--method", "GET", "--url", f"{url}?$top=999")["value"]
    if any(one["principalId"] == person and one["appRoleId"] == OPERATOR["id"] for one in assigned):
        say("operator already")
        return
    body = {"principalId": person, "resourceId": principal, "appRoleId": OPERATOR["id"]}
    tools.az("rest", "--method", "POST", "--url", url, "--body", json.dumps(body))
    say("operator")
