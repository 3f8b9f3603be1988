"""Deploying: in which order, with what, what happens where a step fails, and again."""

import re
import stat
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.infra.deploy.cloud import HASTE, Cloud, option

FIRST_RUN = [
    "az version",
    "az bicep version",
    "func",
    "az account show",
    "az ad signed-in-user show",
    "az ad app list",
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


def test_a_first_run_goes_from_the_tools_to_the_smoke_test(cloud: Cloud) -> None:
    ended = cloud.deploy(ALERT_EMAIL="ada@example.org")
    assert (ended.code, ended.err) == (0, "")
    assert cloud.commands == FIRST_RUN
    _, main, events = (call for call in cloud.calls if call[:3] == ["az", "deployment", "group"])
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


def test_it_says_where_it_deploys_and_what_it_saw(cloud: Cloud) -> None:
    said = cloud.deploy().out
    for words in (
        "Reviews (11111111-1111-1111-1111-111111111111)",
        "tenant        tenant",
        "ada@example.org",
        "30 to create",
        "Remote build succeeded!",
        "health ",
        "reference     loaded and read back",
        ": rejected",
        "signed URL    opens",
        "blob events   the subscription exists",
        "Deployed: http://127.0.0.1:",
    ):
        assert words in said
    assert "sig=" not in said
    assert cloud.state["token"] not in said


def test_the_preview_and_the_deployment_are_of_the_same_parameters(cloud: Cloud) -> None:
    cloud.deploy()
    preview, main, _ = (call for call in cloud.calls if call[:3] == ["az", "deployment", "group"])
    assert main[4:-4] == preview[4:]


def test_without_an_address_there_are_no_alerts_to_send(cloud: Cloud) -> None:
    cloud.deploy()
    assert not [word for call in cloud.calls for word in call if "alertEmail" in word]


def test_a_service_principal_deploys_as_itself(cloud: Cloud) -> None:
    cloud.change(account={"name": "client-of-ci", "type": "servicePrincipal"})
    assert cloud.deploy().code == 0
    given = {word for call in cloud.calls for word in call}
    assert {"deployerId=object of client-of-ci", "deployerType=ServicePrincipal"} <= given


def test_a_budget_that_there_is_goes_on_from_when_it_began(cloud: Cloud) -> None:
    begun = {"somebody-s": "2024-01-01", "exchange-dev-abcdefgh-app-budget": "2025-03-01"}
    cloud.change(
        budgets=[
            {"name": name, "properties": {"timePeriod": {"startDate": f"{day}T00:00:00Z"}}}
            for name, day in begun.items()
        ]
    )
    assert cloud.deploy().code == 0
    assert "budgetStart=2025-03-01" in {word for call in cloud.calls for word in call}


STEPS = [
    ("az version", "The Azure CLI doesn't work"),
    ("az bicep version", "az bicep install"),
    ("az account show", "az login"),
    ("az ad signed-in-user show", "az login"),
    ("az ad app list", "az login"),
    ("az group exists", "resource group could not be made"),
    ("az group create", "resource group could not be made"),
    ("az keyvault list-deleted", "could not be recovered"),
    ("az rest --method GET", "What would change can't be said"),
    ("az deployment group what-if", "What would change can't be said"),
    ("az deployment group create --resource-group enhancement-exchange-dev --name main", "could not be deployed"),
    ("az keyvault secret show", "master key"),
    ("az keyvault secret show-deleted", "master key"),
    ("az keyvault secret set", "master key"),
    ("az rest --method POST", "master key"),
    ("func azure functionapp publish", "could not be published"),
    ("az functionapp function list", "Application Insights, insights-of-dev"),
    ("az deployment group create --resource-group enhancement-exchange-dev --name events", "subscribed to blob events"),
    ("az account get-access-token", "make entra ENV=dev"),
    ("az eventgrid", "smoke test could not be run"),
]


@pytest.mark.parametrize(("command", "sentence"), STEPS, ids=[command for command, _ in STEPS])
def test_a_step_that_fails_is_a_sentence_and_the_next_run_goes_on(cloud: Cloud, command: str, sentence: str) -> None:
    cloud.fail(command)
    failed = cloud.deploy()
    assert failed.code == 1
    assert sentence in failed.err
    assert "broken on purpose" in failed.err
    assert "Traceback" not in failed.err
    assert cloud.calls[-1][: len(command.split())] == command.split()
    keys = cloud.state["secrets"]
    cloud.mend()
    again = cloud.deploy()
    assert (again.code, again.err) == (0, "")
    assert len(cloud.state["secrets"]["robot-master-key"]) == 1
    assert keys in ({}, cloud.state["secrets"])


def test_a_second_run_changes_nothing(cloud: Cloud) -> None:
    cloud.deploy()
    before = cloud.state
    cloud.forget_calls()
    assert cloud.deploy().code == 0
    after = cloud.state
    assert set(cloud.commands) == set(FIRST_RUN) - {
        "az group create",
        "az keyvault secret show-deleted",
        "az keyvault secret set",
    }
    for changes_by_design in ("deployments", "refreshes"):
        before.pop(changes_by_design)
        after.pop(changes_by_design)
    assert after == before


@pytest.mark.parametrize("tool", ["az", "func"])
def test_a_tool_that_is_not_there_is_named(cloud: Cloud, tool: str) -> None:
    (cloud.tools / tool).unlink()
    ended = cloud.deploy()
    assert ended.code == 1
    assert f"There is no `{tool}`" in ended.err
    assert "https://learn.microsoft.com" in ended.err
    assert "az group exists" not in cloud.commands


@pytest.mark.parametrize("tool", ["az", "func"])
def test_a_tool_that_does_not_start_is_a_sentence(cloud: Cloud, tool: str) -> None:
    (cloud.tools / tool).write_text("#!/nowhere\n")
    (cloud.tools / tool).chmod(stat.S_IRWXU)
    ended = cloud.deploy()
    assert ended.code == 1
    assert f"{tool} can't be run" in ended.err


@pytest.mark.parametrize(
    ("old", "sentence"),
    [
        ({"az_version": "2.59.0"}, "az upgrade"),
        ({"bicep_version": "0.9.1"}, "az bicep upgrade"),
        ({"func_version": "3.0.1"}, "older than version 4"),
        ({"account": None}, "az login"),
    ],
)
def test_what_is_too_old_or_nobody_is_a_sentence(cloud: Cloud, old: dict[str, str | None], sentence: str) -> None:
    cloud.change(**old)
    ended = cloud.deploy()
    assert ended.code == 1
    assert sentence in ended.err
    assert "az group exists" not in cloud.commands


def test_without_the_application_in_entra_nothing_is_made(bare: Cloud) -> None:
    ended = bare.deploy()
    assert ended.code == 1
    assert "run `make entra ENV=dev` first" in ended.err
    assert bare.state["groups"] == {}


def test_a_new_group_needs_a_place(cloud: Cloud) -> None:
    ended = cloud.run("deploy", YES="1")
    assert ended.code == 1
    assert "say LOCATION=..." in ended.err
    assert cloud.commands[-1] == "az group exists"


def test_without_a_terminal_nothing_is_deployed_unless_agreed(cloud: Cloud) -> None:
    ended = cloud.run("deploy", LOCATION="northeurope")
    assert ended.code == 1
    assert "say YES=1" in ended.err
    assert cloud.commands[-1] == "az deployment group what-if"


def test_an_output_that_is_missing_is_named(cloud: Cloud) -> None:
    cloud.change(api="")
    ended = cloud.deploy()
    assert ended.code == 1
    assert "'apiUrl.value'" in ended.err


def test_the_key_is_seen_by_nobody(cloud: Cloud) -> None:
    ended = cloud.deploy()
    (key,) = cloud.state["secrets"]["robot-master-key"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", key)
    assert key not in ended.out + ended.err + str(cloud.calls)
    (file,) = option(cloud.call("az keyvault secret set"), "--file")
    assert not (cloud.folder / file).exists()


def test_the_key_is_tried_for_while_roles_spread(cloud: Cloud) -> None:
    cloud.fail("az keyvault secret", "(Forbidden) Caller is not authorized", times=3)
    assert cloud.deploy(replace(HASTE, roles_s=30.0)).code == 0
    assert len(cloud.state["secrets"]["robot-master-key"]) == 1


def test_roles_that_never_spread_are_not_waited_for_forever(cloud: Cloud) -> None:
    cloud.fail("az keyvault secret", "(Forbidden) Caller is not authorized")
    ended = cloud.deploy()
    assert ended.code == 1
    assert "roles may still be spreading" in ended.err


def test_a_vault_that_says_nothing_of_the_key_does_not_get_another(cloud: Cloud) -> None:
    cloud.deploy()
    cloud.forget_calls()
    cloud.fail("az keyvault secret show", "The connection was reset")
    assert cloud.deploy().code == 1
    assert "az keyvault secret set" not in cloud.commands


def test_a_deleted_key_is_recovered(cloud: Cloud) -> None:
    cloud.change(deleted_secrets={"robot-master-key": ["the old one"]})
    assert cloud.deploy().code == 0
    assert cloud.state["secrets"] == {"robot-master-key": ["the old one"]}


def test_a_vault_of_an_earlier_deployment_is_recovered_and_no_other(cloud: Cloud) -> None:
    cloud.deploy()
    assert cloud.run("teardown", YES="1").code == 0
    (ours,) = cloud.state["deleted_vaults"]
    another = {"name": "another", "id": ours["id"].replace("exchange-dev", "exchange-dev-2")}
    cloud.change(deleted_vaults=[ours, another])
    key = cloud.state["secrets"]
    assert cloud.deploy().code == 0
    assert cloud.state["deleted_vaults"] == [another]
    assert cloud.state["secrets"] == key


def test_a_vault_that_would_come_back_in_another_region_is_left_and_said(cloud: Cloud) -> None:
    cloud.deploy()
    assert cloud.run("teardown", YES="1").code == 0
    ended = cloud.run("deploy", YES="1", LOCATION="elsewhere")
    assert ended.code == 1
    assert "deploy with LOCATION=" in ended.err
    assert "az keyvault recover" not in cloud.commands
    assert cloud.run("teardown", YES="1").code == 0
    assert cloud.deploy().code == 0
