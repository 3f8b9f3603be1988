"""Robots over HTTP."""

from http import HTTPStatus

import azure.functions as func

from functions.contract.robots import RobotIn
from functions.steps.robots import register_robot
from functions.triggers.current import services
from functions.triggers.http_answers import body_as, respond

blueprint = func.Blueprint()


@blueprint.route("robots", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def add_robot(req: func.HttpRequest) -> func.HttpResponse:
    """Register a robot."""
    return await respond(HTTPStatus.CREATED, lambda: register_robot(body_as(RobotIn, req), services()))
