"""One table of settings: the code, the sample for the local stack, and what Bicep sets."""

import json

from exchange.settings import Settings
from tests.infra.reading import Prediction, content, predicted
from tests.stacks import ROOT

SAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
TUNABLES: dict[str, str] = content("tunables.json")
IN_CODE = {field.alias or name: field for name, field in Settings.model_fields.items()}
# What holds a key, and is there for the emulators alone.
BY_KEY = {"DATA_STORAGE", "SERVICE_BUS", "COSMOS_KEY"}
PAGE = (ROOT / "docs" / "settings.md").read_text()
# What Flex Consumption ignores or refuses.
NOT_ON_FLEX = (
    *("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_CONTENT"),
    *("WEBSITE_TIME_ZONE", "SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD"),
)


def rows(heading: str) -> dict[str, tuple[str, ...]]:
    """Read a table of the page: the other cells by the name of the setting."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    return {first.strip("`"): tuple(others) for first, *others in cells[2:]}


READ_BY_OTHERS = rows("Read by others than our code")


def test_every_setting_that_the_code_reads_is_set(prediction: Prediction) -> None:
    assert set(IN_CODE) - BY_KEY - set(prediction.settings) == set()


def test_every_setting_that_is_set_is_read_by_the_code_or_by_somebody_we_know(prediction: Prediction) -> None:
    assert set(prediction.settings) - set(IN_CODE) - set(READ_BY_OTHERS) == set()


def test_everything_that_others_read_is_set(prediction: Prediction) -> None:
    assert set(READ_BY_OTHERS) - set(prediction.settings) == set()


def test_the_page_says_who_else_reads_a_setting_and_for_what() -> None:
    readers = ("the host", "the worker", "the host and the worker's exporter", "the host and the blob binding")
    for name, (said,) in READ_BY_OTHERS.items():
        reader, _, purpose = said.partition(": ")
        assert reader in {*readers, "azure-identity", "OpenTelemetry"}, name
        assert purpose, name


def test_the_page_has_every_setting_of_the_code_once() -> None:
    same, places = rows("The same everywhere"), rows("Where things are, and who is trusted")
    assert {name: value for name, (value, _) in same.items()} == TUNABLES
    assert set(places) == set(IN_CODE) - set(TUNABLES) - set(READ_BY_OTHERS)


def test_the_page_says_which_settings_are_not_set_in_azure(prediction: Prediction) -> None:
    said = {name for name, (where, _) in rows("Where things are, and who is trusted").items() if where == "not set"}
    assert said == BY_KEY == set(IN_CODE) - set(prediction.settings)


def test_no_setting_that_holds_a_key_is_set(prediction: Prediction) -> None:
    assert not BY_KEY & set(prediction.settings)


def test_no_setting_is_set_that_flex_consumption_refuses(prediction: Prediction) -> None:
    assert not [name for name in prediction.settings if name.startswith(NOT_ON_FLEX)]


def test_no_storage_of_the_host_is_named_by_key_or_by_address(prediction: Prediction) -> None:
    of_the_host = {name for name in prediction.settings if name.startswith("AzureWebJobsStorage")}
    assert of_the_host == {f"AzureWebJobsStorage__{part}" for part in ("accountName", "credential", "clientId")}


def test_the_settings_that_are_the_same_everywhere_are_those_of_the_sample() -> None:
    assert {name: SAMPLE[name] for name in TUNABLES} == {**TUNABLES, "ROBOT_ADDRESSES_UNRESTRICTED": "true"}


def test_the_settings_that_are_the_same_everywhere_are_the_code_s_own() -> None:
    # The code has no schedule of its own: the host has to know it, too.
    for name, value in TUNABLES.items():
        field = IN_CODE[name]
        if name == "SWEEP_SCHEDULE":
            assert field.is_required()
        else:
            assert json.loads(value) == field.default, name


def test_every_setting_with_a_default_that_counts_is_among_them() -> None:
    counted = {name for name, field in IN_CODE.items() if not field.is_required() and field.default is not None}
    assert set(TUNABLES) == counted | {"SWEEP_SCHEDULE"}


def test_they_are_set_as_they_stand_in_the_table(prediction: Prediction) -> None:
    assert {name: prediction.settings[name] for name in TUNABLES} == TUNABLES


def test_a_setting_that_differs_is_handed_down_and_the_others_stay() -> None:
    settings = predicted("options").settings
    assert {name: settings[name] for name in TUNABLES} == {**TUNABLES, "OPEN_BATCHES_LIMIT": "7"}
    assert settings["TOKEN_AUDIENCE"] == "api://enhancement-exchange"


def test_the_app_would_start_with_what_is_set() -> None:
    """As Azure hands them on: functions of the template and the reference to the vault are resolved by then."""
    known = {
        "DATA_STORAGE__blobServiceUri": "https://data.blob.core.windows.net",
        "DATA_STORAGE__queueServiceUri": "https://data.queue.core.windows.net",
        "TOKEN_ISSUER": "https://login.microsoftonline.com/tenant/v2.0",
        "TOKEN_KEYS_URL": "https://login.microsoftonline.com/tenant/discovery/v2.0/keys",
        "ROBOT_MASTER_KEY": "k" * 44,
    }
    settings = predicted("options").settings
    assert set(known) <= set(settings)
    read = Settings.read({**settings, **known})
    assert read.cosmos_endpoint.startswith("https://exchange-dev-")
    assert (read.data_storage, read.service_bus, read.cosmos_key) == (None, None, None)
    assert (read.dispatch_queue, read.import_queue) == (SAMPLE["DISPATCH_QUEUE"], SAMPLE["IMPORT_QUEUE"])


def test_the_master_key_s_reference_is_one_that_the_app_refuses_to_take_for_the_key(prediction: Prediction) -> None:
    assert "@Microsoft.KeyVault(" in prediction.settings["ROBOT_MASTER_KEY"]
