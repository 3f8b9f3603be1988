"""events.bicep subscribes the app to blob events."""

import os
import subprocess
import sys
from typing import Any
from uuid import UUID

from exchange.domain import blob_names
from tests.infra.reading import Prediction, Resource, content, short_name, text
from tests.infra.test_app_settings import SAMPLE
from tests.stacks import ROOT

SUBSCRIPTION = "Microsoft.EventGrid/systemTopics/eventSubscriptions"
# The operations that write a result: one PUT, and a list of blocks. A copy is not a result.
WRITES = {"PutBlob", "PutBlockList"}
LIST_BLOB_TRIGGERS = """
import sys; from pathlib import Path; from local.host.bindings import load_functions
for function in load_functions(Path(sys.argv[1])):
    trigger = function.trigger
    if trigger["type"] == "blobTrigger": print(function.name, trigger["path"], trigger["source"])
"""


def subscription() -> Resource:
    (found,) = content("events.json")["resources"]
    assert found["type"] == SUBSCRIPTION
    properties: Resource = found["properties"]
    return properties


def url() -> str:
    found: str = subscription()["destination"]["properties"]["endpointUrl"]
    return found


def test_the_second_deployment_creates_the_subscription_only() -> None:
    assert [resource["type"] for resource in content("events.json")["resources"]] == [SUBSCRIPTION]


def test_the_first_deployment_creates_the_topic(prediction: Prediction) -> None:
    topic = prediction.only("Microsoft.EventGrid/systemTopics")
    assert topic["identity"] == {"type": "SystemAssigned"}
    assert topic["properties"]["source"].endswith(f"/storageAccounts/{prediction.outputs['dataStorageName']}")
    assert short_name(topic) == prediction.outputs["eventTopicName"]
    assert SUBSCRIPTION not in {resource["type"] for resource in prediction.resources}


def test_the_webhook_calls_the_function_with_the_blob_trigger() -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", LIST_BLOB_TRIGGERS, str(ROOT / "function_app.py")],
        cwd=ROOT,
        env={**os.environ, **SAMPLE},
        capture_output=True,
        text=True,
        check=True,
    )
    ((name, path, source),) = (line.split() for line in done.stdout.splitlines())
    assert f"?functionName=Host.Functions.{name}&code=" in url()
    assert (path, source) == (f"{blob_names.RESULTS}/{{name}}", "EventGrid")


def test_the_host_name_is_read_from_the_app() -> None:
    assert ".defaultHostName" in url()
    assert "azurewebsites" not in text("events.json")


def test_only_blobs_created_in_results_are_delivered() -> None:
    matching = subscription()["filter"]
    assert matching["includedEventTypes"] == ["Microsoft.Storage.BlobCreated"]
    # Without the last slash, a container `results2` would match too.
    assert matching["subjectBeginsWith"] == f"/blobServices/default/containers/{blob_names.RESULTS}/"


def test_the_name_of_every_result_passes_the_filter() -> None:
    assert blob_names.result(UUID(int=0)).endswith(subscription()["filter"]["subjectEndsWith"])


def test_only_the_operations_that_write_a_result_pass_the_filter() -> None:
    (condition,) = subscription()["filter"]["advancedFilters"]
    assert (condition["key"], condition["operatorType"], set(condition["values"])) == ("data.api", "StringIn", WRITES)


def test_delivery_of_an_event_is_retried_for_a_day() -> None:
    assert subscription()["retryPolicy"] == {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440}


def test_an_undeliverable_event_is_written_to_dead_letters_with_the_identity_of_the_topic() -> None:
    dead = subscription()["deadLetterWithResourceIdentity"]
    assert dead["identity"] == {"type": "SystemAssigned"}
    destination = dead["deadLetterDestination"]
    assert destination["endpointType"] == "StorageBlob"
    assert destination["properties"]["blobContainerName"] == "dead-letters"
    assert "deadLetterDestination" not in subscription()


def test_the_dead_letters_container_is_in_the_data_storage_account(prediction: Prediction) -> None:
    containers = prediction.all("Microsoft.Storage/storageAccounts/blobServices/containers")
    name: Any = f"{prediction.outputs['dataStorageName']}/default/dead-letters"
    assert name in {container["name"] for container in containers}


def test_the_parameters_of_the_second_deployment_are_outputs_of_the_first(prediction: Prediction) -> None:
    assert set(content("events.json")["parameters"]) <= set(prediction.outputs)
