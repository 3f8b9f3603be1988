"""Logs of every service, alerts with a recipient and a section in the runbook, and the workbook."""

import ast
import importlib
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.settings import list_settings
from local.host.telemetry import LOGGER
from tests.deployed import DEPLOYED_SOURCES
from tests.infra.reading import Prediction, Resource, content, predicted, scope_of
from tests.stacks import ROOT

DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
LOG_ALERT, METRIC_ALERT = "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts"
# Resources without logs of their own, and the reason.
HAVE_NO_LOGS = {
    "Microsoft.Storage/storageAccounts": "the blob and queue services log",
    "Microsoft.Web/serverfarms": "Flex Consumption logs for the app",
}
PARTS = (
    *("/containers", "/queues", "/sqlDatabases", "/managementPolicies", "oleAssignments", "CredentialsPolicies"),
    *("Microsoft.Insights/", "Microsoft.ManagedIdentity/", "Microsoft.Consumption/"),
)
REQUIRED_ALERTS = {
    *("dead-letter-queue", "poison-queue", "batch-overdue", "failure-rate", "cosmos-throttled"),
    *("event-dead-letters", "robot-failing", "function-errors", "no-sweep"),
    *("leases-expiring", "robot-not-fetching"),
}
TABLES = {
    *("AppMetrics", "AppTraces", "AppRequests", "AppDependencies"),  # from the app's telemetry
    "CDBDataPlaneRequests",  # from the diagnostic setting of Cosmos DB, of the type Dedicated
    "AzureMetrics",  # from every diagnostic setting
}
# Metrics of Azure services, by the type of the resource.
PLATFORM_METRICS = {
    "DeadletteredMessages": "Microsoft.ServiceBus/namespaces",
    "DeadLetteredCount": "Microsoft.EventGrid/systemTopics",
}
WORKBOOK_METRICS = {
    *("exchange.batches.open", "exchange.batches.ended", "exchange.result.entries", "exchange.batches.oldest_age"),
    *("exchange.operation.duration", "exchange.robot.failures", "exchange.poison_queue.depth"),
    *("exchange.leases.expired", "exchange.fetch.wait"),
}
OPERATING = (ROOT / "docs" / "operating.md").read_text()


def metrics() -> set[str]:
    """Return the names of the metrics that the code creates."""
    sources = (path.read_text() for path in (ROOT / "exchange" / "telemetry").glob("*.py"))
    return {name for source in sources for name in re.findall(r'\.create_\w+\(\s*"(exchange\.[\w.]+)"', source)}


def alerts(prediction: Prediction) -> dict[str, Resource]:
    app = prediction.outputs["functionAppName"]
    rules = prediction.all(LOG_ALERT) + prediction.all(METRIC_ALERT)
    return {rule["name"].removeprefix(f"{app}-"): rule for rule in rules}


def log_queries(prediction: Prediction) -> dict[str, str]:
    return {
        name: rule["properties"]["criteria"]["allOf"][0]["query"]
        for name, rule in alerts(prediction).items()
        if rule["type"] == LOG_ALERT
    }


def workbook_queries(prediction: Prediction) -> dict[str, str]:
    return {item["name"]: item["content"]["query"] for item in workbook_items(prediction)}


def workbook_items(prediction: Prediction) -> Iterator[dict[str, Any]]:
    """Yield the items of the workbook that have a query."""
    notebook = json.loads(prediction.only("Microsoft.Insights/workbooks")["properties"]["serializedData"])
    assert notebook["version"] == "Notebook/1.0"
    yield from (item for item in notebook["items"] if item["type"] == 3)


def test_every_resource_with_logs_sends_them_to_the_workspace(prediction: Prediction) -> None:
    workspace = prediction.only("Microsoft.OperationalInsights/workspaces")["id"]
    logged = {
        scope_of(setting)
        for setting in prediction.all(DIAGNOSTICS)
        if setting["properties"]["workspaceId"] == workspace
    }
    have_logs = {
        resource["id"]
        for resource in prediction.resources
        if resource["type"] not in HAVE_NO_LOGS
        and (not any(part in resource["type"] for part in PARTS) or resource["type"] == "Microsoft.Insights/components")
    }
    assert have_logs == logged
    assert len(have_logs) == 11


def test_every_diagnostic_setting_enables_a_category(prediction: Prediction) -> None:
    for setting in prediction.all(DIAGNOSTICS):
        categories = setting["properties"].get("logs", []) + setting["properties"].get("metrics", [])
        assert any(category["enabled"] for category in categories), setting["id"]


def test_reads_and_writes_of_the_data_storage_account_are_logged(prediction: Prediction) -> None:
    scope = f"{prediction.outputs['dataStorageName']}/blobServices/default"
    (blob_logs,) = (setting for setting in prediction.all(DIAGNOSTICS) if scope_of(setting).endswith(scope))
    logged = {category["category"] for category in blob_logs["properties"]["logs"] if category["enabled"]}
    assert logged == {"StorageRead", "StorageWrite", "StorageDelete"}


def test_the_required_alerts_exist(prediction: Prediction) -> None:
    assert set(alerts(prediction)) >= REQUIRED_ALERTS


def test_each_alert_is_enabled_and_notifies_the_action_group(prediction: Prediction) -> None:
    group = prediction.only("Microsoft.Insights/actionGroups")["id"]
    for name, alert in alerts(prediction).items():
        properties = alert["properties"]
        assert properties["enabled"] is True, name
        actions = properties["actions"]
        groups = (
            actions["actionGroups"] if isinstance(actions, dict) else [action["actionGroupId"] for action in actions]
        )
        assert groups == [group], name


@pytest.mark.parametrize("environment", ["dev", "prod", "options"])
def test_the_action_group_has_a_recipient(environment: str) -> None:
    group = predicted(environment).only("Microsoft.Insights/actionGroups")["properties"]
    recipients = len(group["emailReceivers"]) + len(group["armRoleReceivers"])
    assert (group["enabled"], recipients) == (True, 1)


def test_each_alert_has_a_section_in_the_runbook(prediction: Prediction) -> None:
    for name, alert in alerts(prediction).items():
        assert f"docs/operating.md, {name}" in alert["properties"]["description"]
        found = re.search(rf"^## {name}\n\n(.+?)(?=^## |\Z)", OPERATING, re.MULTILINE | re.DOTALL)
        assert found, f"docs/operating.md has no heading {name}"
        assert re.findall(r"^\*\*([A-Z][a-z ]+):\*\*", found[1], re.MULTILINE) == ["It means", "Look at", "Do"], name


def test_each_section_of_the_runbook_is_about_an_alert() -> None:
    sections = {part.split("\n", 1)[0] for part in OPERATING.split("\n## ")[1:] if "**It means:**" in part}
    assert sections == set(alerts(predicted("prod")))


def test_alerts_and_workbook_name_only_metrics_of_the_code(prediction: Prediction) -> None:
    queries = {**log_queries(prediction), **workbook_queries(prediction)}
    named = {name: set(re.findall(r"'(exchange\.[\w.]+)'", query)) for name, query in queries.items()}
    assert {name: names - metrics() for name, names in named.items() if names - metrics()} == {}


def test_alerts_and_workbook_name_only_dimensions_of_the_metrics(prediction: Prediction) -> None:
    sources = "".join(path.read_text() for path in (ROOT / "exchange" / "telemetry").glob("*.py"))
    for name, query in {**log_queries(prediction), **workbook_queries(prediction)}.items():
        for dimension in re.findall(r"Properties\.(\w+)", query):
            assert f'"{dimension}": ' in sources, name


def test_the_runbook_names_only_metrics_of_the_code() -> None:
    assert set(re.findall(r"`(exchange\.[\w.]+)`", OPERATING)) <= metrics()


def test_alerts_and_workbook_read_only_tables_that_are_filled(prediction: Prediction) -> None:
    for name, query in {**log_queries(prediction), **workbook_queries(prediction)}.items():
        tables = set(re.findall(r"(?:^\s*|\blet \w+ = )([A-Z]\w+)(?=\s*\||\s*$)", query, re.MULTILINE))
        assert tables, name
        assert tables <= TABLES, name


def test_the_alert_without_a_sweep_reads_the_log_line_of_the_stats(prediction: Prediction) -> None:
    found = re.search(r"Message startswith '([^']+)'", log_queries(prediction)["no-sweep"])
    assert found
    source = (ROOT / "exchange" / "use_cases" / "collect_stats.py").read_text()
    assert f'log.info("{found[1]} ' in source


def test_the_window_of_an_alert_is_at_least_its_interval(prediction: Prediction) -> None:
    for name, alert in alerts(prediction).items():
        interval, window = (_minutes(alert["properties"][key]) for key in ("evaluationFrequency", "windowSize"))
        assert interval <= window, name


def _minutes(duration: str) -> int:
    found = re.fullmatch(r"PT(\d+)([MH])", duration)
    assert found
    return int(found[1]) * {"M": 1, "H": 60}[found[2]]


def test_metric_alerts_read_the_resource_that_has_the_metric(prediction: Prediction) -> None:
    ids = {resource["type"]: resource["id"] for resource in prediction.resources}
    for alert in prediction.all(METRIC_ALERT):
        (criterion,) = alert["properties"]["criteria"]["allOf"]
        kind = PLATFORM_METRICS[criterion["metricName"]]
        assert criterion["metricNamespace"] == kind
        assert alert["properties"]["scopes"] == [ids[kind]]


def test_a_single_dead_letter_fires_an_alert(prediction: Prediction) -> None:
    for alert in prediction.all(METRIC_ALERT):
        (criterion,) = alert["properties"]["criteria"]["allOf"]
        assert (criterion["operator"], criterion["threshold"]) == ("GreaterThan", 0)


@pytest.mark.parametrize("environment", ["dev", "prod", "options"])
def test_a_batch_is_overdue_two_hours_after_the_silence_limit(environment: str) -> None:
    prediction = predicted(environment)
    found = re.search(r"Max > (\d+)", log_queries(prediction)["batch-overdue"])
    assert found
    assert int(found[1]) == prediction.effective("ROBOT_SILENCE_LIMIT_S") + 2 * 3600


@pytest.mark.parametrize("environment", ["dev", "prod", "options"])
def test_a_robot_is_reported_long_before_its_references_fail(environment: str) -> None:
    prediction = predicted(environment)
    found = re.search(r"Wait > (\d+)", log_queries(prediction)["robot-not-fetching"])
    assert found
    assert int(found[1]) == prediction.effective("FETCH_LIMIT_S") // 7


@pytest.mark.parametrize("name", ["ROBOT_SILENCE_LIMIT_S", "FETCH_LIMIT_S"])
def test_the_limits_of_alerts_are_changed_in_the_options(name: str) -> None:
    """Otherwise the tests above do not show that the alerts follow the settings."""
    (setting,) = (setting for setting in list_settings() if setting.name == name)
    assert predicted("options").effective(name) != setting.default


def test_every_span_is_kept(prediction: Prediction) -> None:
    """Azure's own sampler decides in each process, and ignores a parent in another process."""
    assert prediction.settings["OTEL_TRACES_SAMPLER"] == "always_on"


@pytest.mark.parametrize("source", DEPLOYED_SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_logger_of_the_code_is_sent_to_application_insights(source: Path) -> None:
    """The worker sends the records of one logger and its children."""
    sent = predicted("prod").settings["PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME"]
    tree = ast.parse(source.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "getLogger" in ast.unparse(node.func)]
    assigned = [node for node in tree.body if isinstance(node, ast.Assign) and node.value in calls]
    assert len(assigned) == len(calls), "a logger must be made at the top of its module"
    # Otherwise the module is not imported: that of the entry point reads the environment.
    if calls:
        module = importlib.import_module(".".join(source.relative_to(ROOT).with_suffix("").parts))
        loggers = [value for value in vars(module).values() if isinstance(value, logging.Logger)]
        assert len(loggers) == len(calls)
        assert all(f"{logger.name}.".startswith(f"{sent}.") for logger in loggers), [log.name for log in loggers]


def test_the_local_host_keeps_the_records_of_the_same_logger(prediction: Prediction) -> None:
    assert prediction.settings["PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME"] == LOGGER


def test_the_code_has_loggers_in_both_packages() -> None:
    found = {source.relative_to(ROOT).parts[0] for source in DEPLOYED_SOURCES if "getLogger(" in source.read_text()}
    assert found == {"exchange", "functions"}


def test_errors_without_a_status_and_sampled_out_errors_are_counted(prediction: Prediction) -> None:
    """A function that a queue triggers may end without a result code, and a comparison with null drops the row."""
    for query in (log_queries(prediction)["function-errors"], workbook_queries(prediction)["function-errors"]):
        assert "coalesce(toint(ResultCode), 0)" in query
        assert "Errors = sum(ItemCount)" in query


def test_the_table_of_throttled_requests_is_filled(prediction: Prediction) -> None:
    account = prediction.only("Microsoft.DocumentDB/databaseAccounts")["id"]
    (settings,) = (setting["properties"] for setting in prediction.all(DIAGNOSTICS) if scope_of(setting) == account)
    assert settings["logAnalyticsDestinationType"] == "Dedicated"
    assert {"category": "DataPlaneRequests", "enabled": True} in settings["logs"]


def test_the_workbook_reads_the_workspace_of_its_deployment(prediction: Prediction) -> None:
    workspace = prediction.only("Microsoft.OperationalInsights/workspaces")["id"]
    assert workbook_queries(prediction)
    items = list(workbook_items(prediction))
    assert all(item["content"]["crossComponentResources"] == [workspace] for item in items)
    assert "<workspace>" not in prediction.only("Microsoft.Insights/workbooks")["properties"]["serializedData"]


def test_the_workbook_shows_batches_operations_failures_and_dead_letters(prediction: Prediction) -> None:
    queries = workbook_queries(prediction)
    assert all(query.strip() for query in queries.values())
    assert set(re.findall(r"'(exchange\.[\w.]+)'", " ".join(queries.values()))) == WORKBOOK_METRICS
    assert {"DeadletteredMessages", "DeadLetteredCount"} <= set(re.findall(r"MetricName == '(\w+)'", str(queries)))
    assert "AppRequests" in str(queries)


def test_the_deployed_workbook_is_that_of_workbook_json(prediction: Prediction) -> None:
    workspace = prediction.only("Microsoft.OperationalInsights/workspaces")["id"]
    deployed = prediction.only("Microsoft.Insights/workbooks")["properties"]["serializedData"]
    assert json.loads(deployed.replace(workspace, "<workspace>")) == content("workbook.json")
