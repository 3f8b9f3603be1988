"""What a release makes of what we send: the same document, but for what is said here."""

from typing import Any

from pydantic import HttpUrl

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import BatchRobotResult, ProvisionedRobot, Robot, RobotIn
from tests.sdk.documents import Json, Model
from tests.sdk.releases import RELEASES, Release

_ALL = frozenset(RELEASES)
_FIRST = frozenset(RELEASES[:1])

# Which releases do not know a field. They ignore it in what they read, but for a robot's fields, which they refuse.
UNKNOWN: dict[tuple[Model, str], frozenset[str]] = {
    (Enhancement, "id"): frozenset(RELEASES[:3]),
    (BatchEnhancementRequestIn, "source"): _FIRST,
    (BatchEnhancementRequestRead, "source"): _FIRST,
    (BatchEnhancementRequestRead, "validation_result_file"): _ALL,
    (BatchRobotResult, "storage_url"): _ALL,
    **{
        (model, field): _ALL
        for model in (RobotIn, Robot, ProvisionedRobot)
        for field in ("dependent_enhancements", "dependent_identifiers")
    },
}

# The SDK keeps these as parsed URLs and writes them in their normal form; we keep them to the letter.
URLS = {
    *("landing_page_url", "pdf_url", "base_url"),
    *("reference_storage_url", "result_storage_url", "reference_data_url", "validation_result_url"),
}
# Objects of any content, in which nulls and fields of any name are left as they are.
_FREE = {"data", "extra", "extra_fields"}


def as_read_by(sdk: Release, model: Model, document: Json) -> Json:
    """Give the document as this release writes it again, with its nulls."""
    known = {name: value for name, value in document.items() if sdk.version not in UNKNOWN.get((model, name), ())}
    return {name: _value(sdk, name, value) for name, value in known.items()}


def _value(sdk: Release, name: str, value: Any) -> Any:
    if value is None:
        return None
    match name:
        case "enhancements":
            return [as_read_by(sdk, Enhancement, one) for one in value]
        case "content" if "locations" in value:
            return {**value, "locations": [_place(one) for one in value["locations"]]}
        case _ if name in URLS:
            return str(HttpUrl(value))
        case _:
            return value


def _place(location: Json) -> Json:
    return {name: str(HttpUrl(value)) if name in URLS and value else value for name, value in location.items()}


def without_nulls(value: Any) -> Any:
    """Give the document as `to_jsonl` writes it: absent and null mean the same in every model of the wire."""
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: one if name in _FREE else without_nulls(one) for name, one in value.items() if one is not None}
