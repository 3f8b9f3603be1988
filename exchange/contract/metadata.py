"""Metadata of a batch request: names and values of the requestor, which the exchange only keeps and filters by."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

MAX_PAIRS = 16


def _check_count(value: Any) -> Any:
    """Refuse too many pairs before they are validated one by one."""
    if isinstance(value, dict) and len(value) > MAX_PAIRS:
        raise ValueError(f"must have at most {MAX_PAIRS} pairs, not {len(value)}")
    return value


MetadataKey = Annotated[str, Field(min_length=1, max_length=64)]
MetadataValue = Annotated[str, Field(max_length=512)]
Metadata = Annotated[
    dict[MetadataKey, MetadataValue],
    BeforeValidator(_check_count),
    Field(json_schema_extra={"maxProperties": MAX_PAIRS}),
]
