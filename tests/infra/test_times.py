"""What waits for what: locks, renewals, time-outs, and how long things are kept."""

import json
import re
from datetime import timedelta

from tests.infra.reading import Prediction, content, own_name
from tests.stacks import ROOT

HOST = json.loads((ROOT / "host.json").read_text())
QUEUE = "Microsoft.ServiceBus/namespaces/queues"
TUNABLES = content("tunables.json")
DAY_S = 86_400
# What a batch can wait for, one after another, before it ends; then it is written for the last time.
WAITS = (
    *("DISPATCH_OVERDUE_S", "ROBOT_RETRY_TOTAL_S", "RECEIVED_LIMIT_S", "ROBOT_SILENCE_LIMIT_S", "VALIDATION_WAIT_S"),
    "CALLBACK_WAIT_S",
)


def seconds(text: str) -> float:
    """Read hh:mm:ss."""
    hours, minutes, rest = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=rest).total_seconds()


def iso(text: str) -> float:
    """Read a duration such as PT60S or P14D."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)M)?(?:(\d+)S)?)?", text)
    assert found, text
    days, minutes, rest = (int(part or 0) for part in found.groups())
    return timedelta(days=days, minutes=minutes, seconds=rest).total_seconds()


def test_a_lock_is_one_that_service_bus_takes_and_lasts_until_it_is_renewed(prediction: Prediction) -> None:
    for queue in prediction.all(QUEUE):
        assert 30 <= iso(queue["properties"]["lockDuration"]) <= 300


def test_a_lock_is_renewed_for_as_long_as_a_function_may_run() -> None:
    service_bus = HOST["extensions"]["serviceBus"]
    assert seconds(service_bus["maxAutoLockRenewalDuration"]) >= seconds(HOST["functionTimeout"])


def test_a_message_lives_longer_than_all_its_deliveries_may_take(prediction: Prediction) -> None:
    for queue in prediction.all(QUEUE):
        longest = queue["properties"]["maxDeliveryCount"] * seconds(HOST["functionTimeout"])
        assert iso(queue["properties"]["defaultMessageTimeToLive"]) > longest


def test_a_message_lives_longer_than_a_robot_out_of_reach_is_tried(prediction: Prediction) -> None:
    for queue in prediction.all(QUEUE):
        assert iso(queue["properties"]["defaultMessageTimeToLive"]) > float(TUNABLES["ROBOT_RETRY_TOTAL_S"])


def test_a_message_lives_no_longer_than_the_basic_tier_lets_it(prediction: Prediction) -> None:
    if prediction.one("Microsoft.ServiceBus/namespaces")["sku"]["name"] == "Basic":
        assert all(iso(one["properties"]["defaultMessageTimeToLive"]) <= 14 * DAY_S for one in prediction.all(QUEUE))


def test_the_manifest_of_a_batch_outlives_its_item(prediction: Prediction) -> None:
    """It is written when the batch is requested; the item lives on from when it is written last."""
    waits = sum(float(TUNABLES[name]) for name in WAITS)
    waits += float(TUNABLES["PROGRESS_LIMIT_S"]) * int(TUNABLES["PROGRESS_ATTEMPTS"])
    assert expiries(prediction)["batches"] * DAY_S >= batch_ttl(prediction) + waits


def expiries(prediction: Prediction) -> dict[str, int]:
    """Return after how many days the blobs of a container are deleted."""
    rules = prediction.one("Microsoft.Storage/storageAccounts/managementPolicies")["properties"]["policy"]["rules"]
    found = {}
    for rule in rules:
        (prefix,) = rule["definition"]["filters"]["prefixMatch"]
        delete = rule["definition"]["actions"]["baseBlob"]["delete"]
        found[prefix.removesuffix("/")] = delete["daysAfterModificationGreaterThan"]
    return found


def batch_ttl(prediction: Prediction) -> int:
    """Return how long the item of a batch lives, in seconds."""
    container = prediction.one("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers", "/batches")
    ttl: int = container["properties"]["resource"]["defaultTtl"]
    return ttl


def test_everything_that_is_written_of_a_batch_expires(prediction: Prediction) -> None:
    data = prediction.outputs["dataStorageName"]
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers"
    containers = {own_name(one) for one in prediction.all(kind) if one["name"].startswith(f"{data}/")}
    assert set(expiries(prediction)) == containers


def test_a_result_stays_for_as_long_as_somebody_may_ask_for_it(prediction: Prediction) -> None:
    assert expiries(prediction)["results"] * DAY_S >= batch_ttl(prediction)


def test_only_batches_expire_in_the_database(prediction: Prediction) -> None:
    kind = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
    expiring = [own_name(one) for one in prediction.all(kind) if "defaultTtl" in one["properties"]["resource"]]
    assert expiring == ["batches"]


def test_the_prefix_of_an_expiry_ends_with_a_slash(prediction: Prediction) -> None:
    rules = prediction.one("Microsoft.Storage/storageAccounts/managementPolicies")["properties"]["policy"]["rules"]
    assert all(rule["definition"]["filters"]["prefixMatch"][0].endswith("/") for rule in rules)


def test_a_deleted_blob_or_container_can_be_got_back_for_a_week(prediction: Prediction) -> None:
    services = prediction.all("Microsoft.Storage/storageAccounts/blobServices")
    assert len(services) == 2
    for service in services:
        for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
            assert service["properties"][policy] == {"enabled": True, "days": 7}


def test_the_database_can_be_put_back_to_any_moment(prediction: Prediction) -> None:
    policy = prediction.one("Microsoft.DocumentDB/databaseAccounts")["properties"]["backupPolicy"]
    days = {"dev": "Continuous7Days", "prod": "Continuous30Days"}[prediction.environment]
    assert policy == {"type": "Continuous", "continuousModeProperties": {"tier": days}}


def test_nobody_can_destroy_the_master_key_for_good(prediction: Prediction) -> None:
    vault = prediction.one("Microsoft.KeyVault/vaults")["properties"]
    assert (vault["enableSoftDelete"], vault["enablePurgeProtection"]) == (True, True)
    assert vault["softDeleteRetentionInDays"] == 90


def test_logs_are_kept_and_capped(prediction: Prediction) -> None:
    workspace = prediction.one("Microsoft.OperationalInsights/workspaces")["properties"]
    assert 30 <= workspace["retentionInDays"] <= 730
    assert workspace["workspaceCapping"]["dailyQuotaGb"] > 0
