"""The role assignments are those in docs/security.md, each with the call that needs it."""

import re
from dataclasses import dataclass

from tests.infra.reading import DATA_ROLE, ROLE, Prediction, Resource, content, predicted, scope_of, short_name, text
from tests.stacks import ROOT

NAMES = {guid: name for name, guid in content("roles.json").items()}
DEPLOYER = "33333333-3333-3333-3333-333333333333"
# The first words of reasons that are outside our code.
NOT_OUR_CODE = ("the host", "the worker", "Event Grid", "the deploy script", "the reference in")
HEADING = "## Roles in Azure"
GROUP = r"/subscriptions/[^/]+/resourceGroups/[^/]+"


@dataclass(frozen=True, order=True)
class Assignment:
    """A role of a principal at a scope."""

    principal: str
    role: str
    scope: str


def list_assignments(prediction: Prediction) -> list[Assignment]:
    """Return the role assignments of a prediction."""
    roles = [
        Assignment(_principal_of(role), _role_of(role), _describe_scope(scope_of(role), prediction))
        for role in prediction.all(ROLE)
    ]
    data_roles = [
        Assignment(_principal_of(role), _role_of(role), _describe_scope(role["properties"]["scope"], prediction))
        for role in prediction.all(DATA_ROLE)
    ]
    return sorted(roles + data_roles)


def _role_of(resource: Resource) -> str:
    name: str = NAMES[resource["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]]
    return name


def _principal_of(resource: Resource) -> str:
    principal = resource["properties"]["principalId"]
    for mark, name in (("userAssignedIdentities", "app"), ("systemTopics", "topic")):
        if mark in principal:
            return name
    return {DEPLOYER: "deployer"}[principal]


def _describe_scope(scope: str, prediction: Prediction) -> str:
    """Return the scope in the words of the table."""
    if found := re.search(r"/(containers|queues|dbs)/([^/]+)$", scope):
        return {"containers": "container", "queues": "queue", "dbs": "database"}[found[1]] + f" `{found[2]}`"
    host = prediction.settings["AzureWebJobsStorage__accountName"]
    accounts = {host: "host's storage account", prediction.outputs["dataStorageName"]: "data's storage account"}
    kind, name = scope.split("/")[-2:]
    return accounts.get(name) or {"vaults": "vault", "components": "Application Insights"}[kind]


def read_table() -> dict[Assignment, str]:
    """Return the table of roles in docs/security.md: what needs each assignment."""
    section = (ROOT / "docs" / "security.md").read_text().split(HEADING, 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    return {Assignment(*row[:3]): row[3] for row in cells[2:]}


def test_the_table_lists_each_role_assignment_once() -> None:
    assert list_assignments(predicted("options")) == sorted(read_table())


def test_the_app_and_the_topic_have_the_same_roles_in_every_environment(prediction: Prediction) -> None:
    optional = {Assignment("app", "Storage Account Contributor", "host's storage account")}
    required = set(read_table()) - optional
    assert list_assignments(prediction) == sorted(role for role in required if role.principal in {"app", "topic"})


def test_each_role_is_needed_by_a_call_in_the_code_or_by_a_named_component() -> None:
    for role, reason in read_table().items():
        if reason.startswith(NOT_OUR_CODE):
            continue
        found = re.match(r"`(exchange/[\w/]+\.py)`: `(\w+)`", reason)
        assert found, f"{role}: {reason}"
        assert re.search(rf"\b{found[2]}\(", (ROOT / found[1]).read_text()), (
            f"{role}: {found[1]} does not call {found[2]}"
        )


def test_no_role_is_assigned_for_a_resource_group_or_a_subscription(prediction: Prediction) -> None:
    for each in (prediction, predicted("options")):
        assert len(each.all(ROLE)) >= 13
        assert all(re.match(GROUP + r"/providers/[^/]+/[^/]+/[^/]+", scope_of(role)) for role in each.all(ROLE))


def test_database_roles_are_assigned_for_the_database_and_not_for_the_account(prediction: Prediction) -> None:
    for each in (prediction, predicted("options")):
        assert each.all(DATA_ROLE)
        assert all("/dbs/" in role["properties"]["scope"] for role in each.all(DATA_ROLE))


def test_no_role_can_assign_roles_or_read_keys() -> None:
    wide = {"Owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator"}
    assert not wide & set(NAMES.values())
    # This role can read keys. Shared keys are disabled, and the role is assigned only if a parameter asks for it.
    assert "Storage Account Contributor" not in {role.role for role in list_assignments(predicted("prod"))}


def test_only_the_app_can_manage_queues() -> None:
    """The host needs the right to count messages."""
    roles = {
        (role.principal, role.role) for role in list_assignments(predicted("options")) if "Service Bus" in role.role
    }
    assert roles == {("app", "Azure Service Bus Data Owner")}


def test_every_role_in_roles_json_is_assigned() -> None:
    assert {role.role for role in list_assignments(predicted("options"))} == set(NAMES.values())


def test_roles_are_referenced_by_id_and_not_looked_up() -> None:
    assert "roleDefinitions()" not in text("main.json")


def test_every_role_assignment_states_the_type_of_its_principal(prediction: Prediction) -> None:
    """Without the type Azure looks up the principal, and refuses a new identity that is not replicated yet."""
    for each in (prediction, predicted("options")):
        kinds = {_principal_of(role): role["properties"]["principalType"] for role in each.all(ROLE)}
        assert {kinds["app"], kinds["topic"]} == {"ServicePrincipal"}
        assert kinds.get("deployer", "User") == "User"


def test_the_names_of_role_assignments_are_unique(prediction: Prediction) -> None:
    names = [short_name(role) for role in [*prediction.all(ROLE), *prediction.all(DATA_ROLE)]]
    assert len(names) == len(set(names))
