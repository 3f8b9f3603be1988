"""Queues, containers and their keys: Azure's, the local stack's and the code's are the same."""

from typing import Any

import pytest

from exchange.domain import blob_names
from local.azure_resources import container_properties, topology
from tests.infra.queries import containers, queried
from tests.infra.reading import Prediction, Resource, own_name

COSMOS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"
QUEUE = "Microsoft.ServiceBus/namespaces/queues"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
# What others than the app write.
OF_OTHERS = {
    "packages": "the deployed package, which Azure puts there",
    "dead-letters": "events that Event Grid could not deliver, which it puts there",
}
# Fixed when it is made: to change one is to make another container or queue and move what is in it.
FIXED_CONTAINERS: dict[str, tuple[list[str], list[list[str]]]] = {
    "references": (["/bucket"], []),
    "identifiers": (["/id"], []),
    "batches": (["/id"], []),
    "robots": (["/kind"], [["/name"]]),
}
FIXED_QUEUE = {"requiresDuplicateDetection": False, "requiresSession": False, "enablePartitioning": False}


def cosmos_containers(prediction: Prediction) -> dict[str, Resource]:
    return {own_name(one): one["properties"]["resource"] for one in prediction.all(f"{COSMOS}/containers")}


def test_the_queues_are_those_of_the_app_s_settings(prediction: Prediction) -> None:
    settings = prediction.settings
    names = sorted(own_name(one) for one in prediction.all(QUEUE))
    assert names == sorted([settings["DISPATCH_QUEUE"], settings["IMPORT_QUEUE"]])


def test_the_queues_are_those_of_the_local_stack(prediction: Prediction) -> None:
    made = {own_name(one): one["properties"] for one in prediction.all(QUEUE)}
    assert set(made) == {queue["name"] for queue in topology()["queues"]}
    for queue in topology()["queues"]:
        assert made[queue["name"]]["lockDuration"] == f"PT{queue['lockDurationSeconds']}S"
        assert made[queue["name"]]["maxDeliveryCount"] == queue["maxDeliveryCount"]
        assert made[queue["name"]]["defaultMessageTimeToLive"] == f"P{queue['timeToLiveDays']}D"


def test_an_order_that_expires_is_found_among_the_dead_letters(prediction: Prediction) -> None:
    assert all(one["properties"]["deadLetteringOnMessageExpiration"] is True for one in prediction.all(QUEUE))


def test_orders_are_delivered_more_than_once_but_not_for_ever(prediction: Prediction) -> None:
    assert all(1 < one["properties"]["maxDeliveryCount"] <= 20 for one in prediction.all(QUEUE))


def test_what_is_fixed_when_a_queue_is_made_is_as_it_was(prediction: Prediction) -> None:
    assert prediction.all(QUEUE)
    for queue in prediction.all(QUEUE):
        assert {name: queue["properties"][name] for name in FIXED_QUEUE} == FIXED_QUEUE


def test_the_database_is_that_of_the_app_s_settings_and_of_the_local_stack(prediction: Prediction) -> None:
    name = own_name(prediction.one(COSMOS))
    assert name == prediction.settings["COSMOS_DATABASE"] == topology()["cosmos"]["database"]


def test_the_containers_of_cosmos_db_are_those_that_the_code_opens(prediction: Prediction) -> None:
    assert set(cosmos_containers(prediction)) == containers()


def test_what_is_fixed_when_a_container_is_made_is_as_it_was(prediction: Prediction) -> None:
    made = {
        name: (one["partitionKey"]["paths"], [key["paths"] for key in one["uniqueKeyPolicy"]["uniqueKeys"]])
        for name, one in cosmos_containers(prediction).items()
    }
    assert made == FIXED_CONTAINERS


def test_partition_keys_are_hashed_whole(prediction: Prediction) -> None:
    keys = [one["partitionKey"] for one in cosmos_containers(prediction).values()]
    assert {(key["kind"], key["version"]) for key in keys} == {("Hash", 2)}


@pytest.mark.parametrize("wanted", topology()["cosmos"]["containers"], ids=lambda wanted: str(wanted["name"]))
def test_a_container_is_what_the_local_stack_makes(prediction: Prediction, wanted: dict[str, Any]) -> None:
    made, local = cosmos_containers(prediction)[wanted["name"]], container_properties(wanted)
    key = local["partition_key"]
    assert made["partitionKey"] == {"paths": key["paths"], "kind": key["kind"], "version": key["version"]}
    assert made["uniqueKeyPolicy"] == local["unique_key_policy"]
    # What the local stack leaves out is empty.
    empty: dict[str, Any] = {"includedPaths": [], "excludedPaths": [], "compositeIndexes": []}
    assert made["indexingPolicy"] == {**empty, **local["indexing_policy"]}


@pytest.mark.parametrize("name", FIXED_CONTAINERS)
def test_what_is_queried_is_indexed_and_nothing_else(prediction: Prediction, name: str) -> None:
    made = cosmos_containers(prediction)[name]
    indexed = {path["path"].removeprefix("/").removesuffix("/?") for path in made["indexingPolicy"]["includedPaths"]}
    unique = {path.removeprefix("/") for key in made["uniqueKeyPolicy"]["uniqueKeys"] for path in key["paths"]}
    assert indexed == queried().get(name, set()) | unique


def test_every_other_path_is_left_out_of_the_index(prediction: Prediction) -> None:
    for name, one in cosmos_containers(prediction).items():
        policy = one["indexingPolicy"]
        if name in queried():
            assert (policy["indexingMode"], policy["excludedPaths"]) == ("consistent", [{"path": "/*"}]), name
        else:
            assert (policy["indexingMode"], policy["automatic"]) == ("none", False), name


def test_what_is_sorted_by_together_is_indexed_singly_as_well(prediction: Prediction) -> None:
    for one in cosmos_containers(prediction).values():
        singly = {path["path"].removesuffix("/?") for path in one["indexingPolicy"]["includedPaths"]}
        together = {path["path"] for index in one["indexingPolicy"]["compositeIndexes"] for path in index}
        assert together <= singly


def test_the_blob_containers_are_those_of_the_code_and_of_others_that_we_know(prediction: Prediction) -> None:
    made = {own_name(one) for one in prediction.all(BLOBS)}
    constants = {name: value for name, value in vars(blob_names).items() if isinstance(value, str) and name.isupper()}
    named = {value for name, value in constants.items() if not name.startswith("_")}
    assert {blob_names.BATCHES, blob_names.RESULTS} <= named
    assert made == named | set(OF_OTHERS)


def test_the_blob_containers_of_the_data_are_those_of_the_local_stack(prediction: Prediction) -> None:
    data = prediction.outputs["dataStorageName"]
    made = {own_name(one) for one in prediction.all(BLOBS) if one["name"].startswith(f"{data}/")}
    assert made == set(topology()["blobContainers"])


def test_reads_see_every_write_from_any_instance(prediction: Prediction) -> None:
    account = prediction.one("Microsoft.DocumentDB/databaseAccounts")["properties"]
    assert account["consistencyPolicy"]["defaultConsistencyLevel"] == "Strong"
    assert len(account["locations"]) == 1
