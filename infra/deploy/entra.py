"""`make entra`: the application in Microsoft Entra ID that access tokens are issued for, and its roles."""

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from infra.deploy import prerequisites
from infra.deploy.application import GRAPH, Json, find_application, find_principal, list_assignments
from infra.deploy.options import Options
from infra.deploy.resources import read_api_url
from infra.deploy.terminal import print_line, step
from infra.deploy.timeouts import Timeouts
from infra.deploy.tools import Tools, read_text

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
_NAMESPACE = uuid5(NAMESPACE_URL, "enhancement-exchange")
# What Graph answers while a new object is not replicated yet.
_NOT_REPLICATED = "does not exist"


def _define_role(name: str, description: str) -> Json:
    return {
        "id": str(uuid5(_NAMESPACE, f"role {name}")),
        "value": name,
        "displayName": name,
        "description": description,
        "allowedMemberTypes": ["User", "Application"],
        "isEnabled": True,
    }


REQUESTOR = _define_role("requestor", "Can request batches and read them")
CONTRIBUTOR = _define_role("contributor", "Can load references")
OPERATOR = _define_role("operator", "Can load references, manage robots and read every batch")
SCOPE: Json = {
    "id": str(uuid5(_NAMESPACE, "scope access")),
    "value": "access",
    "type": "User",
    "adminConsentDisplayName": "Access the Enhancement Exchange",
    "adminConsentDescription": "Call the Enhancement Exchange as the signed-in user, with that user's roles",
    "isEnabled": True,
}
# Marks the tokens of applications without a user.
TOKEN_TYPE: Json = {"name": "idtyp", "essential": False, "additionalProperties": []}


def set_up_application(options: Options, tools: Tools, timeouts: Timeouts) -> None:
    """Create the application or complete it, and assign the role operator to the current user."""
    account = prerequisites.check(tools, publishing=False)
    failure = "The application could not be set up. You need the Entra role Application Developer."
    with step(f"Application {options.name}", failure):
        found = find_application(tools, options, account)
        application = found or _create(tools, options.name)
        client_id = read_text(application, "appId")
        print_line(f"{'exists' if found else 'created'}, client id {client_id}")
        timeouts.retry_while(timeouts.directory_s, _NOT_REPLICATED, lambda: _complete(tools, application))
        api_url = read_api_url(tools, options.name)
        if api_url:
            timeouts.retry_while(
                timeouts.directory_s, _NOT_REPLICATED, lambda: _add_console(tools, application, api_url)
            )
        else:
            print_line("console: not deployed yet. Run this again after the first deployment.")
    failure = "The service principal of the application could not be created. Try again in a minute."
    with step("Service principal", failure):
        principal = timeouts.retry_while(
            timeouts.directory_s, _NOT_REPLICATED, lambda: _ensure_principal(tools, client_id)
        )
    failure = "The role operator could not be assigned. An owner of the application can assign it."
    with step("Your role", failure):
        timeouts.retry_while(
            timeouts.directory_s, _NOT_REPLICATED, lambda: _assign_operator(tools, principal, account.person_id)
        )
    print(f"\nTo get a token: az account get-access-token --scope api://{client_id}/.default")


def _create(tools: Tools, name: str) -> Json:
    application: Json = tools.az("ad", "app", "create", "--display-name", name, "--sign-in-audience", "AzureADMyOrg")
    return application


def _complete(tools: Tools, application: Json) -> None:
    """Add what is missing, and keep what others have added.

    The client is added in a second call, because Graph accepts only a scope that is already stored.
    """
    api: Json = application.get("api") or {}
    claims: Json = application.get("optionalClaims") or {}
    uris: list[str] = application.get("identifierUris") or []
    uri = f"api://{read_text(application, 'appId')}"
    application_fields = {
        "identifierUris": uris if uri in uris else [*uris, uri],
        "appRoles": _add_missing(application.get("appRoles"), "id", REQUESTOR, CONTRIBUTOR, OPERATOR),
        "optionalClaims": {**claims, "accessToken": _add_missing(claims.get("accessToken"), "name", TOKEN_TYPE)},
    }
    api_fields = {
        "requestedAccessTokenVersion": 2,
        "oauth2PermissionScopes": _add_missing(api.get("oauth2PermissionScopes"), "id", SCOPE),
    }
    azure_cli = {"appId": AZURE_CLI, "delegatedPermissionIds": [SCOPE["id"]]}
    clients = {"preAuthorizedApplications": _add_missing(api.get("preAuthorizedApplications"), "appId", azure_cli)}
    _patch(tools, application, "roles, scope, token version and claims", {**application_fields, "api": api_fields})
    _patch(tools, application, "Azure CLI as a client", {"api": clients})


def make_console_address(api_url: str) -> str:
    """Return the address of the console, to which Entra sends users back after they have signed in."""
    return f"{api_url.rstrip('/')}/console/"


def list_console_addresses(application: Json) -> list[str]:
    """Return the redirect addresses of single-page applications. Only they may redeem a code in a browser."""
    return (application.get("spa") or {}).get("redirectUris") or []


def _add_console(tools: Tools, application: Json, api_url: str) -> None:
    """Allow users to sign in to the console. Other addresses, such as a custom domain, are kept."""
    address, present = make_console_address(api_url), list_console_addresses(application)
    uris = present if address in present else [*present, address]
    _patch(tools, application, f"sign-in at {address}", {"spa": {"redirectUris": uris}})


def _add_missing(present: list[Json] | None, key: str, *needed: Json) -> list[Json]:
    """Return the present objects, and those of the needed ones whose key is not present."""
    present = present or []
    keys = {item.get(key) for item in present}
    return [*present, *(item for item in needed if item[key] not in keys)]


def _patch(tools: Tools, application: Json, title: str, wanted: Json) -> None:
    """Change the application unless it has the wanted values."""
    if _covers(application, wanted):
        print_line(f"{title}: not changed")
        return
    url = f"{GRAPH}/applications/{read_text(application, 'id')}"
    tools.az("rest", "--method", "PATCH", "--url", url, "--body", json.dumps(wanted))
    print_line(f"{title}: set")


def _covers(present: Any, wanted: Any) -> bool:
    """Return whether every wanted value is present. Other values do not matter."""
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(_covers(present.get(name), value) for name, value in wanted.items())
    return bool(present == wanted)


def _ensure_principal(tools: Tools, client_id: str) -> str:
    """Return the object id of the application's service principal. Create it if it does not exist."""
    found = find_principal(tools, client_id)
    principal = found or read_text(tools.az("ad", "sp", "create", "--id", client_id), "id")
    print_line("exists" if found else "created")
    return principal


def _assign_operator(tools: Tools, principal: str, person: str) -> None:
    """Assign the role operator to the user, unless it is assigned already. Print who else is an operator."""
    assigned = list_assignments(tools, principal)
    for role in assigned:
        if role["appRoleId"] == OPERATOR["id"] and role["principalId"] != person:
            print_line(f"also operator: {role.get('principalDisplayName')}")
    if any(role["principalId"] == person and role["appRoleId"] == OPERATOR["id"] for role in assigned):
        print_line("operator, not changed")
        return
    url = f"{GRAPH}/servicePrincipals/{principal}/appRoleAssignedTo"
    body = {"principalId": person, "resourceId": principal, "appRoleId": OPERATOR["id"]}
    tools.az("rest", "--method", "POST", "--url", url, "--body", json.dumps(body))
    print_line("operator")
