"""The second phase: uploads become calls of the app."""

import os
import subprocess
import sys
from typing import Any
from uuid import UUID

from exchange.domain import blob_names
from tests.infra.reading import Prediction, Resource, content, own_name, text
from tests.infra.test_app_settings import SAMPLE
from tests.stacks import ROOT

SUBSCRIPTION = "Microsoft.EventGrid/systemTopics/eventSubscriptions"
# What writes a blob: one PUT, a list of blocks, a copy, a file of the other interface.
WRITES = {"PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"}
SHOW = """
import sys; from pathlib import Path; from local.host.bindings import load_functions
for one in load_functions(Path(sys.argv[1])):
    if one.trigger["type"] == "blobTrigger": print(one.name, one.trigger["path"], one.trigger["source"])
"""


def subscription() -> Resource:
    (found,) = content("events.json")["resources"]
    assert found["type"] == SUBSCRIPTION
    properties: Resource = found["properties"]
    return properties


def url() -> str:
    found: str = subscription()["destination"]["properties"]["endpointUrl"]
    return found


def test_the_second_phase_makes_the_subscription_alone() -> None:
    assert [one["type"] for one in content("events.json")["resources"]] == [SUBSCRIPTION]


def test_the_topic_and_its_role_are_there_by_the_first(prediction: Prediction) -> None:
    topic = prediction.one("Microsoft.EventGrid/systemTopics")
    assert topic["identity"] == {"type": "SystemAssigned"}
    assert topic["properties"]["source"].endswith(f"/storageAccounts/{prediction.outputs['dataStorageName']}")
    assert own_name(topic) == prediction.outputs["eventTopicName"]
    assert SUBSCRIPTION not in {one["type"] for one in prediction.resources}


def test_the_webhook_s_function_is_the_one_that_blob_events_run() -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", SHOW, str(ROOT / "function_app.py")],
        cwd=ROOT,
        env={**os.environ, **SAMPLE},
        capture_output=True,
        text=True,
        check=True,
    )
    ((name, path, source),) = (line.split() for line in done.stdout.splitlines())
    assert f"?functionName=Host.Functions.{name}&code=" in url()
    assert (path, source) == (f"{blob_names.RESULTS}/{{name}}", "EventGrid")


def test_the_host_s_name_is_read_and_not_built() -> None:
    assert ".defaultHostName" in url()
    assert "azurewebsites" not in text("events.json") + text("main.json")


def test_events_are_those_of_uploads_to_results() -> None:
    matching = subscription()["filter"]
    assert matching["includedEventTypes"] == ["Microsoft.Storage.BlobCreated"]
    # With its last slash: `results2` is another container.
    assert matching["subjectBeginsWith"] == f"/blobServices/default/containers/{blob_names.RESULTS}/"


def test_every_result_that_can_be_named_passes_the_filter() -> None:
    assert blob_names.result(UUID(int=0)).endswith(subscription()["filter"]["subjectEndsWith"])


def test_every_way_to_write_a_blob_is_an_upload() -> None:
    (condition,) = subscription()["filter"]["advancedFilters"]
    assert (condition["key"], condition["operatorType"], set(condition["values"])) == ("data.api", "StringIn", WRITES)


def test_an_event_is_tried_for_a_day() -> None:
    assert subscription()["retryPolicy"] == {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440}


def test_an_event_that_can_t_be_delivered_is_kept_by_the_topic_s_identity() -> None:
    dead = subscription()["deadLetterWithResourceIdentity"]
    assert dead["identity"] == {"type": "SystemAssigned"}
    destination = dead["deadLetterDestination"]
    assert destination["endpointType"] == "StorageBlob"
    assert destination["properties"]["blobContainerName"] == "dead-letters"
    assert "deadLetterDestination" not in subscription()


def test_the_container_of_dead_letters_is_in_the_account_of_the_data(prediction: Prediction) -> None:
    containers = prediction.all("Microsoft.Storage/storageAccounts/blobServices/containers")
    name: Any = f"{prediction.outputs['dataStorageName']}/default/dead-letters"
    assert name in {one["name"] for one in containers}


def test_what_the_second_phase_is_told_is_what_the_first_gives(prediction: Prediction) -> None:
    assert set(content("events.json")["parameters"]) <= set(prediction.outputs)
