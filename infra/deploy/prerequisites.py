"""Checks before a command changes anything: tools, versions, login."""

import re
from dataclasses import dataclass

from infra.deploy.errors import DeployError
from infra.deploy.terminal import print_line, step
from infra.deploy.tools import ToolError, Tools, read_text

_AZ = (2, 60)  # the first version that supports Flex Consumption
_BICEP = (0, 30)
_FUNC = (4,)
_INSTALL_AZ = "Install the Azure CLI: https://learn.microsoft.com/cli/azure/install-azure-cli"
_INSTALL_FUNC = "Install version 4: https://learn.microsoft.com/azure/azure-functions/functions-run-local"


@dataclass(frozen=True, slots=True)
class Account:
    """The login of az. `person_id` is the object id of the user or service principal."""

    subscription_id: str
    person_id: str
    person_type: str


def check(tools: Tools, *, publishing: bool) -> Account:
    """Check the tools, their versions and the login. Raises DeployError."""
    with step("Prerequisites", "The Azure CLI does not work. Run `az version` to see the error."):
        if not tools.has("az"):
            raise DeployError(f"`az` is not on the PATH. {_INSTALL_AZ}")
        if _parse_version(read_text(tools.az("version"), "azure-cli")) < _AZ:
            raise DeployError("The Azure CLI is older than 2.60. Run `az upgrade`.")
        if publishing:
            _check_bicep(tools)
            _check_func(tools)
        return _read_account(tools)


def _check_bicep(tools: Tools) -> None:
    try:
        found = _parse_version(tools.read("az", "bicep", "version"))
    except ToolError as error:
        raise DeployError("Bicep is not installed. Run `az bicep install`.", error.tail) from None
    if found < _BICEP:
        raise DeployError("Bicep is older than 0.30. Run `az bicep upgrade`.")


def _check_func(tools: Tools) -> None:
    if not tools.has("func"):
        raise DeployError(f"`func` (Azure Functions Core Tools) is not on the PATH. {_INSTALL_FUNC}")
    try:
        found = _parse_version(tools.read("func", "--version"))
    except ToolError as error:
        raise DeployError(f"`func --version` fails. {_INSTALL_FUNC}", error.tail) from None
    if found < _FUNC:
        raise DeployError(f"The Azure Functions Core Tools are older than version 4. {_INSTALL_FUNC}")


def _read_account(tools: Tools) -> Account:
    try:
        account = tools.az("account", "show")
    except ToolError as error:
        raise DeployError("You are not signed in to Azure. Run `az login`.", error.tail) from None
    user = read_text(account, "user", "name")
    print_line(f"subscription  {read_text(account, 'name')} ({read_text(account, 'id')})")
    print_line(f"tenant        {read_text(account, 'tenantId')}")
    print_line(f"user          {user}")
    try:
        is_principal = read_text(account, "user", "type") == "servicePrincipal"
        person = (
            tools.az("ad", "sp", "show", "--id", user) if is_principal else tools.az("ad", "signed-in-user", "show")
        )
    except ToolError as error:
        raise DeployError(
            "The signed-in user could not be read from Entra. Run `az login` again.", error.tail
        ) from None
    return Account(read_text(account, "id"), read_text(person, "id"), "ServicePrincipal" if is_principal else "User")


def _parse_version(output: str) -> tuple[int, ...]:
    """Return the first version number in the output. Without one, return the empty tuple, which is older than any."""
    found = re.search(r"\d+(\.\d+)+", output)
    return tuple(map(int, found[0].split("."))) if found else ()
