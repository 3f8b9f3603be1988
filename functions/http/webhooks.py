"""The calls that the exchange makes to robots, as OpenAPI webhooks."""

from typing import Any

from exchange.contract.robots import BatchRobotRequest
from exchange.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP
from functions.http.descriptions import ROBOT_ANSWERS, SEND_JOB
from functions.http.examples import JOB
from functions.http.schemas import ref

_REJECTION = {"detail": "This robot accepts English abstracts only."}


def describe_webhooks() -> dict[str, Any]:
    """Return the webhooks by name. `<base_url>/batch/` is the only address of a robot that is called."""
    responses: dict[str, Any] = {status: {"description": meaning} for status, meaning in ROBOT_ANSWERS.items()}
    responses["4XX"]["content"] = {"application/json": {"example": _REJECTION}}
    operation = {
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
    return {"send_job": {"post": operation}}
