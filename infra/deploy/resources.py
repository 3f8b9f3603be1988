"""The resource group and what the Bicep files make in it."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from infra.deploy.options import Options
from infra.deploy.problem import DeployError
from infra.deploy.terminal import say
from infra.deploy.tools import Tools, text

# The name that the first phase's deployment has in the group: its outputs are looked up by it.
_MAIN = "main"
_EVENTS = "events"
# How infra/modules/watch.bicep ends the name of the budget.
OUR_BUDGET = "-app-budget"
_BUDGETS = "providers/Microsoft.Consumption/budgets?api-version=2024-08-01"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the first phase says of what it made."""

    function_app_name: str
    api_url: str
    vault_name: str
    master_key_name: str
    data_storage_name: str
    event_topic_name: str
    application_insights_name: str

    @classmethod
    def read(cls, answer: Any) -> Self:
        """Read a deployment's outputs; raises DeployError naming one that is missing."""
        return cls(**{field.name: text(answer, _camel(field.name), "value") for field in fields(cls)})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def group_exists(tools: Tools, group: str) -> bool:
    """Whether there is a resource group of this name."""
    return bool(tools.az("group", "exists", "--name", group))


def make_group(tools: Tools, options: Options) -> None:
    """Make the resource group if it is not there; raises DeployError if it is not said where."""
    if group_exists(tools, options.name):
        say("exists")
        return
    if not options.location:
        raise DeployError(
            f"There is no resource group {options.name} yet, and nothing says where to make it: say LOCATION=..., "
            "one of what `az functionapp list-flexconsumption-locations` lists."
        )
    tools.az("group", "create", "--name", options.name, "--location", options.location)
    say(f"created in {options.location}")


def recover_vaults(tools: Tools, group: str) -> None:
    """Recover the key vaults that an earlier teardown of this group left soft-deleted: their names stay taken.

    Raises DeployError for one in another region: it comes back where it was, and can't be moved.
    """
    deleted = tools.az("keyvault", "list-deleted", "--resource-type", "vault") or []
    ours = [one for one in deleted if f"/resourcegroups/{group}/" in text(one, "properties", "vaultId").lower()]
    here = tools.az("group", "show", "--name", group, "--query", "location") if ours else ""
    for vault in ours:
        name, location = text(vault, "name"), text(vault, "properties", "location")
        if _plain(location) != _plain(here):
            raise DeployError(
                f"The key vault {name} of an earlier deployment is in {location}, but the resource group is in {here}: "
                f"delete the group by `make teardown`, and deploy with LOCATION={location}."
            )
        tools.az("keyvault", "recover", "--name", name, "--location", location, "--resource-group", group)
        say(f"{name}: recovered, with the secrets in it")
    if not ours:
        say("none to recover")


def _plain(location: str) -> str:
    """Spell a region one way: West Europe is westeurope."""
    return location.replace(" ", "").lower()


def budget_start(tools: Tools, subscription_id: str, group: str) -> str:
    """Return when the group's budget began, which can't be changed; if it has none, the first of this month."""
    url = f"/subscriptions/{subscription_id}/resourceGroups/{group}/{_BUDGETS}"
    budgets = tools.az("rest", "--method", "GET", "--url", url, "--query", "value") or []
    # Others may have budgets for the group as well.
    for ours in (one for one in budgets if text(one, "name").endswith(OUR_BUDGET)):
        return text(ours, "properties", "timePeriod", "startDate")[:10]
    return f"{datetime.now(UTC):%Y-%m}-01"


def preview(tools: Tools, options: Options, parameters: list[str]) -> None:
    """Show what a deployment would change."""
    tools.show("az", "deployment", "group", "what-if", *_first_phase(options, parameters))


def deploy_main(tools: Tools, options: Options, parameters: list[str]) -> Outputs:
    """Make everything but what needs the code; return what was made."""
    outputs = tools.az(
        "deployment", "group", "create", *_first_phase(options, parameters), "--query", "properties.outputs"
    )
    return Outputs.read(outputs)


def _first_phase(options: Options, parameters: list[str]) -> list[str]:
    file = f"infra/{options.environment}.bicepparam"
    named = ["--resource-group", options.name, "--name", _MAIN]
    return [*named, "--parameters", file, "--parameters", *parameters]


def last_outputs(tools: Tools, group: str) -> Outputs:
    """Return what the last deployment of this group made. Raises ToolError if there was none."""
    named = ["--resource-group", group, "--name", _MAIN]
    return Outputs.read(tools.az("deployment", "group", "show", *named, "--query", "properties.outputs"))


def deploy_events(tools: Tools, group: str, outputs: Outputs) -> None:
    """Subscribe the published code to the blob events."""
    parameters = [
        f"functionAppName={outputs.function_app_name}",
        f"eventTopicName={outputs.event_topic_name}",
        f"dataStorageName={outputs.data_storage_name}",
    ]
    named = ["--resource-group", group, "--name", _EVENTS, "--template-file", "infra/events.bicep"]
    tools.az(
        "deployment", "group", "create", *named, "--parameters", *parameters, "--query", "properties.provisioningState"
    )
