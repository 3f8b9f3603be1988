"""Metadata of a batch request: names and values of the requestor, which the exchange only keeps and filters by."""

from itertools import islice
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

MAX_PAIRS = 16


def _cut(value: Any) -> Any:
    """Keep one pair too many at most: an error has a copy of the value, and to copy a long one takes long."""
    return dict(islice(value.items(), MAX_PAIRS + 1)) if isinstance(value, dict) else value


def _check_count(value: Any) -> Any:
    """Refuse too many pairs before they are validated one by one."""
    if isinstance(value, dict) and len(value) > MAX_PAIRS:
        raise ValueError(f"must have at most {MAX_PAIRS} pairs")
    return value


MetadataKey = Annotated[str, Field(min_length=1, max_length=64)]
MetadataValue = Annotated[str, Field(max_length=512)]
Metadata = Annotated[
    dict[MetadataKey, MetadataValue],
    BeforeValidator(_check_count),
    # The last one runs first.
    BeforeValidator(_cut),
    Field(json_schema_extra={"maxProperties": MAX_PAIRS}),
]
