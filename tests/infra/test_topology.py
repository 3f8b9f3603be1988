"""Queues, containers and their keys are the same in Azure, on the local stack and in the code."""

from typing import Any

import pytest

from exchange.domain import blob_names
from local.azure_resources import make_container_properties, read_topology
from tests.infra.queries import list_containers, list_queried_paths
from tests.infra.reading import Prediction, Resource, short_name

COSMOS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"
QUEUE = "Microsoft.ServiceBus/namespaces/queues"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
# Containers that the app does not write to.
WRITTEN_BY_OTHERS = {
    "packages": "the deployed package, which Azure writes",
    "dead-letters": "events that Event Grid could not deliver, which it writes",
}
# These cannot be changed later. A change requires a new container or queue, and a migration.
PARTITION_AND_UNIQUE_KEYS: dict[str, tuple[list[str], list[list[str]]]] = {
    "references": (["/bucket"], []),
    "identifiers": (["/id"], []),
    "batches": (["/id"], []),
    "robots": (["/kind"], [["/name"]]),
    "webhooks": (["/id"], []),
    "deliveries": (["/webhook_id"], []),
}
QUEUE_OPTIONS = {"requiresDuplicateDetection": False, "requiresSession": False, "enablePartitioning": False}


def queues(prediction: Prediction) -> dict[str, Resource]:
    found = {short_name(queue): queue["properties"] for queue in prediction.all(QUEUE)}
    assert found
    return found


def cosmos_containers(prediction: Prediction) -> dict[str, Resource]:
    containers = prediction.all(f"{COSMOS}/containers")
    return {short_name(container): container["properties"]["resource"] for container in containers}


def test_the_queues_are_those_in_the_app_settings(prediction: Prediction) -> None:
    settings = prediction.settings
    assert sorted(queues(prediction)) == sorted(
        [settings["DISPATCH_QUEUE"], settings["IMPORT_QUEUE"], settings["NOTIFY_QUEUE"]]
    )


def test_the_queues_are_those_of_the_local_stack(prediction: Prediction) -> None:
    deployed = queues(prediction)
    assert set(deployed) == {queue["name"] for queue in read_topology()["queues"]}
    for queue in read_topology()["queues"]:
        assert deployed[queue["name"]]["lockDuration"] == f"PT{queue['lockDurationSeconds']}S"
        assert deployed[queue["name"]]["maxDeliveryCount"] == queue["maxDeliveryCount"]
        assert deployed[queue["name"]]["defaultMessageTimeToLive"] == f"P{queue['timeToLiveDays']}D"


def test_an_expired_message_is_moved_to_the_dead_letter_queue(prediction: Prediction) -> None:
    assert all(queue["deadLetteringOnMessageExpiration"] is True for queue in queues(prediction).values())


def test_a_failed_message_is_redelivered_a_limited_number_of_times(prediction: Prediction) -> None:
    assert all(1 < queue["maxDeliveryCount"] <= 20 for queue in queues(prediction).values())


def test_the_immutable_options_of_queues_are_unchanged(prediction: Prediction) -> None:
    for queue in queues(prediction).values():
        assert {name: queue[name] for name in QUEUE_OPTIONS} == QUEUE_OPTIONS


def test_the_database_is_that_in_the_app_settings_and_on_the_local_stack(prediction: Prediction) -> None:
    name = short_name(prediction.only(COSMOS))
    assert name == prediction.settings["COSMOS_DATABASE"] == read_topology()["cosmos"]["database"]


def test_the_cosmos_db_containers_are_those_that_the_code_opens(prediction: Prediction) -> None:
    assert set(cosmos_containers(prediction)) == list_containers()


def test_the_partition_and_unique_keys_of_containers_are_unchanged(prediction: Prediction) -> None:
    deployed = {
        name: (container["partitionKey"]["paths"], [key["paths"] for key in container["uniqueKeyPolicy"]["uniqueKeys"]])
        for name, container in cosmos_containers(prediction).items()
    }
    assert deployed == PARTITION_AND_UNIQUE_KEYS


def test_partition_keys_use_the_second_hash_version(prediction: Prediction) -> None:
    keys = [container["partitionKey"] for container in cosmos_containers(prediction).values()]
    assert {(key["kind"], key["version"]) for key in keys} == {("Hash", 2)}


@pytest.mark.parametrize(
    "container", read_topology()["cosmos"]["containers"], ids=lambda container: str(container["name"])
)
def test_a_container_has_the_properties_of_the_local_stack(prediction: Prediction, container: dict[str, Any]) -> None:
    deployed, local = cosmos_containers(prediction)[container["name"]], make_container_properties(container)
    key = local["partition_key"]
    assert deployed["partitionKey"] == {"paths": key["paths"], "kind": key["kind"], "version": key["version"]}
    assert deployed["uniqueKeyPolicy"] == local["unique_key_policy"]
    # The local stack leaves out empty lists.
    empty: dict[str, Any] = {"includedPaths": [], "excludedPaths": [], "compositeIndexes": []}
    assert deployed["indexingPolicy"] == {**empty, **local["indexing_policy"]}


@pytest.mark.parametrize("name", PARTITION_AND_UNIQUE_KEYS)
def test_exactly_the_queried_paths_are_indexed(prediction: Prediction, name: str) -> None:
    deployed = cosmos_containers(prediction)[name]
    included = deployed["indexingPolicy"]["includedPaths"]
    indexed = {path["path"].removeprefix("/").removesuffix("/?").removesuffix("/[]") for path in included}
    unique = {path.removeprefix("/") for key in deployed["uniqueKeyPolicy"]["uniqueKeys"] for path in key["paths"]}
    assert indexed == list_queried_paths().get(name, set()) | unique


def test_all_other_paths_are_excluded_from_the_index(prediction: Prediction) -> None:
    for name, container in cosmos_containers(prediction).items():
        policy = container["indexingPolicy"]
        if name in list_queried_paths():
            assert (policy["indexingMode"], policy["excludedPaths"]) == ("consistent", [{"path": "/*"}]), name
        else:
            assert (policy["indexingMode"], policy["automatic"]) == ("none", False), name


def test_the_paths_of_composite_indexes_are_also_indexed_alone(prediction: Prediction) -> None:
    for container in cosmos_containers(prediction).values():
        policy = container["indexingPolicy"]
        alone = {path["path"].removesuffix("/?") for path in policy["includedPaths"]}
        composite = {path["path"] for index in policy["compositeIndexes"] for path in index}
        assert composite <= alone


def test_the_blob_containers_are_those_of_the_code_and_of_known_others(prediction: Prediction) -> None:
    deployed = {short_name(container) for container in prediction.all(BLOBS)}
    constants = {name: value for name, value in vars(blob_names).items() if isinstance(value, str) and name.isupper()}
    named = {value for name, value in constants.items() if not name.startswith("_")}
    assert {blob_names.BATCHES, blob_names.RESULTS} <= named
    assert deployed == named | set(WRITTEN_BY_OTHERS)


def test_the_containers_of_the_data_storage_account_are_those_of_the_local_stack(prediction: Prediction) -> None:
    prefix = f"{prediction.outputs['dataStorageName']}/"
    deployed = {short_name(item) for item in prediction.all(BLOBS) if item["name"].startswith(prefix)}
    assert deployed == set(read_topology()["blobContainers"])


def test_the_database_is_strongly_consistent_in_one_region(prediction: Prediction) -> None:
    account = prediction.only("Microsoft.DocumentDB/databaseAccounts")["properties"]
    assert account["consistencyPolicy"]["defaultConsistencyLevel"] == "Strong"
    assert len(account["locations"]) == 1
