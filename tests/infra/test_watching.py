"""What is watched: logs of each service, alerts with somebody to tell and something to do, and the workbook."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.reading import Prediction, Resource, content, predicted, scope_of
from tests.stacks import ROOT

DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
LOG_ALERT, METRIC_ALERT = "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts"
# What tells nothing of its own, and why.
TELLS_NOTHING = {
    "Microsoft.Storage/storageAccounts": "its services tell",
    "Microsoft.Web/serverfarms": "Flex Consumption tells of the app",
}
PARTS = (
    *("/containers", "/queues", "/sqlDatabases", "/managementPolicies", "oleAssignments", "CredentialsPolicies"),
    *("Microsoft.Insights/", "Microsoft.ManagedIdentity/", "Microsoft.Consumption/"),
)
WATCHED = {
    *("dead-letter-queue", "poison-queue", "batch-overdue", "failure-rate", "cosmos-throttled"),
    *("event-dead-letters", "robot-failing", "function-errors"),
}
TABLES = {
    *("AppMetrics", "AppTraces", "AppRequests", "AppDependencies"),  # by the app's telemetry
    "CDBDataPlaneRequests",  # by Cosmos DB's diagnostic setting, of the kind Dedicated
    "AzureMetrics",  # by every diagnostic setting
}
# What the platform itself counts, by the type of the resource.
PLATFORM = {
    "DeadletteredMessages": "Microsoft.ServiceBus/namespaces",
    "DeadLetteredCount": "Microsoft.EventGrid/systemTopics",
}
SHOWN = {
    *("exchange.batches.open", "exchange.batches.ended", "exchange.result.entries", "exchange.batches.oldest_age"),
    *("exchange.step.duration", "exchange.robot.failures", "exchange.poison_queue.depth"),
}


def metrics() -> set[str]:
    """Return the names of the metrics that the code makes."""
    sources = (path.read_text() for path in (ROOT / "functions" / "telemetry").glob("*.py"))
    return {name for source in sources for name in re.findall(r'\.create_\w+\(\s*"(exchange\.[\w.]+)"', source)}


def alerts(prediction: Prediction) -> dict[str, Resource]:
    app = prediction.outputs["functionAppName"]
    return {
        one["name"].removeprefix(f"{app}-"): one for one in prediction.all(LOG_ALERT) + prediction.all(METRIC_ALERT)
    }


def log_queries(prediction: Prediction) -> dict[str, str]:
    return {
        name: one["properties"]["criteria"]["allOf"][0]["query"]
        for name, one in alerts(prediction).items()
        if one["type"] == LOG_ALERT
    }


def items(prediction: Prediction) -> Iterator[dict[str, Any]]:
    """Yield the parts of the workbook that ask something."""
    notebook = json.loads(prediction.one("Microsoft.Insights/workbooks")["properties"]["serializedData"])
    assert notebook["version"] == "Notebook/1.0"
    yield from (item for item in notebook["items"] if item["type"] == 3)


def queries(prediction: Prediction) -> dict[str, str]:
    return {item["name"]: item["content"]["query"] for item in items(prediction)}


def test_everything_that_can_tell_of_itself_tells_the_workspace(prediction: Prediction) -> None:
    workspace = prediction.one("Microsoft.OperationalInsights/workspaces")["id"]
    tells = {scope_of(one) for one in prediction.all(DIAGNOSTICS) if one["properties"]["workspaceId"] == workspace}
    able = {
        one["id"]
        for one in prediction.resources
        if one["type"] not in TELLS_NOTHING
        and (not any(part in one["type"] for part in PARTS) or one["type"] == "Microsoft.Insights/components")
    }
    assert able == tells
    assert len(able) == 11


def test_each_setting_of_diagnostics_names_something_to_tell(prediction: Prediction) -> None:
    for one in prediction.all(DIAGNOSTICS):
        told = one["properties"].get("logs", []) + one["properties"].get("metrics", [])
        assert any(category["enabled"] for category in told), one["id"]


def test_reads_and_writes_of_the_data_are_logged(prediction: Prediction) -> None:
    data = prediction.outputs["dataStorageName"]
    (of_blobs,) = (one for one in prediction.all(DIAGNOSTICS) if scope_of(one).endswith(f"{data}/blobServices/default"))
    logged = {category["category"] for category in of_blobs["properties"]["logs"] if category["enabled"]}
    assert logged == {"StorageRead", "StorageWrite", "StorageDelete"}


def test_there_is_an_alert_for_all_that_needs_somebody(prediction: Prediction) -> None:
    assert set(alerts(prediction)) >= WATCHED


def test_each_alert_is_on_and_tells_somebody(prediction: Prediction) -> None:
    group = prediction.one("Microsoft.Insights/actionGroups")["id"]
    for name, alert in alerts(prediction).items():
        properties = alert["properties"]
        assert properties["enabled"] is True, name
        told = properties["actions"]
        groups = told["actionGroups"] if isinstance(told, dict) else [one["actionGroupId"] for one in told]
        assert groups == [group], name


@pytest.mark.parametrize("environment", ["dev", "prod", "options"])
def test_somebody_is_told(environment: str) -> None:
    group = predicted(environment).one("Microsoft.Insights/actionGroups")["properties"]
    told = len(group["emailReceivers"]) + len(group["armRoleReceivers"])
    assert (group["enabled"], told) == (True, 1)


def test_each_alert_has_a_paragraph_that_says_what_to_do(prediction: Prediction) -> None:
    operating = (ROOT / "docs" / "operating.md").read_text()
    for name, alert in alerts(prediction).items():
        assert f"docs/operating.md, {name}" in alert["properties"]["description"]
        found = re.search(rf"^## {name}\n\n(.+?)(?=^## |\Z)", operating, re.MULTILINE | re.DOTALL)
        assert found, f"docs/operating.md has no heading {name}"
        assert re.findall(r"^\*\*([A-Z][a-z ]+):\*\*", found[1], re.MULTILINE) == ["It means", "Look at", "Do"], name


def test_no_paragraph_is_on_an_alert_that_does_not_exist() -> None:
    operating = (ROOT / "docs" / "operating.md").read_text()
    said = {section.split("\n", 1)[0] for section in operating.split("\n## ")[1:] if "**It means:**" in section}
    assert said == set(alerts(predicted("prod")))


def test_alerts_and_workbook_name_only_metrics_that_the_code_makes(prediction: Prediction) -> None:
    asked = {**log_queries(prediction), **queries(prediction)}
    named = {name: set(re.findall(r"'(exchange\.[\w.]+)'", query)) for name, query in asked.items()}
    assert {name: names - metrics() for name, names in named.items() if names - metrics()} == {}


def test_alerts_and_workbook_ask_only_tables_that_something_fills(prediction: Prediction) -> None:
    for name, query in {**log_queries(prediction), **queries(prediction)}.items():
        asked = set(re.findall(r"(?:^\s*|\blet \w+ = )([A-Z]\w+)(?=\s*\||\s*$)", query, re.MULTILINE))
        assert asked, name
        assert asked <= TABLES, name


def test_an_alert_looks_at_least_as_far_back_as_it_waits_between_looks(prediction: Prediction) -> None:
    for name, alert in alerts(prediction).items():
        every, window = (_minutes(alert["properties"][key]) for key in ("evaluationFrequency", "windowSize"))
        assert every <= window, name


def _minutes(duration: str) -> int:
    found = re.fullmatch(r"PT(\d+)([MH])", duration)
    assert found
    return int(found[1]) * {"M": 1, "H": 60}[found[2]]


def test_the_platform_s_own_metrics_are_asked_of_what_counts_them(prediction: Prediction) -> None:
    ids = {one["type"]: one["id"] for one in prediction.resources}
    for alert in prediction.all(METRIC_ALERT):
        (criterion,) = alert["properties"]["criteria"]["allOf"]
        kind = PLATFORM[criterion["metricName"]]
        assert criterion["metricNamespace"] == kind
        assert alert["properties"]["scopes"] == [ids[kind]]


def test_a_single_dead_letter_rings(prediction: Prediction) -> None:
    for alert in prediction.all(METRIC_ALERT):
        (criterion,) = alert["properties"]["criteria"]["allOf"]
        assert (criterion["operator"], criterion["threshold"]) == ("GreaterThan", 0)


def test_a_batch_is_overdue_only_after_its_longest_wait(prediction: Prediction) -> None:
    found = re.search(r"Max > (\d+)", log_queries(prediction)["batch-overdue"])
    assert found
    assert int(found[1]) > int(prediction.settings["ROBOT_SILENCE_LIMIT_S"])


def test_no_span_of_a_batch_is_left_out(prediction: Prediction) -> None:
    """Azure's own sampler looks at each process alone, and at no parent that is elsewhere."""
    assert prediction.settings["OTEL_TRACES_SAMPLER"] == "always_on"


def test_errors_of_functions_without_a_status_count_and_so_do_those_that_were_sampled_out(
    prediction: Prediction,
) -> None:
    """What a queue calls may end without a result code, and a comparison with nothing leaves the row out."""
    for query in (log_queries(prediction)["function-errors"], queries(prediction)["function-errors"]):
        assert "coalesce(toint(ResultCode), 0)" in query
        assert "Errors = sum(ItemCount)" in query


def test_the_table_of_throttled_requests_is_filled(prediction: Prediction) -> None:
    account = prediction.one("Microsoft.DocumentDB/databaseAccounts")["id"]
    (setting,) = (one["properties"] for one in prediction.all(DIAGNOSTICS) if scope_of(one) == account)
    assert setting["logAnalyticsDestinationType"] == "Dedicated"
    assert {"category": "DataPlaneRequests", "enabled": True} in setting["logs"]


def test_the_workbook_asks_this_deployment_s_workspace(prediction: Prediction) -> None:
    workspace = prediction.one("Microsoft.OperationalInsights/workspaces")["id"]
    assert queries(prediction)
    assert all(item["content"]["crossComponentResources"] == [workspace] for item in items(prediction))
    assert "<workspace>" not in prediction.one("Microsoft.Insights/workbooks")["properties"]["serializedData"]


def test_the_workbook_shows_the_flow_and_what_needs_somebody(prediction: Prediction) -> None:
    asked = queries(prediction)
    assert all(query.strip() for query in asked.values())
    assert set(re.findall(r"'(exchange\.[\w.]+)'", " ".join(asked.values()))) == SHOWN
    assert {"DeadletteredMessages", "DeadLetteredCount"} <= set(re.findall(r"MetricName == '(\w+)'", str(asked)))
    assert "AppRequests" in str(asked)


def test_the_kept_workbook_is_the_one_that_is_deployed(prediction: Prediction) -> None:
    workspace = prediction.one("Microsoft.OperationalInsights/workspaces")["id"]
    deployed = prediction.one("Microsoft.Insights/workbooks")["properties"]["serializedData"]
    assert json.loads(deployed.replace(workspace, "<workspace>")) == content("workbook.json")
