"""Who may do what in Azure: docs/security.md has a row for each role that is given, with the reason."""

import re
from dataclasses import dataclass

from tests.infra.reading import DATA_ROLE, ROLE, Prediction, Resource, content, own_name, predicted, scope_of, text
from tests.stacks import ROOT

NAMES = {guid: name for name, guid in content("roles.json").items()}
DEPLOYER, OPERATORS = "33333333-3333-3333-3333-333333333333", "44444444-4444-4444-4444-444444444444"
# Who or what needs a role for a reason that stands outside our code.
NOT_OUR_CODE = ("the host", "the worker", "Event Grid", "the deploy script", "the reference in")
HEADING = "## Roles in Azure"
GROUP = r"/subscriptions/[^/]+/resourceGroups/[^/]+"


@dataclass(frozen=True, order=True)
class Given:
    """A role that somebody has somewhere."""

    who: str
    role: str
    scope: str


def given(prediction: Prediction) -> list[Given]:
    """Return the roles that are given."""
    roles = [Given(_who(one), _role(one), _scope(scope_of(one), prediction)) for one in prediction.all(ROLE)]
    data = [
        Given(_who(one), _role(one), _scope(one["properties"]["scope"], prediction))
        for one in prediction.all(DATA_ROLE)
    ]
    return sorted(roles + data)


def _role(resource: Resource) -> str:
    name: str = NAMES[resource["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]]
    return name


def _who(resource: Resource) -> str:
    principal = resource["properties"]["principalId"]
    for mark, who in (("userAssignedIdentities", "app"), ("systemTopics", "topic")):
        if mark in principal:
            return who
    return {DEPLOYER: "deployer", OPERATORS: "operators"}[principal]


def _scope(scope: str, prediction: Prediction) -> str:
    """Name the scope as the table does."""
    if found := re.search(r"/(containers|queues|dbs)/([^/]+)$", scope):
        return {"containers": "container", "queues": "queue", "dbs": "database"}[found[1]] + f" `{found[2]}`"
    host = prediction.settings["AzureWebJobsStorage__accountName"]
    accounts = {host: "host's storage account", prediction.outputs["dataStorageName"]: "data's storage account"}
    kind, name = scope.split("/")[-2:]
    return accounts.get(name) or {"vaults": "vault", "components": "Application Insights"}[kind]


def rows() -> dict[Given, str]:
    """Read the table: what needs a role, by the role."""
    section = (ROOT / "docs" / "security.md").read_text().split(HEADING, 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    return {Given(*row[:3]): row[3] for row in cells[2:]}


def test_each_role_that_is_given_stands_in_the_table_once() -> None:
    assert given(predicted("options")) == sorted(rows())


def test_the_app_and_the_topic_have_the_same_roles_everywhere(prediction: Prediction) -> None:
    by_option = {Given("app", "Storage Account Contributor", "host's storage account")}
    assert given(prediction) == sorted(one for one in set(rows()) - by_option if one.who in {"app", "topic"})


def test_each_role_is_needed_by_a_call_in_the_code_or_by_somebody_who_is_named() -> None:
    for role, needed in rows().items():
        if needed.startswith(NOT_OUR_CODE):
            continue
        found = re.match(r"`((?:functions|operations)/[\w/]+\.py)`: `(\w+)`", needed)
        assert found, f"{role}: {needed}"
        assert re.search(rf"\b{found[2]}\(", (ROOT / found[1]).read_text()), f"{role}: no call of {found[2]}"


def test_no_role_is_given_for_a_resource_group_or_more(prediction: Prediction) -> None:
    for each in (prediction, predicted("options")):
        assert len(each.all(ROLE)) >= 13
        assert all(re.match(GROUP + r"/providers/[^/]+/[^/]+/[^/]+", scope_of(one)) for one in each.all(ROLE))


def test_roles_in_the_database_are_given_for_it_and_not_for_the_account(prediction: Prediction) -> None:
    for each in (prediction, predicted("options")):
        assert each.all(DATA_ROLE)
        assert all("/dbs/" in one["properties"]["scope"] for one in each.all(DATA_ROLE))


def test_no_role_lets_its_holder_give_roles_or_read_keys() -> None:
    wide = {"Owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator"}
    assert not wide & set(NAMES.values())
    # It can read keys; shared keys are off, and it is given only if somebody asks for it.
    assert "Storage Account Contributor" not in {one.role for one in given(predicted("prod"))}


def test_nobody_but_the_host_may_manage_a_queue() -> None:
    """By that it counts what waits. Whoever sends dead letters again has to receive and to send."""
    roles = {(one.who, one.role) for one in given(predicted("options")) if "Service Bus" in one.role}
    kind = "Azure Service Bus Data"
    assert roles == {("app", f"{kind} Owner"), ("operators", f"{kind} Receiver"), ("operators", f"{kind} Sender")}


def test_every_role_that_has_a_name_is_given() -> None:
    assert {one.role for one in given(predicted("options"))} == set(NAMES.values())


def test_no_role_is_asked_for_by_name_where_only_azure_could_resolve_it() -> None:
    assert "roleDefinitions()" not in text("main.json")


def test_whose_a_role_is_azure_need_not_look_up(prediction: Prediction) -> None:
    """It might not know a new identity yet, and refuse."""
    for each in (prediction, predicted("options")):
        kinds = {_who(one): one["properties"]["principalType"] for one in each.all(ROLE)}
        assert {kinds["app"], kinds["topic"]} == {"ServicePrincipal"}
        assert (kinds.get("deployer", "User"), kinds.get("operators", "Group")) == ("User", "Group")


def test_a_role_has_a_name_of_its_own(prediction: Prediction) -> None:
    names = [own_name(one) for one in [*prediction.all(ROLE), *prediction.all(DATA_ROLE)]]
    assert len(names) == len(set(names))
