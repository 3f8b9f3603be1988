"""Queries of URLs: every value is a text, and some names have a prefix."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, PlainValidator, WithJsonSchema, model_validator

from exchange.contract.base import WireModel

_TIME = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<offset>Z|[+-]\d\d:\d\d)",
    re.ASCII | re.IGNORECASE,
)


def _parse_time(value: Any) -> datetime:
    """Parse a time as RFC 3339 writes it. Digits beyond microseconds are dropped."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a time with an offset, for example 2026-11-27T06:40:08Z")
    text = f"{match['seconds']}{(match['fraction'] or '')[:7]}{match['offset']}".upper()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a time that exists, for example 2026-11-27T06:40:08Z") from None


QueryTime = Annotated[datetime, PlainValidator(_parse_time), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time of a query, RFC 3339."""


def _split(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


Repeatable = BeforeValidator(_split)
"""Makes a list of a parameter that may be repeated. The Functions host joins its values with commas."""


class QueryModel(WireModel):
    """A query. `PREFIXES` names the fields that collect every parameter with a prefix, by what follows the prefix."""

    PREFIXES: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _collect(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        collected = dict(values)
        for prefix, field in cls.PREFIXES.items():
            found = {name.removeprefix(prefix): collected.pop(name) for name in values if name.startswith(prefix)}
            if found:
                collected[field] = found
        return collected


def list_prefixes(query: type[BaseModel] | None) -> Mapping[str, str]:
    """Return the prefixes of a query's model, and the fields that collect their parameters."""
    return query.PREFIXES if query is not None and issubclass(query, QueryModel) else {}


def list_parameters(query: type[BaseModel]) -> list[str]:
    """Return the names of the parameters of a query's model that have no prefix."""
    collecting = list_prefixes(query).values()
    return [name for name in query.model_fields if name not in collecting]
