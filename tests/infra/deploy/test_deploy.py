"""`make deploy`: the order of the steps, their arguments, failures, and repeated runs."""

import re
import stat
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.infra.deploy.cloud import SHORT, Cloud, option
from tests.tiers import choose

FIRST_RUN = [
    "az version",
    "az bicep version",
    "func",
    "az account show",
    "az ad signed-in-user show",
    "az deployment group show",
    "az ad app list",
    "az ad app owner list",
    "az ad sp list",
    "az ad sp owner list",
    "az rest",
    "az group exists",
    "az group create",
    "az keyvault list-deleted",
    "az rest",
    "az deployment group what-if",
    "az deployment group create",
    "az keyvault secret show",
    "az keyvault secret show-deleted",
    "az keyvault secret set",
    "az rest",
    "func azure functionapp publish app-of-dev",
    "az functionapp function list",
    "az deployment group create",
    "az account get-access-token",
    "az eventgrid system-topic event-subscription list",
]


def test_a_first_run_does_every_step_in_order(cloud: Cloud) -> None:
    run = cloud.deploy(ALERT_EMAIL="ada@example.org")
    assert (run.code, run.err) == (0, "")
    assert cloud.commands == FIRST_RUN
    _, _, main, events = (call for call in cloud.calls if call[:3] == ["az", "deployment", "group"])
    assert option(main, "--resource-group") == ["enhancement-exchange-dev"]
    assert main[main.index("infra/dev.bicepparam") + 1 :][:6] == [
        "--parameters",
        "tokenAudience=client-1",
        "deployerId=person-1",
        "deployerType=User",
        f"budgetStart={datetime.now(UTC):%Y-%m}-01",
        "alertEmail=ada@example.org",
    ]
    assert option(events, "--template-file") == ["infra/events.bicep"]
    assert events[events.index("--parameters") + 1 :][:3] == [
        "functionAppName=app-of-dev",
        "eventTopicName=events-of-dev",
        "dataStorageName=dataofdev",
    ]
    assert cloud.call("func azure functionapp publish app-of-dev")[-3:] == ["--python", "--build", "remote"]


def test_it_prints_the_target_and_the_results(cloud: Cloud) -> None:
    output = cloud.deploy().out
    for text in (
        "Reviews (11111111-1111-1111-1111-111111111111)",
        "tenant        tenant",
        "user          ada@example.org",
        "30 to create",
        "Remote build succeeded!",
        "health ",
        "reference     loaded and read back",
        ": rejected",
        "signed URL    returns",
        "blob events   the subscription exists",
        "Deployed: http://127.0.0.1:",
    ):
        assert text in output
    assert "sig=" not in output
    assert cloud.state["token"] not in output


def test_the_preview_and_the_deployment_have_the_same_parameters(cloud: Cloud) -> None:
    cloud.deploy()
    _, preview, main, _ = (call for call in cloud.calls if call[:3] == ["az", "deployment", "group"])
    assert main[4:-4] == preview[4:]
    # The alert address is passed only if it is set.
    assert not [word for call in cloud.calls for word in call if "alertEmail" in word]


def test_a_service_principal_can_deploy(cloud: Cloud) -> None:
    cloud.change(account={"name": "client-of-ci", "type": "servicePrincipal"})
    assert cloud.deploy(CLIENT_ID="client-1").code == 0
    words = {word for call in cloud.calls for word in call}
    assert {"deployerId=object of client-of-ci", "deployerType=ServicePrincipal"} <= words


def test_an_existing_budget_keeps_its_start(cloud: Cloud) -> None:
    starts = {"another-budget": "2024-01-01", "exchange-dev-abcdefgh-app-budget": "2025-03-01"}
    cloud.change(
        budgets=[
            {"name": name, "properties": {"timePeriod": {"startDate": f"{day}T00:00:00Z"}}}
            for name, day in starts.items()
        ]
    )
    assert cloud.deploy().code == 0
    assert "budgetStart=2025-03-01" in {word for call in cloud.calls for word in call}


BUDGETS = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/enhancement-exchange-dev"
    "/providers/Microsoft.Consumption/budgets?api-version=2024-08-01"
)
STEPS = [
    ("az version", "The Azure CLI does not work"),
    ("az bicep version", "az bicep install"),
    ("az account show", "az login"),
    ("az ad signed-in-user show", "az login"),
    ("az deployment group show", "az login"),
    ("az ad app list", "az login"),
    ("az ad app owner list", "az login"),
    ("az ad sp owner list", "az login"),
    ("az rest --method GET", "az login"),
    ("az group exists", "resource group could not be created"),
    ("az group create", "resource group could not be created"),
    ("az keyvault list-deleted", "could not be recovered"),
    (f"az rest --method GET --url {BUDGETS}", "changes could not be previewed"),
    ("az deployment group what-if", "changes could not be previewed"),
    ("az deployment group create --resource-group enhancement-exchange-dev --name main", "could not be deployed"),
    ("az keyvault secret show", "master key"),
    ("az keyvault secret show-deleted", "master key"),
    ("az keyvault secret set", "master key"),
    ("az rest --method POST", "master key"),
    ("func azure functionapp publish", "could not be published"),
    ("az functionapp function list", "Application Insights, insights-of-dev"),
    ("az deployment group create --resource-group enhancement-exchange-dev --name events", "subscribed to blob events"),
    ("az account get-access-token", "make entra ENV=dev"),
    ("az eventgrid", "smoke test could not run"),
]


@pytest.mark.parametrize(("command", "message"), choose(STEPS, one_in=5), ids=str)
def test_a_failed_step_is_reported_and_the_next_run_continues(cloud: Cloud, command: str, message: str) -> None:
    cloud.fail(command)
    failed = cloud.deploy()
    assert failed.code == 1
    assert message in failed.err
    assert "broken on purpose" in failed.err
    assert "Traceback" not in failed.err
    assert cloud.calls[-1][: len(command.split())] == command.split()
    keys = cloud.state["secrets"]
    cloud.repair()
    again = cloud.deploy()
    assert (again.code, again.err) == (0, "")
    assert len(cloud.state["secrets"]["robot-master-key"]) == 1
    assert keys in ({}, cloud.state["secrets"])


def test_a_second_run_changes_nothing(deployed_cloud: Cloud) -> None:
    before = deployed_cloud.state
    assert deployed_cloud.deploy().code == 0
    after = deployed_cloud.state
    assert set(deployed_cloud.commands) == {*FIRST_RUN, "az ad app show"} - {
        "az ad app list",
        "az ad app owner list",
        "az ad sp list",
        "az ad sp owner list",
        "az group create",
        "az keyvault secret show-deleted",
        "az keyvault secret set",
    }
    for changes_by_design in ("deployments", "refreshes"):
        before.pop(changes_by_design)
        after.pop(changes_by_design)
    assert after == before


@pytest.mark.parametrize("tool", ["az", "func"])
def test_a_missing_tool_is_reported(cloud: Cloud, tool: str) -> None:
    (cloud.tools / tool).unlink()
    run = cloud.deploy()
    assert run.code == 1
    assert f"`{tool}`" in run.err
    assert "https://learn.microsoft.com" in run.err
    assert "az group exists" not in cloud.commands


@pytest.mark.parametrize("tool", ["az", "func"])
def test_a_tool_that_cannot_be_started_is_reported(cloud: Cloud, tool: str) -> None:
    (cloud.tools / tool).write_text("#!/nowhere\n")
    (cloud.tools / tool).chmod(stat.S_IRWXU)
    run = cloud.deploy()
    assert run.code == 1
    assert f"{tool} cannot be started" in run.err


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ({"az_version": "2.59.0"}, "az upgrade"),
        ({"bicep_version": "0.9.1"}, "az bicep upgrade"),
        ({"func_version": "3.0.1"}, "older than version 4"),
        ({"account": None}, "az login"),
    ],
)
def test_an_old_tool_or_a_missing_login_is_reported(cloud: Cloud, old: dict[str, str | None], message: str) -> None:
    cloud.change(**old)
    run = cloud.deploy()
    assert run.code == 1
    assert message in run.err
    assert "az group exists" not in cloud.commands


def test_without_the_application_in_entra_nothing_is_created(empty_cloud: Cloud) -> None:
    run = empty_cloud.deploy()
    assert run.code == 1
    assert "Run `make entra ENV=dev` first" in run.err
    assert empty_cloud.state["groups"] == {}


def test_a_new_resource_group_needs_a_location(cloud: Cloud) -> None:
    run = cloud.run("deploy", YES="1")
    assert run.code == 1
    assert "Add LOCATION=..." in run.err
    assert cloud.commands[-1] == "az group exists"


def test_without_a_terminal_nothing_is_deployed_unless_confirmed_in_advance(cloud: Cloud) -> None:
    run = cloud.run("deploy", LOCATION="northeurope")
    assert run.code == 1
    assert "Use YES=1" in run.err
    assert cloud.commands[-1] == "az deployment group what-if"


def test_a_missing_output_is_reported(cloud: Cloud) -> None:
    cloud.change(api="")
    run = cloud.deploy()
    assert run.code == 1
    assert "'apiUrl.value'" in run.err


def test_the_master_key_is_not_printed_and_not_an_argument(cloud: Cloud) -> None:
    run = cloud.deploy()
    (key,) = cloud.state["secrets"]["robot-master-key"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", key)
    assert key not in run.out + run.err + str(cloud.calls)
    (file,) = option(cloud.call("az keyvault secret set"), "--file")
    assert not (cloud.folder / file).exists()


def test_the_master_key_is_retried_until_the_role_is_effective(cloud: Cloud) -> None:
    cloud.fail("az keyvault secret", "(Forbidden) Caller is not authorized", times=3)
    assert cloud.deploy(replace(SHORT, roles_s=30.0)).code == 0
    assert len(cloud.state["secrets"]["robot-master-key"]) == 1


def test_waiting_for_a_role_ends_after_the_timeout(cloud: Cloud) -> None:
    cloud.fail("az keyvault secret", "(Forbidden) Caller is not authorized")
    run = cloud.deploy()
    assert run.code == 1
    assert "role may not be effective yet" in run.err


def test_the_master_key_is_not_replaced_if_the_vault_cannot_be_read(deployed_cloud: Cloud) -> None:
    deployed_cloud.fail("az keyvault secret show", "The connection was reset")
    assert deployed_cloud.deploy().code == 1
    assert "az keyvault secret set" not in deployed_cloud.commands


def test_a_deleted_master_key_is_recovered(cloud: Cloud) -> None:
    cloud.change(deleted_secrets={"robot-master-key": ["the old one"]})
    assert cloud.deploy().code == 0
    assert cloud.state["secrets"] == {"robot-master-key": ["the old one"]}


def test_only_the_vault_of_an_earlier_deployment_is_recovered(deployed_cloud: Cloud) -> None:
    assert deployed_cloud.run("teardown", YES="1").code == 0
    (ours,) = deployed_cloud.state["deleted_vaults"]
    another = {"name": "another", "id": ours["id"].replace("exchange-dev", "exchange-dev-2")}
    deployed_cloud.change(deleted_vaults=[ours, another])
    key = deployed_cloud.state["secrets"]
    assert deployed_cloud.deploy().code == 0
    assert deployed_cloud.state["deleted_vaults"] == [another]
    assert deployed_cloud.state["secrets"] == key


def test_a_vault_in_another_region_is_reported_and_not_recovered(deployed_cloud: Cloud) -> None:
    assert deployed_cloud.run("teardown", YES="1").code == 0
    run = deployed_cloud.run("deploy", YES="1", LOCATION="elsewhere")
    assert run.code == 1
    assert "deploy with LOCATION=" in run.err
    assert "az keyvault recover" not in deployed_cloud.commands
    assert deployed_cloud.run("teardown", YES="1").code == 0
    assert deployed_cloud.deploy().code == 0
