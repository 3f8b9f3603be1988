"""The deployment has no key except the one in the URL of Event Grid's webhook."""

import re

import pytest

from tests.infra.reading import INFRA, Prediction, content, strings, text

TEMPLATES = ("main.json", "events.json")
KEY_FUNCTION = re.compile(
    r"\blist(Keys|Secrets|AccountSas|ServiceSas|ConnectionStrings|\w*Keys)\(|getSecret\(", re.IGNORECASE
)
# The form of keys, passwords, and connection strings with keys.
SECRET = re.compile(
    r"(AccountKey|SharedAccessKey|SharedAccessSignature|AccountEndpoint|Password|[?&]sig)=|[A-Za-z0-9+/]{43,}={1,2}",
    re.IGNORECASE,
)
ACCOUNT_KEYS = re.compile(r"\.(primary|secondary)(Master)?Key|\.instrumentationKey|sharedKey", re.IGNORECASE)


def test_the_templates_read_only_the_key_of_the_webhook() -> None:
    calls = [found[0] for name in TEMPLATES for found in KEY_FUNCTION.finditer(text(name))]
    assert calls == ["listKeys("]
    assert ".systemKeys.blobs_extension" in text("events.json")


def test_no_module_reads_a_key() -> None:
    sources = {path.name: path.read_text() for path in [*INFRA.glob("*.bicep"), *INFRA.glob("modules/*.bicep")]}
    assert [name for name, source in sources.items() if KEY_FUNCTION.search(source)] == ["events.bicep"]


def test_the_webhook_key_is_not_an_output() -> None:
    assert "outputs" not in content("events.json")


def test_no_app_setting_contains_a_key(prediction: Prediction) -> None:
    bad = [name for name, value in prediction.settings.items() if SECRET.search(value) or ACCOUNT_KEYS.search(value)]
    assert not bad


def test_no_resource_contains_a_key(prediction: Prediction) -> None:
    assert not [path for path, value in strings(prediction.resources) if SECRET.search(value)]


def test_no_output_contains_a_key(prediction: Prediction) -> None:
    assert prediction.outputs
    bad = [
        name
        for name, value in strings(prediction.outputs)
        if SECRET.search(value) or ACCOUNT_KEYS.search(value) or KEY_FUNCTION.search(value)
    ]
    assert not bad


def test_the_master_key_is_referenced_and_not_created_by_a_template(prediction: Prediction) -> None:
    vault = prediction.only("Microsoft.KeyVault/vaults")["name"]
    reference = prediction.settings["ROBOT_MASTER_KEY"]
    assert reference.startswith(
        ("@Microsoft.KeyVault(SecretUri=", "[format('@Microsoft.KeyVault(SecretUri={0}/secrets/")
    )
    assert vault in reference
    assert prediction.outputs["masterKeyName"] in reference
    assert "Microsoft.KeyVault/vaults/secrets" not in {resource["type"] for resource in prediction.resources}


def test_the_key_vault_reference_is_resolved_with_the_managed_identity(prediction: Prediction) -> None:
    site = prediction.only("Microsoft.Web/sites")
    (identity,) = site["identity"]["userAssignedIdentities"]
    assert site["properties"]["keyVaultReferenceIdentity"] == identity
    assert site["identity"]["type"] == "UserAssigned"


@pytest.mark.parametrize("connection", ["AzureWebJobsStorage", "DATA_STORAGE", "SERVICE_BUS"])
def test_each_connection_of_the_host_uses_the_managed_identity(prediction: Prediction, connection: str) -> None:
    settings = prediction.settings
    assert connection not in settings
    assert settings[f"{connection}__credential"] == "managedidentity"
    assert settings[f"{connection}__clientId"] == settings["AZURE_CLIENT_ID"]
    assert settings["AZURE_CLIENT_ID"].endswith(".clientId]")


def test_no_parameter_is_a_secret() -> None:
    parameters = [value for name in TEMPLATES for value in content(name)["parameters"].values()]
    assert parameters
    assert not [value for value in parameters if value.get("type", "").lower().startswith("secure")]
