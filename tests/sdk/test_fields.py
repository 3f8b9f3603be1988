"""The documents of these tests have every field, and each release knows every field that is not listed."""

from enum import StrEnum

import pytest

from exchange.contract import batches, enhancements, identifiers
from tests.sdk.documents import FULL, Model
from tests.sdk.reading import UNKNOWN
from tests.sdk.releases import FOLDER, NAMES, Release

# Values of the SDK that are not in the contract. The exchange neither sends nor accepts them.
ADDITIONAL = {
    "EnhancementType": {"full_text"},
    "BatchEnhancementRequestStatus": {"indexing", "indexing_failed"},
}


def test_each_release_is_imported_from_its_folder(sdk: Release) -> None:
    for module in (sdk.auth, sdk.client, sdk.robots):
        assert module.__file__.startswith(f"{FOLDER / sdk.version}/")
    assert sdk.client.BatchRobotResult is sdk.robots.BatchRobotResult
    assert [path.name for path in (FOLDER / sdk.version).glob("*.dist-info")] == [
        f"destiny_sdk-{sdk.version}.dist-info"
    ]


@pytest.mark.parametrize("model", NAMES, ids=lambda model: model.__name__)
def test_each_document_has_every_field(model: Model) -> None:
    assert set(FULL[model]) == set(model.model_fields)


@pytest.mark.parametrize("model", NAMES, ids=lambda model: model.__name__)
def test_a_release_knows_every_field_except_those_listed(sdk: Release, model: Model) -> None:
    unknown = {name for (owner, name), releases in UNKNOWN.items() if owner is model and sdk.version in releases}
    assert set(sdk.model_for(model).model_fields) == set(model.model_fields) - unknown


@pytest.mark.parametrize(
    ("module", "name", "ours"),
    [
        ("robots", "BatchEnhancementRequestStatus", batches.BatchStatus),
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
    assert theirs - ADDITIONAL.get(name, set()) == {value.value for value in ours}
