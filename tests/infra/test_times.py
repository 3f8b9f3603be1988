"""Durations that depend on each other: locks, timeouts, deadlines, and how long data is kept."""

import json
import re
from datetime import timedelta

from tests.infra.reading import Prediction, short_name
from tests.stacks import ROOT

HOST = json.loads((ROOT / "host.json").read_text())
QUEUE = "Microsoft.ServiceBus/namespaces/queues"
DAY_S = 86_400
# The waits of a batch, one after another, before it ends. Then it is written for the last time.
WAITS = (
    *("DISPATCH_OVERDUE_S", "ROBOT_RETRY_TOTAL_S", "RECEIVED_LIMIT_S", "ROBOT_SILENCE_LIMIT_S", "VALIDATION_WAIT_S"),
    "CALLBACK_WAIT_S",
)


def parse_time(text: str) -> float:
    """Return the seconds of a duration such as 00:30:00."""
    hours, minutes, rest = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=rest).total_seconds()


def parse_iso(text: str) -> float:
    """Return the seconds of an ISO 8601 duration such as PT60S or P14D."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)M)?(?:(\d+)S)?)?", text)
    assert found, text
    days, minutes, rest = (int(part or 0) for part in found.groups())
    return timedelta(days=days, minutes=minutes, seconds=rest).total_seconds()


def test_the_lock_duration_is_within_the_limits_of_service_bus(prediction: Prediction) -> None:
    for queue in prediction.all(QUEUE):
        assert 30 <= parse_iso(queue["properties"]["lockDuration"]) <= 300


def test_a_lock_is_renewed_until_the_function_timeout() -> None:
    service_bus = HOST["extensions"]["serviceBus"]
    assert parse_time(service_bus["maxAutoLockRenewalDuration"]) >= parse_time(HOST["functionTimeout"])


def test_a_message_lives_longer_than_all_its_deliveries(prediction: Prediction) -> None:
    for queue in prediction.all(QUEUE):
        longest = queue["properties"]["maxDeliveryCount"] * parse_time(HOST["functionTimeout"])
        assert parse_iso(queue["properties"]["defaultMessageTimeToLive"]) > longest


def test_a_message_lives_longer_than_the_retries_of_an_unreachable_robot(prediction: Prediction) -> None:
    for queue in prediction.all(QUEUE):
        assert parse_iso(queue["properties"]["defaultMessageTimeToLive"]) > prediction.effective("ROBOT_RETRY_TOTAL_S")


def test_the_time_to_live_of_messages_is_within_the_limit_of_the_basic_tier(prediction: Prediction) -> None:
    if prediction.only("Microsoft.ServiceBus/namespaces")["sku"]["name"] == "Basic":
        assert all(
            parse_iso(queue["properties"]["defaultMessageTimeToLive"]) <= 14 * DAY_S for queue in prediction.all(QUEUE)
        )


def test_the_manifest_of_a_batch_is_kept_longer_than_its_item(prediction: Prediction) -> None:
    """The manifest expires after its creation, the item after its last change."""
    waits = sum(prediction.effective(name) for name in WAITS)
    waits += prediction.effective("PROGRESS_LIMIT_S") * prediction.effective("PROGRESS_ATTEMPTS")
    assert expiries(prediction)["batches"] * DAY_S >= batch_ttl(prediction) + waits


def expiries(prediction: Prediction) -> dict[str, int]:
    """Return the days after which blobs are deleted, for each container."""
    rules = prediction.only("Microsoft.Storage/storageAccounts/managementPolicies")["properties"]["policy"]["rules"]
    found = {}
    for rule in rules:
        (prefix,) = rule["definition"]["filters"]["prefixMatch"]
        delete = rule["definition"]["actions"]["baseBlob"]["delete"]
        found[prefix.removesuffix("/")] = delete["daysAfterModificationGreaterThan"]
    return found


def batch_ttl(prediction: Prediction) -> int:
    """Return the seconds after which a batch item is deleted."""
    container = prediction.only("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers", "/batches")
    ttl: int = container["properties"]["resource"]["defaultTtl"]
    return ttl


def test_the_blobs_of_every_data_container_expire(prediction: Prediction) -> None:
    data = prediction.outputs["dataStorageName"]
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers"
    containers = {
        short_name(container) for container in prediction.all(kind) if container["name"].startswith(f"{data}/")
    }
    assert set(expiries(prediction)) == containers


def test_a_result_is_kept_as_long_as_its_batch(prediction: Prediction) -> None:
    assert expiries(prediction)["results"] * DAY_S >= batch_ttl(prediction)


def test_only_batches_and_deliveries_to_webhooks_expire_in_cosmos_db(prediction: Prediction) -> None:
    kind = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
    expiring = [
        short_name(container)
        for container in prediction.all(kind)
        if "defaultTtl" in container["properties"]["resource"]
    ]
    assert expiring == ["batches", "deliveries"]


def test_everything_that_a_signed_url_can_write_expires_except_page_blobs(prediction: Prediction) -> None:
    """Azure knows no rule for page blobs."""
    rules = prediction.only("Microsoft.Storage/storageAccounts/managementPolicies")["properties"]["policy"]["rules"]
    for rule in rules:
        definition = rule["definition"]
        assert set(definition["filters"]["blobTypes"]) == {"blockBlob", "appendBlob"}
        days = definition["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"]
        for part in ("snapshot", "version"):
            assert definition["actions"][part] == {"delete": {"daysAfterCreationGreaterThan": days}}


def test_the_prefix_of_an_expiry_ends_with_a_slash(prediction: Prediction) -> None:
    rules = prediction.only("Microsoft.Storage/storageAccounts/managementPolicies")["properties"]["policy"]["rules"]
    assert all(rule["definition"]["filters"]["prefixMatch"][0].endswith("/") for rule in rules)


def test_deleted_blobs_and_containers_can_be_restored_for_a_week(prediction: Prediction) -> None:
    services = prediction.all("Microsoft.Storage/storageAccounts/blobServices")
    assert len(services) == 2
    for service in services:
        for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
            assert service["properties"][policy] == {"enabled": True, "days": 7}


def test_the_database_has_continuous_backup(prediction: Prediction) -> None:
    policy = prediction.only("Microsoft.DocumentDB/databaseAccounts")["properties"]["backupPolicy"]
    days = {"dev": "Continuous7Days", "prod": "Continuous30Days"}[prediction.environment]
    assert policy == {"type": "Continuous", "continuousModeProperties": {"tier": days}}


def test_the_key_vault_cannot_be_purged(prediction: Prediction) -> None:
    vault = prediction.only("Microsoft.KeyVault/vaults")["properties"]
    assert (vault["enableSoftDelete"], vault["enablePurgeProtection"]) == (True, True)
    assert vault["softDeleteRetentionInDays"] == 90


def test_the_workspace_has_a_retention_and_a_daily_cap(prediction: Prediction) -> None:
    workspace = prediction.only("Microsoft.OperationalInsights/workspaces")["properties"]
    assert 30 <= workspace["retentionInDays"] <= 730
    assert workspace["workspaceCapping"]["dailyQuotaGb"] > 0
