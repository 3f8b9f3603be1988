"""The app settings in Azure are those that the code, the host and libraries read."""

import json

from exchange.settings import Setting, Settings, list_settings
from local.generated_settings import READ_BY_OTHERS
from tests.infra.reading import Prediction, content, predicted
from tests.stacks import ROOT

SAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
TUNABLES: dict[str, str] = content("tunables.json")
IN_CODE: dict[str, Setting] = {setting.name: setting for setting in list_settings()}
HAVE_DEFAULT = {name for name, setting in IN_CODE.items() if setting.default is not None}
# Keys and connection strings. Only the emulators need them.
KEYS = {"DATA_STORAGE", "SERVICE_BUS", "COSMOS_KEY"}
# Settings that have the value of another one if they are not set.
DERIVED = {"CONSOLE_AUTHORITY"}
# Settings that Flex Consumption ignores or refuses.
NOT_ON_FLEX = (
    *("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_CONTENT"),
    *("WEBSITE_TIME_ZONE", "SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD"),
)
PAGE = (ROOT / "docs" / "settings.md").read_text()


def page_rows() -> dict[str, list[str]]:
    """Return the cells after the name in each table row of docs/settings.md."""
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def test_every_setting_without_a_default_is_set(prediction: Prediction) -> None:
    assert set(IN_CODE) - HAVE_DEFAULT - KEYS - DERIVED - set(prediction.settings) == set()


def test_every_app_setting_is_read_by_the_code_or_by_a_known_reader(prediction: Prediction) -> None:
    assert set(prediction.settings) - set(IN_CODE) - set(READ_BY_OTHERS) == set()


def test_every_setting_that_others_read_is_set(prediction: Prediction) -> None:
    assert set(READ_BY_OTHERS) - set(prediction.settings) == set()


def test_the_page_names_the_reader_and_the_purpose_of_settings_that_others_read() -> None:
    readers = {"the host", "the worker", "the host and the worker's exporter", "the host and the blob binding"}
    assert not set(READ_BY_OTHERS) & set(IN_CODE)
    for name in READ_BY_OTHERS:
        reader, purpose = page_rows()[name]
        assert reader in {*readers, "azure-identity", "OpenTelemetry"}, name
        assert purpose, name


def test_the_page_states_which_settings_are_set_in_azure(prediction: Prediction) -> None:
    stated = {name: page_rows()[name][1] for name in IN_CODE}
    assert all(cell == "default" or cell.startswith(("set", "not set, ")) for cell in stated.values())
    assert {name for name, cell in stated.items() if cell.startswith("set")} == set(IN_CODE) & set(prediction.settings)
    assert {name for name, cell in stated.items() if cell == "default"} <= HAVE_DEFAULT
    values = {name: cell.removeprefix("set to ").strip("`") for name, cell in stated.items() if " to " in cell}
    assert values == TUNABLES


def test_no_setting_with_a_key_is_set(prediction: Prediction) -> None:
    assert not KEYS & set(prediction.settings)


def test_no_setting_that_flex_consumption_refuses_is_set(prediction: Prediction) -> None:
    assert not [name for name in prediction.settings if name.startswith(NOT_ON_FLEX)]


def test_the_host_storage_account_is_set_by_name_and_identity_only(prediction: Prediction) -> None:
    of_the_host = {name for name in prediction.settings if name.startswith("AzureWebJobsStorage")}
    assert of_the_host == {f"AzureWebJobsStorage__{part}" for part in ("accountName", "credential", "clientId")}


def test_tunables_json_has_only_values_that_differ_from_the_default() -> None:
    assert TUNABLES
    for name, value in TUNABLES.items():
        setting = IN_CODE[name]
        # The Functions host reads the schedule, so the code has no default for it.
        assert name == "SWEEP_SCHEDULE" or json.loads(value) != setting.default, name


def test_the_tunables_are_set_in_every_environment_and_are_those_of_the_sample(prediction: Prediction) -> None:
    assert {name: prediction.settings[name] for name in TUNABLES} == TUNABLES
    assert {name: SAMPLE[name] for name in TUNABLES} == TUNABLES


def test_no_setting_with_a_default_is_set_unless_it_is_a_tunable(prediction: Prediction) -> None:
    assert HAVE_DEFAULT & set(prediction.settings) <= set(TUNABLES)


def test_a_tunable_of_a_parameter_file_is_set_and_the_others_are_unchanged() -> None:
    settings = predicted("options").settings
    changed = {"OPEN_BATCHES_LIMIT": "7", "ROBOT_SILENCE_LIMIT_S": "172800", "FETCH_LIMIT_S": "1209600"}
    assert {name: value for name, value in settings.items() if name in {*HAVE_DEFAULT, *TUNABLES}} == {
        **TUNABLES,
        **changed,
    }
    assert settings["TOKEN_AUDIENCE"] == "api://enhancement-exchange"


def test_only_known_names_are_accepted_as_tunables() -> None:
    template = content("main.json")
    assert template["parameters"]["tunables"]["$ref"] == "#/definitions/Tunables"
    tunables = template["definitions"]["Tunables"]
    assert tunables["additionalProperties"] is False
    assert set(tunables["properties"]) == HAVE_DEFAULT - {"ROBOT_ADDRESSES_UNRESTRICTED"} | set(TUNABLES)


def test_the_app_can_start_with_the_app_settings() -> None:
    """Azure resolves functions of the template, and the Key Vault reference, before the app reads its settings."""
    resolved = {
        "DATA_STORAGE__blobServiceUri": "https://data.blob.core.windows.net",
        "DATA_STORAGE__queueServiceUri": "https://data.queue.core.windows.net",
        "TOKEN_ISSUER": "https://login.microsoftonline.com/tenant/v2.0",
        "TOKEN_KEYS_URL": "https://login.microsoftonline.com/tenant/discovery/v2.0/keys",
        "ROBOT_MASTER_KEY": "k" * 44,
    }
    app_settings = predicted("options").settings
    assert set(resolved) <= set(app_settings)
    settings = Settings.read({**app_settings, **resolved})
    assert settings.azure.cosmos_endpoint.startswith("https://exchange-dev-")
    assert (settings.azure.data_storage, settings.azure.service_bus, settings.azure.cosmos_key) == (None, None, None)
    queues = (settings.azure.dispatch_queue, settings.azure.import_queue)
    assert queues == (SAMPLE["DISPATCH_QUEUE"], SAMPLE["IMPORT_QUEUE"])
    assert settings.limits.open_batches_limit == 7


def test_the_master_key_setting_is_a_key_vault_reference_that_the_app_refuses_unresolved(
    prediction: Prediction,
) -> None:
    assert "@Microsoft.KeyVault(" in prediction.settings["ROBOT_MASTER_KEY"]
