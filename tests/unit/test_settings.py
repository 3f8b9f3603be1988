import json
import re

import pytest

from exchange.settings import Settings, SettingsError
from tests.stacks import ROOT

SAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
# What the host reads and our code does not.
OF_THE_HOST = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}
# The addresses for managed identity, which the emulators don't take.
IN_AZURE = {"DATA_STORAGE__blobServiceUri", "DATA_STORAGE__queueServiceUri", "SERVICE_BUS__fullyQualifiedNamespace"}
# What differs from place to place, so that the code has no value for it, or another one for Azure.
OF_THIS_MACHINE = (
    *("DATA_STORAGE", "SERVICE_BUS", "COSMOS", "DISPATCH_QUEUE", "IMPORT_QUEUE", "SWEEP_SCHEDULE"),
    *("TOKEN", "ROBOT_MASTER_KEY", "ROBOT_ADDRESSES_UNRESTRICTED"),
)


def names() -> set[str]:
    return {field.alias or name for name, field in Settings.model_fields.items()}


def test_the_sample_has_every_setting_and_no_other() -> None:
    assert set(SAMPLE) == (names() - IN_AZURE) | OF_THE_HOST


def test_the_sample_is_what_the_code_takes_if_nothing_is_said() -> None:
    of_this_machine = {name: value for name, value in SAMPLE.items() if name.startswith(OF_THIS_MACHINE)}
    assert Settings.read(of_this_machine) == Settings.read(SAMPLE)


def test_every_missing_and_bad_setting_is_named_in_one_message() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.read({"PROGRESS_ATTEMPTS": "0", "ROBOT_CALL_TIMEOUT_S": "soon", "COSMOS_ENDPOINT": ""})
    required = {alias for alias in names() if re.search(rf"\b{alias}\b", str(raised.value))}
    assert required == {
        *IN_AZURE,
        *("DATA_STORAGE", "SERVICE_BUS", "COSMOS_ENDPOINT", "COSMOS_DATABASE", "DISPATCH_QUEUE", "IMPORT_QUEUE"),
        *("SWEEP_SCHEDULE", "ROBOT_MASTER_KEY", "PROGRESS_ATTEMPTS", "ROBOT_CALL_TIMEOUT_S"),
    }


def test_an_address_for_managed_identity_does_instead_of_a_connection_string() -> None:
    given = {name: value for name, value in SAMPLE.items() if name not in {"DATA_STORAGE", "SERVICE_BUS", "COSMOS_KEY"}}
    settings = Settings.read(
        {
            **given,
            "DATA_STORAGE__blobServiceUri": "https://data.blob.example",
            "DATA_STORAGE__queueServiceUri": "https://data.queue.example",
            "SERVICE_BUS__fullyQualifiedNamespace": "bus.example",
        }
    )
    assert (settings.azure.data_storage, settings.azure.service_bus, settings.azure.cosmos_key) == (None, None, None)


def test_a_message_about_a_bad_setting_does_not_show_its_value() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.read({**SAMPLE, "COSMOS_KEY": "s3cret", "RESULT_LINE_LIMIT_BYTES": "s3cret"})
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "key",
    [
        "too short",
        " " * 40,
        "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/key)",
        " @microsoft.keyvault(SecretUri=https://vault.example/secrets/key) ",
    ],
)
def test_a_master_key_that_could_be_guessed_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match="ROBOT_MASTER_KEY") as raised:
        Settings.read({**SAMPLE, "ROBOT_MASTER_KEY": key})
    assert key not in str(raised.value)


@pytest.mark.parametrize("given", ["true", "yes", "1", "T"])
def test_robots_anywhere_is_for_this_machine_alone(given: str) -> None:
    assert Settings.read({**SAMPLE, "ROBOT_ADDRESSES_UNRESTRICTED": given}).robot_addresses_unrestricted
    for endpoint in (
        "https://exchange.documents.azure.com:443/",
        "https://127.0.0.1.example/",
        "https://localhost.evil/",
    ):
        with pytest.raises(SettingsError, match="ROBOT_ADDRESSES_UNRESTRICTED"):
            Settings.read({**SAMPLE, "ROBOT_ADDRESSES_UNRESTRICTED": given, "COSMOS_ENDPOINT": endpoint})


@pytest.mark.parametrize("lifetime", ["inf", "nan", "1e9", "0"])
def test_a_signed_url_lives_for_days_at_most(lifetime: str) -> None:
    with pytest.raises(SettingsError, match="SIGNED_URL_LIFETIME_S"):
        Settings.read({**SAMPLE, "SIGNED_URL_LIFETIME_S": lifetime})


@pytest.mark.parametrize("name", ["DATA_STORAGE__blobServiceUri", "DATA_STORAGE__queueServiceUri"])
def test_an_account_is_reached_over_https_alone(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.read({**SAMPLE, name: "http://data.example"})


def test_blanks_around_a_value_and_blank_values_do_not_count() -> None:
    settings = Settings.read({**SAMPLE, "TOKEN_ISSUER": "  ", "TOKEN_AUDIENCE": " api://x \n"})
    assert (settings.tokens.token_issuer, settings.tokens.token_audience) == (None, "api://x")


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(Settings.read(SAMPLE))
    assert not [
        name for name in ("ROBOT_MASTER_KEY", "COSMOS_KEY", "DATA_STORAGE", "SERVICE_BUS") if SAMPLE[name] in shown
    ]


def test_keys_are_fetched_over_https_only() -> None:
    with pytest.raises(SettingsError, match="TOKEN_KEYS_URL"):
        Settings.read({**SAMPLE, "TOKEN_KEYS_URL": "http://issuer.example/keys"})


@pytest.mark.parametrize("name", sorted(name for name in SAMPLE if name.endswith(("_S", "_BYTES", "_TRIES"))))
def test_amounts_and_waits_are_positive(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.read({**SAMPLE, name: "-1"})
