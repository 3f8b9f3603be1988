"""The cost of an idle deployment stays under a ceiling, and a budget alert comes before the bill."""

import re
from typing import Any

import pytest

from infra.deploy.resources import BUDGET_SUFFIX
from tests.infra.idle_cost import TABLE, idle_cost
from tests.infra.reading import Prediction, predicted, short_name


def ceiling(environment: str) -> float:
    return float(TABLE["ceilings"][environment]["usd"])


def test_an_idle_month_costs_less_than_the_ceiling(prediction: Prediction) -> None:
    cost = idle_cost(prediction)
    assert 0 < sum(cost.values()) <= ceiling(prediction.environment), cost


def test_the_ceiling_is_close_to_the_cost(prediction: Prediction) -> None:
    assert ceiling(prediction.environment) <= 2.5 * sum(idle_cost(prediction).values())


def test_only_logs_alerts_and_storage_cost_money_in_an_idle_dev() -> None:
    assert {name for name, usd in idle_cost(predicted("dev")).items() if usd} == {"logs", "alerts", "storage"}


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Microsoft.Web/sites", ("functionAppConfig", "scaleAndConcurrency", "alwaysReady"), 3),
        ("Microsoft.DocumentDB/databaseAccounts/sqlDatabases", ("options",), 4000),
    ],
)
def test_a_larger_scale_exceeds_the_ceiling(kind: str, path: tuple[str, ...], value: int) -> None:
    dev = predicted("dev")
    raised: Any = [{"name": "http", "instanceCount": value}] if path[-1] == "alwaysReady" else {"throughput": value}
    resources = [
        _with(resource, ("properties", *path), raised) if resource["type"] == kind else resource
        for resource in dev.resources
    ]
    assert sum(idle_cost(Prediction("dev", resources, dev.outputs)).values()) > ceiling("dev")


def _with(value: dict[str, Any], path: tuple[str, ...], end: object) -> dict[str, Any]:
    return {**value, path[0]: _with(value[path[0]], path[1:], end) if len(path) > 1 else end}


def test_dev_uses_serverless_cosmos_db_and_basic_service_bus() -> None:
    dev = predicted("dev")
    account = dev.only("Microsoft.DocumentDB/databaseAccounts")["properties"]
    assert account["capabilities"] == [{"name": "EnableServerless"}]
    assert dev.only("Microsoft.ServiceBus/namespaces")["sku"] == {"name": "Basic", "tier": "Basic"}
    databases = dev.all("Microsoft.DocumentDB/databaseAccounts/sqlDatabases")
    containers = dev.all("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers")
    assert [resource["properties"]["options"] for resource in [*databases, *containers]] == [{}] * 7


def test_the_references_in_prod_have_their_own_throughput() -> None:
    prod = predicted("prod")
    kind = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"
    assert prod.only("Microsoft.DocumentDB/databaseAccounts")["properties"]["capabilities"] == []
    assert prod.only(kind)["properties"]["options"] == {"autoscaleSettings": {"maxThroughput": 1000}}
    own = {short_name(container): container["properties"]["options"] for container in prod.all(f"{kind}/containers")}
    assert {name for name, options in own.items() if options} == {"references"}
    assert own["references"]["autoscaleSettings"]["maxThroughput"] >= 1000


def test_the_price_table_has_a_date_a_source_units_and_reasons() -> None:
    assert re.fullmatch(r"20\d\d-\d\d", TABLE["date"])
    assert TABLE["source"]
    assert all(price["unit"] and price["usd"] >= 0 for price in TABLE["prices"].values())
    assert all(entry["reason"] for part in ("estimates", "ceilings") for entry in TABLE[part].values())


def test_the_budget_has_alerts_before_and_at_its_amount(prediction: Prediction) -> None:
    assert prediction.only("Microsoft.Consumption/budgets")["name"].endswith(BUDGET_SUFFIX)
    budget = prediction.only("Microsoft.Consumption/budgets")["properties"]
    assert budget["amount"] > sum(idle_cost(prediction).values())
    assert (budget["category"], budget["timeGrain"]) == ("Cost", "Monthly")
    notices = budget["notifications"].values()
    assert {(notice["threshold"], notice["thresholdType"]) for notice in notices} == {
        (80, "Actual"),
        (100, "Forecasted"),
    }
    assert all(notice["enabled"] and (notice["contactRoles"] or notice["contactEmails"]) for notice in notices)
