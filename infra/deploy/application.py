"""Which application in Microsoft Entra ID belongs to an environment.

Names in Entra are not unique, and any member of a directory can register an application. Its owners decide who is an
operator. So an application is not trusted because of its name. See docs/decisions/0051.
"""

import sys
from dataclasses import dataclass
from typing import Any

from infra.deploy.errors import DeployError
from infra.deploy.options import Options
from infra.deploy.prerequisites import Account
from infra.deploy.resources import read_token_audience
from infra.deploy.terminal import confirm, print_line
from infra.deploy.tools import ToolError, Tools, read_text

GRAPH = "https://graph.microsoft.com/v1.0"

Json = dict[str, Any]


def find_application(tools: Tools, options: Options, account: Account) -> Json | None:
    """Return the application of this environment, or None if it has to be created.

    It is the one that CLIENT_ID names, else the one that is deployed, else one that has our name and that the user
    controls or accepts. Raises DeployError if there is none that is certain.
    """
    deployed = read_token_audience(tools, options.name)
    if deployed and options.client_id and options.client_id != deployed:
        print_line(f"The deployment accepts tokens for the client id {deployed}. A change makes all of them invalid.")
        confirm(f"Use {options.client_id} instead of {deployed}?", yes=options.yes)
    client_id = options.client_id or deployed
    if client_id:
        return _read_application(tools, client_id)
    listed = tools.az("ad", "app", "list", "--display-name", options.name) or []
    candidates = [
        _Candidate.read(tools, application) for application in listed if application.get("displayName") == options.name
    ]
    return _choose(candidates, options, account) if candidates else None


def list_assignments(tools: Tools, principal: str) -> list[Json]:
    """Return who has which app role of the application with this service principal."""
    url = f"{GRAPH}/servicePrincipals/{principal}/appRoleAssignedTo?$top=999"
    assignments: list[Json] = tools.az("rest", "--method", "GET", "--url", url)["value"]
    return assignments


def find_principal(tools: Tools, client_id: str) -> str | None:
    """Return the object id of the application's service principal. None if it does not exist."""
    listed = tools.az("ad", "sp", "list", "--filter", f"appId eq '{client_id}'")
    return read_text(listed[0], "id") if listed else None


def _read_application(tools: Tools, client_id: str) -> Json:
    try:
        application: Json = tools.az("ad", "app", "show", "--id", client_id)
    except ToolError as error:
        raise DeployError(
            f"The application with the client id {client_id} could not be read from Entra. If it was deleted, restore "
            "it in the portal. To use another one, add CLIENT_ID=<its client id>.",
            error.tail,
        ) from None
    if application.get("appId") != client_id:
        raise DeployError("CLIENT_ID must be the client id (`appId`) of an application.")
    return application


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An application with our name. Ids map to names."""

    application: Json
    owners: dict[str, str]
    assignees: dict[str, str]

    @classmethod
    def read(cls, tools: Tools, application: Json) -> "_Candidate":
        client_id = read_text(application, "appId")
        owners = tools.az("ad", "app", "owner", "list", "--id", client_id) or []
        principal = find_principal(tools, client_id)
        assignments: list[Json] = []
        if principal is not None:
            # They can assign roles, too.
            owners += tools.az("ad", "sp", "owner", "list", "--id", principal) or []
            assignments = list_assignments(tools, principal)
        return cls(
            application,
            {owner["id"]: str(owner.get("userPrincipalName") or owner.get("displayName")) for owner in owners},
            {role["principalId"]: str(role.get("principalDisplayName")) for role in assignments},
        )

    def is_controlled_by(self, person: str) -> bool:
        """Return whether this user owns the application, and no other one owns it or has a role in it."""
        return set(self.owners) == {person} and set(self.assignees) <= {person}

    @property
    def client_id(self) -> str:
        return read_text(self.application, "appId")

    def describe(self) -> None:
        """Print what shows whether the application can be trusted."""
        print_line(f"client id     {self.client_id}")
        print_line(f"created       {self.application.get('createdDateTime') or 'unknown'}")
        print_line(f"owners        {', '.join(self.owners.values()) or 'none'}")
        print_line(f"have a role   {', '.join(self.assignees.values()) or 'none'}")


def _choose(candidates: list[_Candidate], options: Options, account: Account) -> Json:
    """Return the only application that the user controls. Without one, ask whether to use the only one there is."""
    controlled = [candidate for candidate in candidates if candidate.is_controlled_by(account.person_id)]
    if len(controlled) == 1:
        return controlled[0].application
    for candidate in candidates:
        candidate.describe()
    ids = ", ".join(candidate.client_id for candidate in candidates)
    if len(candidates) > 1:
        raise DeployError(
            f"Several applications in Entra are named {options.name}: {ids}. Check the owners above, and add "
            "CLIENT_ID=<client id> of the one that you trust."
        )
    if not sys.stdin.isatty():
        raise DeployError(
            f"Others control the application {options.name} in Entra, too. Any member of the directory can register "
            f"one with this name. If you trust its owners and everyone who has a role, add CLIENT_ID={ids}. If not, "
            f"create your own with `az ad app create --display-name {options.name} --sign-in-audience AzureADMyOrg`."
        )
    confirm("Others control this application, too. Do you trust all of them as operators?", yes=False)
    return candidates[0].application
