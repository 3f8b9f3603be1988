"""The calls that the exchange makes to robots and to requestors' webhooks, as OpenAPI webhooks."""

from typing import Any

from pydantic import BaseModel

from exchange.contract.robots import BatchRobotRequest
from exchange.contract.webhooks import BatchEndedEvent, WebhookTestEvent
from exchange.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP
from functions.http.descriptions import (
    BATCH_ENDED,
    RECEIVER_ANSWERS,
    ROBOT_ANSWERS,
    SEND_JOB,
    WEBHOOK_HEADERS,
    WEBHOOK_TEST,
)
from functions.http.examples import BATCH_ENDED_EVENT, JOB, WEBHOOK_TEST_EVENT
from functions.http.schemas import ref

_REJECTION = {"detail": "This robot accepts English abstracts only."}


def describe_outgoing_calls() -> dict[str, Any]:
    """Return the calls by name."""
    ended = _describe_event(
        "batch_ended", "Tell a webhook that a batch request has ended", BATCH_ENDED, BatchEndedEvent, BATCH_ENDED_EVENT
    )
    test = _describe_event("webhook_test", "Test a webhook", WEBHOOK_TEST, WebhookTestEvent, WEBHOOK_TEST_EVENT)
    return {"send_job": {"post": _describe_job()}, "batch_ended": {"post": ended}, "webhook_test": {"post": test}}


def _describe_job() -> dict[str, Any]:
    """Describe the call to a robot. `<base_url>/batch/` is the only address of a robot that is called."""
    responses: dict[str, Any] = {status: {"description": meaning} for status, meaning in ROBOT_ANSWERS.items()}
    responses["4XX"]["content"] = {"application/json": {"example": _REJECTION}}
    return {
        "operationId": "send_job",
        "summary": "Send a job to a robot.",
        "description": SEND_JOB,
        "tags": ["Robots"],
        "security": [{SCHEME: [], CLIENT_ID: [], TIMESTAMP: []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref(BatchRobotRequest), "example": JOB}},
        },
        "responses": responses,
    }


def _describe_event(
    name: str, summary: str, description: str, model: type[BaseModel], example: object
) -> dict[str, Any]:
    """Describe the call to a webhook about an event."""
    headers = [
        {"name": header, "in": "header", "required": True, "description": meaning, "schema": {"type": "string"}}
        for header, meaning in WEBHOOK_HEADERS.items()
    ]
    return {
        "operationId": name,
        "summary": f"{summary}.",
        "description": description,
        "tags": ["Webhooks"],
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref(model), "example": example}}},
        "responses": {status: {"description": meaning} for status, meaning in RECEIVER_ANSWERS.items()},
    }
