"""The documents have every field of the present protocol, and each release knows every field that is not listed."""

from enum import StrEnum

import pytest

from exchange.contract import enhancements, identifiers
from exchange.contract.enhancements import Enhancement
from exchange.contract.v1.requests import EnhancementRequestStatus
from exchange.contract.v1.robots import ProvisionedPullRobot, PullRobot, PullRobotIn
from tests.sdk.documents import FULL, Model
from tests.sdk.reading import UNKNOWN, since
from tests.sdk.releases import FOLDER, PRESENT_NAMES, Release

# Fields of releases that the exchange neither sends nor stores.
ADDITIONAL_FIELDS: dict[tuple[Model, str], frozenset[str]] = {
    **{(model, "entitlements"): since("0.12.0") for model in (PullRobotIn, PullRobot, ProvisionedPullRobot)},
    (Enhancement, "created_at"): since("0.11.2"),
    (Enhancement, "supersedes"): since("0.17.4"),
}
# Values of the newest release that the exchange neither sends nor accepts.
ADDITIONAL_VALUES = {
    "EnhancementType": {"full_text", "raw", "reference_association", "linked_data", "tombstone"},
    "ExternalIdentifierType": {"eric", "pro_quest", "url"},
    "EnhancementRequestStatus": {"accepted", "indexing", "indexing_failed"},
}


def test_each_release_is_imported_from_its_folder(sdk: Release) -> None:
    for module in (sdk.auth, sdk.client, sdk.robots):
        assert module.__file__.startswith(f"{FOLDER / sdk.version}/")


@pytest.mark.parametrize("model", PRESENT_NAMES, ids=lambda model: model.__name__)
def test_each_document_has_every_field(model: Model) -> None:
    assert set(FULL[model]) == set(model.model_fields)


@pytest.mark.parametrize("model", PRESENT_NAMES, ids=lambda model: model.__name__)
def test_a_release_knows_every_field_except_those_listed(sdk: Release, model: Model) -> None:
    unknown = {name for (owner, name), releases in UNKNOWN.items() if owner is model and sdk.version in releases}
    more = {name for (owner, name), releases in ADDITIONAL_FIELDS.items() if owner is model and sdk.version in releases}
    assert set(sdk.model_for(model).model_fields) == set(model.model_fields) - unknown | more


@pytest.mark.parametrize(
    ("module", "name", "ours"),
    [
        ("robots", "EnhancementRequestStatus", EnhancementRequestStatus),
        ("visibility", "Visibility", enhancements.Visibility),
        ("enhancements", "EnhancementType", enhancements.EnhancementType),
        ("enhancements", "AuthorPosition", enhancements.AuthorPosition),
        ("enhancements", "AbstractProcessType", enhancements.AbstractProcess),
        ("enhancements", "DriverVersion", enhancements.DriverVersion),
        ("identifiers", "ExternalIdentifierType", identifiers.IdentifierType),
    ],
)
def test_a_release_knows_every_value(sdk: Release, module: str, name: str, ours: type[StrEnum]) -> None:
    theirs = {value.value for value in getattr(getattr(sdk, module), name)}
    assert theirs - ADDITIONAL_VALUES.get(name, set()) == {value.value for value in ours}
