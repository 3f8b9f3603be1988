"""The resource group, and the Bicep deployments in it."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from infra.deploy.errors import DeployError
from infra.deploy.options import Options
from infra.deploy.terminal import print_line
from infra.deploy.tools import ToolError, Tools, read_text

# The names of the two deployments in the group. The outputs are read by the first name.
_MAIN = "main"
_EVENTS = "events"
# What az prints if the group or the deployment does not exist, or is not visible to the user.
_NO_DEPLOYMENT = ("could not be found", "AuthorizationFailed")
# The end of the budget's name in infra/modules/alerts.bicep.
BUDGET_SUFFIX = "-app-budget"
_BUDGETS = "providers/Microsoft.Consumption/budgets?api-version=2024-08-01"


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of main.bicep."""

    function_app_name: str
    api_url: str
    vault_name: str
    master_key_name: str
    data_storage_name: str
    event_topic_name: str
    application_insights_name: str

    @classmethod
    def read(cls, answer: Any) -> Self:
        """Read the outputs of a deployment. Raises DeployError, which names a missing one."""
        return cls(**{field.name: read_text(answer, _to_camel_case(field.name), "value") for field in fields(cls)})


def _to_camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def group_exists(tools: Tools, group: str) -> bool:
    """Return whether the resource group exists."""
    return bool(tools.az("group", "exists", "--name", group))


def create_group(tools: Tools, options: Options) -> None:
    """Create the resource group unless it exists. Raises DeployError if the location is missing."""
    if group_exists(tools, options.name):
        print_line("exists")
        return
    if not options.location:
        raise DeployError(
            f"The resource group {options.name} does not exist yet. Add LOCATION=... with one of the regions that "
            "`az functionapp list-flexconsumption-locations` prints."
        )
    tools.az("group", "create", "--name", options.name, "--location", options.location)
    print_line(f"created in {options.location}")


def recover_vaults(tools: Tools, group: str) -> None:
    """Recover key vaults of this group that a teardown has soft-deleted, because their names cannot be used again.

    Raises DeployError if a vault is in another region. It can only be recovered in its region.
    """
    deleted = tools.az("keyvault", "list-deleted", "--resource-type", "vault") or []
    ours = [
        vault for vault in deleted if f"/resourcegroups/{group}/" in read_text(vault, "properties", "vaultId").lower()
    ]
    region = tools.az("group", "show", "--name", group, "--query", "location") if ours else ""
    for vault in ours:
        name, location = read_text(vault, "name"), read_text(vault, "properties", "location")
        if _normalize(location) != _normalize(region):
            raise DeployError(
                f"The key vault {name} of an earlier deployment is in {location}, but the resource group is in "
                f"{region}. Delete the group with `make teardown`, and deploy with LOCATION={location}."
            )
        tools.az("keyvault", "recover", "--name", name, "--location", location, "--resource-group", group)
        print_line(f"{name}: recovered with its secrets")
    if not ours:
        print_line("none")


def _normalize(location: str) -> str:
    """Return the short form of a region's name: westeurope for West Europe."""
    return location.replace(" ", "").lower()


def find_budget_start(tools: Tools, subscription_id: str, group: str) -> str:
    """Return the start of the existing budget, which cannot be changed, or the first day of this month."""
    url = f"/subscriptions/{subscription_id}/resourceGroups/{group}/{_BUDGETS}"
    budgets = tools.az("rest", "--method", "GET", "--url", url, "--query", "value") or []
    # The group may have budgets that we did not create.
    for budget in budgets:
        if read_text(budget, "name").endswith(BUDGET_SUFFIX):
            return read_text(budget, "properties", "timePeriod", "startDate")[:10]
    return f"{datetime.now(UTC):%Y-%m}-01"


def preview(tools: Tools, options: Options, parameters: list[str]) -> None:
    """Print what the deployment of main.bicep would change."""
    tools.show("az", "deployment", "group", "what-if", *_main_options(options, parameters))


def deploy_main(tools: Tools, options: Options, parameters: list[str]) -> Outputs:
    """Deploy main.bicep: everything that does not need the published code."""
    outputs = tools.az(
        "deployment", "group", "create", *_main_options(options, parameters), "--query", "properties.outputs"
    )
    return Outputs.read(outputs)


def _main_options(options: Options, parameters: list[str]) -> list[str]:
    file = f"infra/{options.environment}.bicepparam"
    deployment = ["--resource-group", options.name, "--name", _MAIN]
    return [*deployment, "--parameters", file, "--parameters", *parameters]


def read_outputs(tools: Tools, group: str) -> Outputs:
    """Return the outputs of the last deployment of main.bicep. Raises ToolError if there is none."""
    deployment = ["--resource-group", group, "--name", _MAIN]
    return Outputs.read(tools.az("deployment", "group", "show", *deployment, "--query", "properties.outputs"))


def read_token_audience(tools: Tools, group: str) -> str:
    """Return the client id that the last deployment of main.bicep configured. Without a deployment it is empty."""
    return _read_deployed(tools, group, "parameters", "tokenAudience")


def read_api_url(tools: Tools, group: str) -> str:
    """Return the address of the app. Without a deployment it is empty."""
    return _read_deployed(tools, group, "outputs", "apiUrl")


def _read_deployed(tools: Tools, group: str, part: str, name: str) -> str:
    """Return a value of the last deployment of main.bicep, or an empty text if there is none.

    A user without rights in the subscription gets an empty one, too, and can still run `make entra`.
    """
    deployment = ["--resource-group", group, "--name", _MAIN]
    try:
        values = tools.az("deployment", "group", "show", *deployment, "--query", f"properties.{part}")
    except ToolError as error:
        if not any(reason in error.stderr for reason in _NO_DEPLOYMENT):
            raise
        return ""
    return str(((values or {}).get(name) or {}).get("value") or "")


def deploy_events(tools: Tools, group: str, outputs: Outputs) -> None:
    """Deploy events.bicep: subscribe the published code to blob events."""
    parameters = [
        f"functionAppName={outputs.function_app_name}",
        f"eventTopicName={outputs.event_topic_name}",
        f"dataStorageName={outputs.data_storage_name}",
    ]
    deployment = ["--resource-group", group, "--name", _EVENTS, "--template-file", "infra/events.bicep"]
    tools.az(
        "deployment",
        "group",
        "create",
        *deployment,
        "--parameters",
        *parameters,
        "--query",
        "properties.provisioningState",
    )
