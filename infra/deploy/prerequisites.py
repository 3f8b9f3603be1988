"""What has to be there before anything is done."""

import re
from dataclasses import dataclass

from infra.deploy.problem import DeployError
from infra.deploy.terminal import say, step
from infra.deploy.tools import ToolError, Tools, text

_AZ = (2, 60)  # the first that knows Flex Consumption
_BICEP = (0, 30)
_FUNC = (4,)
_INSTALL_AZ = "Install the Azure CLI: https://learn.microsoft.com/cli/azure/install-azure-cli"
_INSTALL_FUNC = "Install version 4: https://learn.microsoft.com/azure/azure-functions/functions-run-local"


@dataclass(frozen=True, slots=True)
class Account:
    """As whom, and in which subscription, az works. `person_id` is the object id of the user or service principal."""

    subscription_id: str
    person_id: str
    person_type: str


def check(tools: Tools, *, publishing: bool) -> Account:
    """See that the tools are there and new enough and that somebody is logged in; raises DeployError."""
    with step("Prerequisites", "The Azure CLI doesn't work: run `az version` and see what it says."):
        if not tools.has("az"):
            raise DeployError(f"There is no `az` on the PATH. {_INSTALL_AZ}")
        if _version(text(tools.az("version"), "azure-cli")) < _AZ:
            raise DeployError("The Azure CLI is older than 2.60: run `az upgrade`.")
        if publishing:
            _check_bicep(tools)
            _check_func(tools)
        return _account(tools)


def _check_bicep(tools: Tools) -> None:
    try:
        found = _version(tools.read("az", "bicep", "version"))
    except ToolError as failed:
        raise DeployError("The Azure CLI has no Bicep: run `az bicep install`.", failed.tail) from None
    if found < _BICEP:
        raise DeployError("The Azure CLI's Bicep is older than 0.30: run `az bicep upgrade`.")


def _check_func(tools: Tools) -> None:
    if not tools.has("func"):
        raise DeployError(f"There is no `func`, of the Azure Functions Core Tools, on the PATH. {_INSTALL_FUNC}")
    try:
        found = _version(tools.read("func", "--version"))
    except ToolError as failed:
        raise DeployError(f"`func --version` fails. {_INSTALL_FUNC}", failed.tail) from None
    if found < _FUNC:
        raise DeployError(f"The Azure Functions Core Tools are older than version 4. {_INSTALL_FUNC}")


def _account(tools: Tools) -> Account:
    try:
        shown = tools.az("account", "show")
    except ToolError as failed:
        raise DeployError("Nobody is logged in to Azure: run `az login`.", failed.tail) from None
    who = text(shown, "user", "name")
    say(f"subscription  {text(shown, 'name')} ({text(shown, 'id')})")
    say(f"tenant        {text(shown, 'tenantId')}")
    say(f"as            {who}")
    try:
        automatic = text(shown, "user", "type") == "servicePrincipal"
        me = tools.az("ad", "sp", "show", "--id", who) if automatic else tools.az("ad", "signed-in-user", "show")
    except ToolError as failed:
        raise DeployError("Who is logged in can't be read from Entra: run `az login` again.", failed.tail) from None
    return Account(text(shown, "id"), text(me, "id"), "ServicePrincipal" if automatic else "User")


def _version(printed: str) -> tuple[int, ...]:
    """Find the first version number in what a tool printed; the empty tuple, older than any, if there is none."""
    found = re.search(r"\d+(\.\d+)+", printed)
    return tuple(map(int, found[0].split("."))) if found else ()
