"""References: operators load them, requestors find them."""

from http import HTTPStatus

from functions.contract.references import LoadedLine, LoadedReference, Reference, ReferenceFileInput, ReferenceQuery
from functions.steps.load_references import load_lines, load_reference
from functions.steps.references import find_reference, read_reference
from functions.triggers.current import services
from functions.triggers.http.call import JSONL, Call
from functions.triggers.http.endpoints import Content, Door, endpoint


@endpoint(
    "POST",
    "references",
    Door.OPERATORS,
    LoadedReference,
    takes=ReferenceFileInput,
    lines=LoadedLine,
    status=HTTPStatus.CREATED,
)
async def load_references(call: Call) -> LoadedReference | Content:
    """Load a reference, or a file of them, a line each: the answer has a line for each."""
    if not call.has_lines:
        return await load_reference(call.read(ReferenceFileInput), services())
    lines = await load_lines(call.body().split(b"\n"), services())
    return Content("".join(f"{line.model_dump_json()}\n" for line in lines), JSONL)


@endpoint("GET", "references", Door.REQUESTORS, Reference, HTTPStatus.NOT_FOUND, asks=ReferenceQuery)
async def find_a_reference(call: Call) -> Reference:
    """Find the reference that has this identifier."""
    return await find_reference(call.query(ReferenceQuery), call.member, services())


@endpoint("GET", "references/{reference_id}", Door.REQUESTORS, Reference, HTTPStatus.NOT_FOUND)
async def read_a_reference(call: Call) -> Reference:
    """Read a reference with all that is known of it."""
    return await read_reference(call.path_id("reference_id"), call.member, services())
