"""References: contributors load them, requestors read them, operators delete them."""

import asyncio
from http import HTTPStatus

from exchange.contract.json_input import describe_ignored_fields
from exchange.contract.lookup import LookedUpReferences, ReferenceLookup
from exchange.contract.references import (
    EnhancementsQuery,
    LoadedLine,
    LoadedReference,
    LoadQuery,
    ReferenceFileInput,
    ReferenceQuery,
    ReferenceRead,
)
from exchange.use_cases.delete_reference import delete_reference
from exchange.use_cases.load_reference import load_reference
from exchange.use_cases.load_references import TRAILING_HINT, load_lines
from exchange.use_cases.look_up_references import look_up_references
from exchange.use_cases.read_references import find_reference, read_reference
from functions.http.endpoints import Access, Content, endpoint
from functions.http.requests import JSONL, ApiRequest
from functions.http.responses import JSON


@endpoint(
    "POST",
    "references",
    Access.CONTRIBUTORS,
    LoadedReference,
    HTTPStatus.CONFLICT,
    request_model=ReferenceFileInput,
    line_model=LoadedLine,
    query_model=LoadQuery,
    status=HTTPStatus.CREATED,
)
async def load_references(request: ApiRequest) -> LoadedReference | Content:
    """Load one reference, or a file with one reference per line. The answer to a file has one line for each."""
    on_existing = request.parse_query(LoadQuery).on_existing
    if not request.has_lines:
        reference = request.parse_body(ReferenceFileInput, TRAILING_HINT)
        loaded = await load_reference(reference, request.services, on_existing)
        warnings = [*describe_ignored_fields(request.read_body(), reference), *loaded.warnings]
        return loaded.model_copy(update={"warnings": warnings})
    lines = await load_lines(request.read_body().split(b"\n"), request.services, on_existing)
    return Content("".join(f"{line.model_dump_json()}\n" for line in lines), JSONL)


@endpoint("GET", "references", Access.REQUESTORS, ReferenceRead, HTTPStatus.NOT_FOUND, query_model=ReferenceQuery)
async def find_reference_by_identifier(request: ApiRequest) -> Content:
    """Find the reference with this identifier. The answer has the newest enhancements, a page at a time."""
    return await _write(await find_reference(request.parse_query(ReferenceQuery), request.user, request.services))


@endpoint("POST", "references/lookup", Access.REQUESTORS, LookedUpReferences, request_model=ReferenceLookup)
async def look_up_references_by_identifiers(request: ApiRequest) -> LookedUpReferences:
    """Look up the ids of the references with these identifiers. The id is null if no reference has an identifier."""
    # In a thread, because the body may be large, and the event loop is shared by all invocations.
    lookup = await asyncio.to_thread(request.parse_body, ReferenceLookup)
    return await look_up_references(lookup.identifiers, request.user, request.services)


@endpoint(
    "GET",
    "references/{reference_id}",
    Access.REQUESTORS,
    ReferenceRead,
    HTTPStatus.NOT_FOUND,
    query_model=EnhancementsQuery,
)
async def read_reference_by_id(request: ApiRequest) -> Content:
    """Read a reference with its identifiers and enhancements. The newest enhancements come first, a page at a time."""
    reference_id, query = request.parse_path_id("reference_id"), request.parse_query(EnhancementsQuery)
    return await _write(await read_reference(reference_id, query, request.user, request.services))


async def _write(reference: ReferenceRead) -> Content:
    """Write the JSON in a thread: it may be long, and the event loop is shared by all."""
    return Content(await asyncio.to_thread(reference.model_dump_json), JSON)


@endpoint(
    "DELETE",
    "references/{reference_id}",
    Access.OPERATORS,
    None,
    HTTPStatus.NOT_FOUND,
    status=HTTPStatus.NO_CONTENT,
)
async def delete_reference_by_id(request: ApiRequest) -> Content:
    """Delete a reference with its identifiers and enhancements."""
    await delete_reference(request.parse_path_id("reference_id"), request.services)
    return Content("", "", HTTPStatus.NO_CONTENT)
