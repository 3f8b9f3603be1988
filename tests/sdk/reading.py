"""How a release reads what we send: unchanged, except for the differences that are listed here."""

from typing import Any

from pydantic import HttpUrl

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from exchange.contract.enhancements import Bibliographic, Enhancement
from exchange.contract.references import ReferenceRead, StoredEnhancement
from exchange.contract.robots import BatchRobotResult, BatchRobotResultValidationEntry, ProvisionedRobot, Robot, RobotIn
from exchange.contract.v1.robots import ProvisionedPullRobot, PullRobot, PullRobotIn
from tests.sdk.documents import Json, Model
from tests.sdk.releases import PRESENT, RELEASES, Release

_ALL = frozenset(RELEASES)
_FIRST = frozenset(RELEASES[:1])


def before(version: str) -> frozenset[str]:
    """Return the releases that are older than this one of the present protocol."""
    return frozenset((*RELEASES, *PRESENT[: PRESENT.index(version)]))


def since(version: str) -> frozenset[str]:
    """Return this release of the present protocol and all newer ones."""
    return frozenset(PRESENT) - before(version)


# The releases that do not know a field. They ignore unknown fields, except those of a robot, which they refuse.
UNKNOWN: dict[tuple[Model, str], frozenset[str]] = {
    (Enhancement, "id"): frozenset(RELEASES[:3]),
    (StoredEnhancement, "created_at"): before("0.11.2"),
    **{(StoredEnhancement, field): _ALL | set(PRESENT) for field in ("batch_request_id", "robot_id")},
    (ReferenceRead, "enhancements_continuation"): _ALL,
    (BatchEnhancementRequestIn, "source"): _FIRST,
    (BatchEnhancementRequestIn, "metadata"): _ALL,
    (BatchEnhancementRequestIn, "skip_enhanced"): _ALL,
    (BatchEnhancementRequestIn, "reference_ids_upload"): _ALL,
    (BatchEnhancementRequestRead, "reference_ids_url"): _ALL,
    (BatchEnhancementRequestRead, "source"): _FIRST,
    (BatchEnhancementRequestIn, "test_run"): _ALL,
    **{
        (BatchEnhancementRequestRead, field): _ALL
        for field in (
            "validation_result_file",
            "enhancements_url",
            "error_code",
            "counts",
            "entries",
            "test_run",
            "cancelled_at",
            "retry_of",
            "retried_as",
            "parts",
            "part_of",
            "trace_id",
            "waiting_for",
            "warnings",
        )
    },
    **{(BatchRobotResultValidationEntry, field): _ALL | set(PRESENT) for field in ("line", "kind")},
    **{(model, "base_url"): since("0.5.0") for model in (PullRobotIn, PullRobot, ProvisionedPullRobot)},
    **{
        (BatchEnhancementRequestRead, field): _ALL
        for field in (
            *("validation_result_file", "metadata", "waiting_for", "warnings"),
            *("created_at", "accepted_at", "delivered_at", "ended_at", "expires_at"),
        )
    },
    (Bibliographic, "updated_date"): before("0.7.3"),
    (Bibliographic, "pagination"): before("0.7.6"),
    (Bibliographic, "publication_venue"): before("0.8.0"),
    (BatchRobotResult, "storage_url"): _ALL,
    **{
        (model, field): _ALL
        for model in (RobotIn, Robot, ProvisionedRobot)
        for field in ("dependent_enhancements", "dependent_identifiers")
    },
    **{
        (model, field): _ALL
        for model in (Robot, ProvisionedRobot)
        for field in ("enabled", "delivery", "max_references", "version")
    },
}

# The SDK parses these URLs and writes them in normal form. We keep them unchanged.
URLS = {
    *("landing_page_url", "pdf_url", "base_url"),
    *("reference_storage_url", "result_storage_url", "reference_data_url", "validation_result_url"),
}
# Objects of any content. Their fields and nulls are kept.
_FREE_FORM = {"data", "extra", "extra_fields"}


def expect_read(sdk: Release, model: Model, document: Json) -> Json:
    """Return the document as this release writes it after reading it, with its nulls."""
    unknown = {name for kind, name in UNKNOWN if issubclass(model, kind) and sdk.version in UNKNOWN[kind, name]}
    known = {name: value for name, value in document.items() if name not in unknown}
    return {name: _expect_value(sdk, name, value) for name, value in known.items()}


def _expect_value(sdk: Release, name: str, value: Any) -> Any:
    if value is None:
        return None
    match name:
        case "enhancements":
            return [expect_read(sdk, StoredEnhancement, enhancement) for enhancement in value]
        case "content" if value["enhancement_type"] == "bibliographic":
            return expect_read(sdk, Bibliographic, value)
        case "content" if "locations" in value:
            return {**value, "locations": [_expect_location(location) for location in value["locations"]]}
        case _:
            return _expect_normal_form(sdk, name, value)


def _expect_normal_form(sdk: Release, name: str, value: Any) -> Any:
    if name == "identifiers" and sdk.version in since("0.17.2"):
        return [_lower_doi(identifier) for identifier in value]
    if name == "pagination" and sdk.version in since("0.7.6"):
        return {key: _normalize(text) for key, text in value.items()}
    return str(HttpUrl(value)) if name in URLS else value


def _lower_doi(identifier: Json) -> Json:
    is_doi = identifier["identifier_type"] == "doi"
    return {**identifier, "identifier": identifier["identifier"].lower()} if is_doi else identifier


def _normalize(text: str | None) -> str | None:
    return (text or "").replace("\u00a0", " ").strip() or None


def _expect_location(location: Json) -> Json:
    return {name: str(HttpUrl(value)) if name in URLS and value else value for name, value in location.items()}


def remove_nulls(value: Any) -> Any:
    """Return the document as `to_jsonl` writes it. Absent and null mean the same in every model."""
    if isinstance(value, list):
        return [remove_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: item if name in _FREE_FORM else remove_nulls(item) for name, item in value.items() if item is not None
    }
