"""The monthly cost of an idle deployment, by infra/prices.json."""

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
    """Return the cost of each service in USD a month."""
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
    databases_and_containers = [
        *prediction.all(f"{kind}/sqlDatabases"),
        *prediction.all(f"{kind}/sqlDatabases/containers"),
    ]
    account = prediction.only(kind)["properties"]
    # Fixed throughput is billed in full, an idle autoscale for a tenth of its maximum.
    units = 0.0
    for options in (resource["properties"].get("options", {}) for resource in databases_and_containers):
        units += (
            options.get("throughput", 0) / 100 + options.get("autoscaleSettings", {}).get("maxThroughput", 0) / 1000
        )
    has_30_days = account["backupPolicy"].get("continuousModeProperties", {}).get("tier") == "Continuous30Days"
    backup = estimate("backupGB") * price("cosmosBackup30Days") if has_30_days else 0.0
    return float(units * price("cosmosAutoscale") * HOURS * len(account["locations"]) + backup)


def _service_bus(prediction: Prediction) -> float:
    return price("serviceBus" + prediction.only("Microsoft.ServiceBus/namespaces")["sku"]["name"])


def _instances(prediction: Prediction) -> float:
    """Always ready instances, and one second a minute for the sweep, minus the free amount."""
    scale = prediction.only("Microsoft.Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    size = scale["instanceMemoryMB"] / 1024
    ready = sum(group["instanceCount"] for group in scale["alwaysReady"]) * size * SECONDS
    running = max(0.0, estimate("idleSweepSeconds") * size - FREE_GB_SECONDS)
    return float(ready * price("flexAlwaysReady") + running * price("flexOnDemand"))


def _logs(prediction: Prediction) -> float:
    days = prediction.only("Microsoft.OperationalInsights/workspaces")["properties"]["retentionInDays"]
    beyond = max(0, days - LOG_DAYS_FREE) / 30
    return float(estimate("idleLogsGB") * (price("logIngestion") + beyond * price("logRetention")))


def _alerts(prediction: Prediction) -> float:
    rules = [rule["properties"] for rule in prediction.all("Microsoft.Insights/scheduledQueryRules")]
    frequent = sum(rule["evaluationFrequency"] == "PT5M" for rule in rules)
    queries = frequent * price("logAlertEvery5Minutes") + (len(rules) - frequent) * price("logAlertEvery15Minutes")
    queues = len(prediction.all("Microsoft.ServiceBus/namespaces/queues"))
    series = 0
    for rule in prediction.all("Microsoft.Insights/metricAlerts"):
        # A rule with dimensions has one time series for each queue.
        series += sum(queues if criterion["dimensions"] else 1 for criterion in rule["properties"]["criteria"]["allOf"])
    return float(queries + series * price("metricAlert"))
