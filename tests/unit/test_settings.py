import json
import re

import pytest

from exchange.domain.console import ConsoleSignIn
from exchange.domain.limits import Deadlines, Limits, SettingsGroup
from exchange.settings import GROUPS, Azure, Console, Setting, Settings, SettingsError, Tokens, list_settings
from tests.stacks import ROOT

SAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
# The Functions host reads these, and our code does not.
READ_BY_THE_HOST = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}
# Addresses for managed identity, which the emulators do not support.
ONLY_IN_AZURE = {
    "DATA_STORAGE__blobServiceUri",
    "DATA_STORAGE__queueServiceUri",
    "SERVICE_BUS__fullyQualifiedNamespace",
}
# These differ between deployments. The code has no default for them, or one that is meant for Azure.
SPECIFIC = (
    *("DATA_STORAGE", "SERVICE_BUS", "COSMOS", "DISPATCH_QUEUE", "IMPORT_QUEUE", "NOTIFY_QUEUE"),
    *("SWEEP_SCHEDULE", "TOKEN", "CONSOLE", "ROBOT_MASTER_KEY", "ROBOT_ADDRESSES_UNRESTRICTED"),
)
NAMES = [setting.name for setting in list_settings()]
NUMBERS = [setting.name for setting in list_settings() if type(setting.default) in {int, float}]


def test_the_names_of_settings_are_unique_across_groups() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("setting", list(list_settings()), ids=lambda setting: setting.name)
def test_every_setting_has_a_description_of_full_sentences(setting: Setting) -> None:
    assert setting.description[:1].isupper()
    assert setting.description.endswith(".")


def test_every_setting_is_listed_with_its_group() -> None:
    groups: dict[str | None, set[str]] = {group: set() for group in (None, *GROUPS)}
    for setting in list_settings():
        groups[setting.group].add(setting.name)
    for name, model in GROUPS.items():
        assert len(groups[name]) == len(model.model_fields)
    assert len(groups[None]) == len(Settings.model_fields) - len(GROUPS)
    assert "COSMOS_ENDPOINT" in groups["azure"]
    assert "TOKEN_ISSUER" in groups["tokens"]
    assert "OPEN_BATCHES_LIMIT" in groups["limits"]
    assert "PROGRESS_ATTEMPTS" in groups["deadlines"]
    assert "SWEEP_SCHEDULE" in groups[None]


def test_a_setting_is_listed_with_its_default() -> None:
    defaults = {setting.name: setting.default for setting in list_settings()}
    assert defaults["IMPORT_MAX_CONCURRENT"] == 4
    assert defaults["SIGNED_URL_LIFETIME_S"] == 3600.0
    assert defaults["COSMOS_ENDPOINT"] is None
    assert defaults["DATA_STORAGE"] is None


def test_settings_are_grouped() -> None:
    changed = {
        "COSMOS_DATABASE": "other",
        "TOKEN_AUDIENCE": "api://other",
        "OPEN_BATCHES_LIMIT": "7",
        "PROGRESS_LIMIT_S": "8.5",
        "SIGNED_URL_LIFETIME_S": "9",
    }
    settings = Settings.read({**SAMPLE, **changed})
    assert settings.azure.cosmos_database == "other"
    assert settings.tokens.token_audience == "api://other"
    assert settings.limits.open_batches_limit == 7
    assert settings.deadlines.progress_limit_s == 8.5
    assert settings.signed_url_lifetime_s == 9.0
    groups = (settings.azure, settings.tokens, settings.console, settings.limits, settings.deadlines)
    assert [type(group) for group in groups] == [Azure, Tokens, Console, Limits, Deadlines]


@pytest.mark.parametrize("group", [Limits, Deadlines])
def test_limits_and_deadlines_have_a_default_for_every_field(group: type[SettingsGroup]) -> None:
    assert not [name for name, field in group.model_fields.items() if field.is_required()]


def test_the_sample_has_every_setting_of_the_local_stack_and_no_other() -> None:
    assert set(SAMPLE) == (set(NAMES) - ONLY_IN_AZURE) | READ_BY_THE_HOST


def test_the_sample_has_the_defaults_of_the_code() -> None:
    specific = {name: value for name, value in SAMPLE.items() if name.startswith(SPECIFIC)}
    assert Settings.read(specific) == Settings.read(SAMPLE)


def test_one_message_names_every_missing_and_invalid_setting() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.read({"PROGRESS_ATTEMPTS": "0", "ROBOT_CALL_TIMEOUT_S": "soon", "COSMOS_ENDPOINT": ""})
    named = {name for name in NAMES if re.search(rf"\b{name}\b", str(raised.value))}
    assert named == {
        *ONLY_IN_AZURE,
        *("DATA_STORAGE", "SERVICE_BUS", "COSMOS_ENDPOINT", "COSMOS_DATABASE", "DISPATCH_QUEUE", "IMPORT_QUEUE"),
        *("NOTIFY_QUEUE", "SWEEP_SCHEDULE", "ROBOT_MASTER_KEY", "PROGRESS_ATTEMPTS", "ROBOT_CALL_TIMEOUT_S"),
    }


def test_an_address_for_managed_identity_replaces_a_connection_string() -> None:
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


def test_the_message_does_not_contain_the_value_of_an_invalid_setting() -> None:
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
def test_a_short_or_unresolved_master_key_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match="ROBOT_MASTER_KEY") as raised:
        Settings.read({**SAMPLE, "ROBOT_MASTER_KEY": key})
    assert key not in str(raised.value)


@pytest.mark.parametrize("value", ["true", "yes", "1", "T"])
def test_unrestricted_robot_addresses_are_accepted_on_the_local_stack_only(value: str) -> None:
    assert Settings.read({**SAMPLE, "ROBOT_ADDRESSES_UNRESTRICTED": value}).robot_addresses_unrestricted
    for endpoint in (
        "https://exchange.documents.azure.com:443/",
        "https://127.0.0.1.example/",
        "https://localhost.evil/",
    ):
        with pytest.raises(SettingsError, match="ROBOT_ADDRESSES_UNRESTRICTED"):
            Settings.read({**SAMPLE, "ROBOT_ADDRESSES_UNRESTRICTED": value, "COSMOS_ENDPOINT": endpoint})


@pytest.mark.parametrize("lifetime", ["inf", "nan", "1e9", "0"])
def test_the_lifetime_of_signed_urls_is_limited(lifetime: str) -> None:
    with pytest.raises(SettingsError, match="SIGNED_URL_LIFETIME_S"):
        Settings.read({**SAMPLE, "SIGNED_URL_LIFETIME_S": lifetime})


@pytest.mark.parametrize("name", ["DATA_STORAGE__blobServiceUri", "DATA_STORAGE__queueServiceUri"])
def test_the_address_of_a_storage_account_must_be_https(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.read({**SAMPLE, name: "http://data.example"})


def test_white_space_around_a_value_is_removed_and_a_blank_value_is_missing() -> None:
    settings = Settings.read({**SAMPLE, "TOKEN_ISSUER": "  ", "TOKEN_AUDIENCE": " api://x \n"})
    assert (settings.tokens.token_issuer, settings.tokens.token_audience) == (None, "api://x")


def test_the_representation_of_settings_contains_no_secret() -> None:
    text = repr(Settings.read(SAMPLE))
    assert not [
        name for name in ("ROBOT_MASTER_KEY", "COSMOS_KEY", "DATA_STORAGE", "SERVICE_BUS") if SAMPLE[name] in text
    ]


def test_the_address_of_token_keys_must_be_https() -> None:
    with pytest.raises(SettingsError, match="TOKEN_KEYS_URL"):
        Settings.read({**SAMPLE, "TOKEN_KEYS_URL": "http://issuer.example/keys"})


@pytest.mark.parametrize(
    ("audience", "scope"),
    [
        ("5d1f4ae6-0a8c-4d5f-8f0e-0a2f3c4b5d6e", "api://5d1f4ae6-0a8c-4d5f-8f0e-0a2f3c4b5d6e/access"),
        ("api://exchange", "api://exchange/access"),
        ("https://exchange.example", "https://exchange.example/access"),
    ],
)
def test_the_console_requests_the_scope_of_the_audience_from_the_issuer_of_tokens(audience: str, scope: str) -> None:
    issuer = "https://login.example/tenant/v2.0"
    given = {"TOKEN_ISSUER": issuer, "TOKEN_AUDIENCE": audience, "CONSOLE_CLIENT_ID": "c", "CONSOLE_AUTHORITY": ""}
    assert Settings.read({**SAMPLE, **given}).console_sign_in == ConsoleSignIn(issuer, "c", scope)
    given["CONSOLE_AUTHORITY"] = "https://other.example/"
    assert Settings.read({**SAMPLE, **given}).console_sign_in == ConsoleSignIn("https://other.example/", "c", scope)


@pytest.mark.parametrize(
    "missing", [{"CONSOLE_CLIENT_ID": ""}, {"TOKEN_AUDIENCE": ""}, {"CONSOLE_AUTHORITY": "", "TOKEN_ISSUER": ""}]
)
def test_the_console_is_off_if_a_setting_of_its_sign_in_is_missing(missing: dict[str, str]) -> None:
    assert Settings.read(SAMPLE).console_sign_in is not None
    assert Settings.read({**SAMPLE, **missing}).console_sign_in is None


@pytest.mark.parametrize(
    "authority", ["http://login.example", "http://127.0.0.1.evil/", "http://localhost@evil/", "javascript:alert(1)"]
)
def test_users_sign_in_over_https_except_on_the_local_stack(authority: str) -> None:
    with pytest.raises(SettingsError, match="CONSOLE_AUTHORITY"):
        Settings.read({**SAMPLE, "CONSOLE_AUTHORITY": authority})


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_must_be_positive(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.read({**SAMPLE, name: "-1"})
