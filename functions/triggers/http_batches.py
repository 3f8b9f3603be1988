"""Batch requests over HTTP: requestors ask and look, robots call back."""

from http import HTTPStatus

import azure.functions as func

from functions.contract.batches import BatchEnhancementRequestIn
from functions.contract.robots import BatchRobotResult
from functions.steps.read import read_batch
from functions.steps.register import register_batch
from functions.steps.report import report_result
from functions.triggers.current import services
from functions.triggers.http_answers import body_as, path_id, respond

blueprint = func.Blueprint()


@blueprint.route("references/enhancement/batch", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def register(req: func.HttpRequest) -> func.HttpResponse:
    """Take a requestor's order."""
    return await respond(
        HTTPStatus.ACCEPTED, lambda: register_batch(body_as(BatchEnhancementRequestIn, req), services())
    )


@blueprint.route("references/enhancement/batch/{batch_id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def read(req: func.HttpRequest) -> func.HttpResponse:
    """Say how a batch stands."""
    return await respond(HTTPStatus.OK, lambda: read_batch(path_id(req, "batch_id"), services()))


@blueprint.route("robot/enhancement/batch", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def report(req: func.HttpRequest) -> func.HttpResponse:
    """Take a robot's word on its result."""
    return await respond(HTTPStatus.OK, lambda: report_result(body_as(BatchRobotResult, req), services()))
