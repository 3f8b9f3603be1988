"""An authorized request, as the endpoints see it."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import azure.functions as func
from pydantic import UUID4, BaseModel, TypeAdapter, ValidationError

from exchange.contract.base import describe_faults
from exchange.contract.json_input import BYTE_ORDER_MARK, InvalidJsonError, TooManyBracketsError, parse_json
from exchange.contract.queries import list_parameters, list_prefixes
from exchange.domain.callers import Caller, CallingRobot, User
from exchange.domain.errors import InputRejected, NotJson, TooLarge, UnsupportedMediaType
from exchange.ports import Services

JSONL = "application/jsonl"
# The media types that programs use for a file of JSON lines.
_LINE_TYPES = {
    JSONL,
    "application/x-jsonlines",
    "application/jsonlines",
    "application/x-ndjson",
    "application/ndjson",
}
_UUID4: TypeAdapter[UUID] = TypeAdapter(UUID4)

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request that may be handled, and its caller. The caller is None only where anyone may call."""

    http_request: func.HttpRequest
    caller: Caller | None
    services: Services

    @property
    def known_caller(self) -> Caller:
        """The caller, at an endpoint that requires one."""
        assert self.caller is not None  # noqa: S101 - `auth.authorize` has checked it
        return self.caller

    @property
    def user(self) -> User:
        """The caller, at an endpoint for users only."""
        assert isinstance(self.caller, User)  # noqa: S101 - `auth.authorize` has checked it
        return self.caller

    @property
    def robot(self) -> CallingRobot:
        """The caller, at an endpoint for robots only."""
        assert isinstance(self.caller, CallingRobot)  # noqa: S101 - `auth.authorize` has checked it
        return self.caller

    @property
    def has_lines(self) -> bool:
        """Whether the body is a file of lines."""
        content_type: str = self.http_request.headers.get("content-type", "")
        return content_type.partition(";")[0].strip().lower() in _LINE_TYPES

    def read_body(self) -> bytes:
        """Return the body without a byte order mark. Raises TooLarge, UnsupportedMediaType."""
        return read_body(self.http_request, self.services).removeprefix(BYTE_ORDER_MARK)

    def parse_body(self, model: type[M], trailing_hint: str = "") -> M:
        """Parse the body. Raises NotJson, TooLarge, or InputRejected with one sentence per fault.

        `trailing_hint` says what to do if more follows the JSON value.
        """
        content = self.read_body()
        try:
            return parse_json(model.model_validate_json, content)
        except TooManyBracketsError as error:
            raise TooLarge(f"The body is not parsed: {error}.") from error
        except InvalidJsonError as error:
            raise NotJson(f"The body is not JSON: {error}.") from error
        except ValidationError as error:
            faults = describe_faults(error, content)
            kinds = {
                detail["type"] for detail in error.errors(include_url=False, include_context=False, include_input=False)
            }
            if "json_invalid" in kinds:
                hints = [trailing_hint] if trailing_hint and "trailing characters" in faults[0] else []
                raise NotJson(*(f"{fault}." for fault in faults), *hints) from error
            if "too_long" in kinds:
                raise TooLarge(*(f"{fault}." for fault in faults)) from error
            raise InputRejected(*(f"{fault}." for fault in faults)) from error

    def parse_optional_body(self, model: type[M]) -> M:
        """Parse a body that may be left out, and then has the default values. Raises like `parse_body`."""
        return self.parse_body(model) if self.read_body() else model()

    def parse_query(self, model: type[M]) -> M:
        """Parse the query. Raises InputRejected with one sentence per fault."""
        try:
            return model.model_validate(dict(self.http_request.params))
        except ValidationError as error:
            raise InputRejected(*(f"{fault}." for fault in describe_faults(error))) from error

    def parse_path_id(self, name: str) -> UUID:
        """Parse an id in the path. Raises InputRejected."""
        try:
            return parse_uuid4(self.http_request.route_params[name])
        except ValidationError as error:
            raise InputRejected(f"{name} must be a version 4 UUID.") from error


def parse_uuid4(value: object) -> UUID:
    """Parse a version 4 UUID. Raises ValidationError."""
    return _UUID4.validate_python(value)


def check_query(request: func.HttpRequest, model: type[BaseModel] | None) -> None:
    """Raise InputRejected for query parameters that the endpoint does not have. Misspelt filters would be ignored."""
    known = [] if model is None else list_parameters(model)
    prefixes = tuple(list_prefixes(model))
    unknown = [name for name in request.params if name not in known and not name.startswith(prefixes)]
    if unknown:
        allowed = [*known, *(f"{prefix}<key>" for prefix in prefixes)]
        expected = f"Allowed: {', '.join(allowed)}." if known else "This endpoint has no query parameters."
        raise InputRejected(*(f"The query parameter '{name}' does not exist. {expected}" for name in unknown))


def read_body(request: func.HttpRequest, services: Services) -> bytes:
    """Return the exact bytes of the body. Raises TooLarge, and UnsupportedMediaType if it is compressed."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedMediaType("Compressed bodies are not accepted. Send the body without Content-Encoding.")
    content: bytes = request.get_body()
    limit = services.limits.http_body_limit_bytes
    if len(content) > limit:
        raise TooLarge(f"The body may have at most {limit} bytes. This one has {len(content)}.")
    return content
