"""A request that was let in, as the endpoints see it."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import azure.functions as func
from pydantic import UUID4, BaseModel, TypeAdapter, ValidationError

from functions.contract.base import faults
from functions.domain.callers import Caller, CallingRobot, Member
from functions.domain.errors import InputRejected, NotJson, TooLarge
from functions.triggers.current import settings

JSONL = "application/jsonl"
_UUID4: TypeAdapter[UUID] = TypeAdapter(UUID4)

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and who it is from: None only where anybody is let in."""

    request: func.HttpRequest
    caller: Caller | None

    @property
    def known(self) -> Caller:
        """Whoever calls, at a door that lets in nobody unknown."""
        assert self.caller is not None  # noqa: S101 - the door has seen to it
        return self.caller

    @property
    def member(self) -> Member:
        """Whoever calls, at a door for members alone."""
        assert isinstance(self.caller, Member)  # noqa: S101 - the door has seen to it
        return self.caller

    @property
    def robot(self) -> CallingRobot:
        """Whoever calls, at a door for robots alone."""
        assert isinstance(self.caller, CallingRobot)  # noqa: S101 - the door has seen to it
        return self.caller

    @property
    def has_lines(self) -> bool:
        """Whether the body is a file of lines."""
        content_type: str = self.request.headers.get("content-type", "")
        return content_type.partition(";")[0].strip().lower() == JSONL

    def body(self) -> bytes:
        """Return the body to the byte."""
        return body_of(self.request)

    def read(self, model: type[M]) -> M:
        """Read the body; raises NotJson, or InputRejected with a sentence per fault."""
        content = self.body()
        try:
            return model.model_validate_json(content, strict=True)
        except ValidationError as error:
            said = faults(error, content)
            kinds = {detail["type"] for detail in error.errors(include_url=False, include_context=False)}
            if "json_invalid" in kinds:
                raise NotJson(*said) from error
            if "too_long" in kinds:
                raise TooLarge(*(f"{fault}." for fault in said)) from error
            raise InputRejected(*(f"{fault}." for fault in said)) from error

    def query(self, model: type[M]) -> M:
        """Read the query; raises InputRejected with a sentence per fault."""
        try:
            return model.model_validate(dict(self.request.params))
        except ValidationError as error:
            raise InputRejected(*(f"{fault}." for fault in faults(error))) from error

    def path_id(self, name: str) -> UUID:
        """Read an id in the path; raises InputRejected."""
        try:
            return _UUID4.validate_python(self.request.route_params[name])
        except ValidationError as error:
            raise InputRejected(f"{name}: this is no UUID of version 4.") from error


def body_of(request: func.HttpRequest) -> bytes:
    """Return the body to the byte; raises TooLarge."""
    content: bytes = request.get_body()
    most = settings().http_body_limit_bytes
    if len(content) > most:
        raise TooLarge(f"A body may have at most {most} bytes; this one has {len(content)}.")
    return content
