"""What it costs while nobody uses it stays under a ceiling, and somebody is told before the bill is."""

import re
from typing import Any

import pytest

from infra.deploy.resources import OUR_BUDGET
from tests.infra.idle_cost import TABLE, idle_cost
from tests.infra.reading import Prediction, predicted


def ceiling(environment: str) -> float:
    return float(TABLE["ceilings"][environment]["usd"])


def test_an_idle_month_stays_under_the_ceiling(prediction: Prediction) -> None:
    cost = idle_cost(prediction)
    assert 0 < sum(cost.values()) <= ceiling(prediction.environment), cost


def test_the_ceiling_is_not_far_above_what_it_costs(prediction: Prediction) -> None:
    """Else it would hold nothing."""
    assert ceiling(prediction.environment) <= 2.5 * sum(idle_cost(prediction).values())


def test_in_dev_only_logs_alerts_and_files_cost_anything_while_idle() -> None:
    assert {name for name, usd in idle_cost(predicted("dev")).items() if usd} == {"logs", "alerts", "storage"}


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Microsoft.Web/sites", ("functionAppConfig", "scaleAndConcurrency", "alwaysReady"), 3),
        ("Microsoft.DocumentDB/databaseAccounts/sqlDatabases", ("options",), 4000),
    ],
)
def test_whoever_raises_the_scale_meets_the_ceiling(kind: str, path: tuple[str, ...], value: int) -> None:
    dev = predicted("dev")
    raised: Any = [{"name": "http", "instanceCount": value}] if path[-1] == "alwaysReady" else {"throughput": value}
    resources = [_with(one, ("properties", *path), raised) if one["type"] == kind else one for one in dev.resources]
    assert sum(idle_cost(Prediction("dev", resources, dev.outputs)).values()) > ceiling("dev")


def _with(value: dict[str, Any], path: tuple[str, ...], end: object) -> dict[str, Any]:
    return {**value, path[0]: _with(value[path[0]], path[1:], end) if len(path) > 1 else end}


def test_dev_is_serverless_and_basic() -> None:
    dev = predicted("dev")
    account = dev.one("Microsoft.DocumentDB/databaseAccounts")["properties"]
    assert account["capabilities"] == [{"name": "EnableServerless"}]
    assert dev.one("Microsoft.ServiceBus/namespaces")["sku"] == {"name": "Basic", "tier": "Basic"}
    databases = dev.all("Microsoft.DocumentDB/databaseAccounts/sqlDatabases")
    containers = dev.all("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers")
    assert [one["properties"]["options"] for one in [*databases, *containers]] == [{}] * 5


def test_in_prod_imports_have_request_units_of_their_own() -> None:
    prod = predicted("prod")
    kind = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"
    assert prod.one("Microsoft.DocumentDB/databaseAccounts")["properties"]["capabilities"] == []
    assert prod.one(kind)["properties"]["options"] == {"autoscaleSettings": {"maxThroughput": 1000}}
    own = {one["name"].rsplit("/", 1)[-1]: one["properties"]["options"] for one in prod.all(f"{kind}/containers")}
    assert {name for name, options in own.items() if options} == {"references"}
    assert own["references"]["autoscaleSettings"]["maxThroughput"] >= 1000


def test_each_price_has_a_unit_and_the_table_a_date_and_a_source() -> None:
    assert re.fullmatch(r"20\d\d-\d\d", TABLE["date"])
    assert TABLE["source"]
    assert all(one["unit"] and one["usd"] >= 0 for one in TABLE["prices"].values())
    assert all(one["reason"] for part in ("estimates", "ceilings") for one in TABLE[part].values())


def test_the_budget_warns_somebody_before_it_is_spent(prediction: Prediction) -> None:
    assert prediction.one("Microsoft.Consumption/budgets")["name"].endswith(OUR_BUDGET)
    budget = prediction.one("Microsoft.Consumption/budgets")["properties"]
    assert budget["amount"] > sum(idle_cost(prediction).values())
    assert (budget["category"], budget["timeGrain"]) == ("Cost", "Monthly")
    notices = budget["notifications"].values()
    assert {(one["threshold"], one["thresholdType"]) for one in notices} == {(80, "Actual"), (100, "Forecasted")}
    assert all(one["enabled"] and (one["contactRoles"] or one["contactEmails"]) for one in notices)
