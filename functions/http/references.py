"""References: operators load them, requestors read them."""

from http import HTTPStatus

from exchange.contract.json_input import describe_ignored_fields
from exchange.contract.references import LoadedLine, LoadedReference, Reference, ReferenceFileInput, ReferenceQuery
from exchange.use_cases.load_references import TRAILING_HINT, load_lines, load_reference
from exchange.use_cases.read_references import find_reference, read_reference
from functions.http.endpoints import Access, Content, endpoint
from functions.http.requests import JSONL, ApiRequest


@endpoint(
    "POST",
    "references",
    Access.OPERATORS,
    LoadedReference,
    request_model=ReferenceFileInput,
    line_model=LoadedLine,
    status=HTTPStatus.CREATED,
)
async def load_references(request: ApiRequest) -> LoadedReference | Content:
    """Load one reference, or a file with one reference per line. The answer to a file has one line for each."""
    if not request.has_lines:
        reference = request.parse_body(ReferenceFileInput, TRAILING_HINT)
        loaded = await load_reference(reference, request.services)
        warnings = describe_ignored_fields(request.read_body(), reference)
        return LoadedReference(id=loaded.id, existing=loaded.existing, warnings=warnings)
    lines = await load_lines(request.read_body().split(b"\n"), request.services)
    return Content("".join(f"{line.model_dump_json()}\n" for line in lines), JSONL)


@endpoint("GET", "references", Access.REQUESTORS, Reference, HTTPStatus.NOT_FOUND, query_model=ReferenceQuery)
async def find_reference_by_identifier(request: ApiRequest) -> Reference:
    """Find the reference with this identifier."""
    return await find_reference(request.parse_query(ReferenceQuery), request.user, request.services)


@endpoint("GET", "references/{reference_id}", Access.REQUESTORS, Reference, HTTPStatus.NOT_FOUND)
async def read_reference_by_id(request: ApiRequest) -> Reference:
    """Read a reference with its identifiers and enhancements."""
    return await read_reference(request.parse_path_id("reference_id"), request.user, request.services)
