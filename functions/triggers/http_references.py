"""References over HTTP."""

from http import HTTPStatus

import azure.functions as func

from functions.contract.references import LoadedLine, ReferenceFileInput
from functions.domain.errors import ExchangeError
from functions.steps.load_references import load_lines, load_reference
from functions.triggers.current import services
from functions.triggers.http_answers import JSONL, body, body_as, problem, respond

blueprint = func.Blueprint()


@blueprint.route("references", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def add_references(req: func.HttpRequest) -> func.HttpResponse:
    """Load a reference, or a file of them, a line each."""
    if req.headers.get("content-type", "").partition(";")[0].strip().lower() == JSONL:
        return await _add_lines(req)
    return await respond(HTTPStatus.CREATED, lambda: _add_one(req))


async def _add_one(req: func.HttpRequest) -> LoadedLine:
    loaded = await load_reference(body_as(ReferenceFileInput, req), services())
    return LoadedLine(id=loaded.id, existing=loaded.existing)


async def _add_lines(req: func.HttpRequest) -> func.HttpResponse:
    try:
        lines = await load_lines(body(req).split(b"\n"), services())
    except ExchangeError as error:
        return problem(error)
    content = "".join(f"{line.model_dump_json()}\n" for line in lines)
    return func.HttpResponse(content, status_code=HTTPStatus.OK, mimetype=JSONL)
