"""What a deployment costs a month while nobody uses it, by infra/prices.json."""

from tests.infra.reading import Prediction, content

TABLE = content("prices.json")
HOURS = TABLE["hoursPerMonth"]
SECONDS = HOURS * 3600
FREE_GB_SECONDS = 100_000
LOG_DAYS_FREE = 31


def price(name: str) -> float:
    return float(TABLE["prices"][name]["usd"])


def estimate(name: str) -> float:
    return float(TABLE["estimates"][name]["amount"])


def idle_cost(prediction: Prediction) -> dict[str, float]:
    """Return the cost by service, in USD a month."""
    return {
        "cosmos": _cosmos(prediction),
        "service bus": _service_bus(prediction),
        "instances": _instances(prediction),
        "logs": _logs(prediction),
        "alerts": _alerts(prediction),
        "storage": estimate("packageGB") * price("storage"),
    }


def _cosmos(prediction: Prediction) -> float:
    kind = "Microsoft.DocumentDB/databaseAccounts"
    scaled = [*prediction.all(f"{kind}/sqlDatabases"), *prediction.all(f"{kind}/sqlDatabases/containers")]
    account = prediction.one(kind)["properties"]
    # Throughput that is fixed is billed whole, an autoscale at a tenth at least.
    units = 0.0
    for options in (one["properties"].get("options", {}) for one in scaled):
        units += (
            options.get("throughput", 0) / 100 + options.get("autoscaleSettings", {}).get("maxThroughput", 0) / 1000
        )
    kept_30_days = account["backupPolicy"].get("continuousModeProperties", {}).get("tier") == "Continuous30Days"
    backup = estimate("backupGB") * price("cosmosBackup30Days") if kept_30_days else 0.0
    return float(units * price("cosmosAutoscale") * HOURS * len(account["locations"]) + backup)


def _service_bus(prediction: Prediction) -> float:
    return price("serviceBus" + prediction.one("Microsoft.ServiceBus/namespaces")["sku"]["name"])


def _instances(prediction: Prediction) -> float:
    """Those that wait, and the second a minute that the sweep works, less what is free."""
    scale = prediction.one("Microsoft.Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    size = scale["instanceMemoryMB"] / 1024
    waiting = sum(group["instanceCount"] for group in scale["alwaysReady"]) * size * SECONDS
    working = max(0.0, estimate("idleSweepSeconds") * size - FREE_GB_SECONDS)
    return float(waiting * price("flexAlwaysReady") + working * price("flexOnDemand"))


def _logs(prediction: Prediction) -> float:
    days = prediction.one("Microsoft.OperationalInsights/workspaces")["properties"]["retentionInDays"]
    beyond = max(0, days - LOG_DAYS_FREE) / 30
    return float(estimate("idleLogsGB") * (price("logIngestion") + beyond * price("logRetention")))


def _alerts(prediction: Prediction) -> float:
    rules = [one["properties"] for one in prediction.all("Microsoft.Insights/scheduledQueryRules")]
    often = sum(rule["evaluationFrequency"] == "PT5M" for rule in rules)
    asked = often * price("logAlertEvery5Minutes") + (len(rules) - often) * price("logAlertEvery15Minutes")
    queues = len(prediction.all("Microsoft.ServiceBus/namespaces/queues"))
    series = 0
    for rule in prediction.all("Microsoft.Insights/metricAlerts"):
        # One for each queue, if it tells them apart.
        series += sum(queues if one["dimensions"] else 1 for one in rule["properties"]["criteria"]["allOf"])
    return float(asked + series * price("metricAlert"))
