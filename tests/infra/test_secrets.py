"""There is no key anywhere but Event Grid's, which can't do without."""

import re

import pytest

from tests.infra.reading import INFRA, Prediction, content, strings, text

TEMPLATES = ("main.json", "events.json")
KEY_FUNCTION = re.compile(
    r"\blist(Keys|Secrets|AccountSas|ServiceSas|ConnectionStrings|\w*Keys)\(|getSecret\(", re.IGNORECASE
)
# As keys, passwords and connection strings with keys look.
SECRET = re.compile(
    r"(AccountKey|SharedAccessKey|SharedAccessSignature|AccountEndpoint|Password|[?&]sig)=|[A-Za-z0-9+/]{43,}={1,2}",
    re.IGNORECASE,
)
KEYS_OF_ACCOUNTS = re.compile(r"\.(primary|secondary)(Master)?Key|\.instrumentationKey|sharedKey", re.IGNORECASE)


def test_the_only_key_that_is_asked_for_is_that_of_the_webhook() -> None:
    asked = [found[0] for name in TEMPLATES for found in KEY_FUNCTION.finditer(text(name))]
    assert asked == ["listKeys("]
    assert ".systemKeys.blobs_extension" in text("events.json")


def test_no_module_asks_for_a_key() -> None:
    sources = {path.name: path.read_text() for path in [*INFRA.glob("*.bicep"), *INFRA.glob("modules/*.bicep")]}
    assert [name for name, source in sources.items() if KEY_FUNCTION.search(source)] == ["events.bicep"]


def test_the_webhook_s_key_leaves_the_deployment_nowhere() -> None:
    assert "outputs" not in content("events.json")


def test_no_app_setting_holds_a_key_or_a_connection_string_with_one(prediction: Prediction) -> None:
    bad = [
        name for name, value in prediction.settings.items() if SECRET.search(value) or KEYS_OF_ACCOUNTS.search(value)
    ]
    assert not bad


def test_nothing_that_is_deployed_holds_a_key(prediction: Prediction) -> None:
    assert not [place for place, value in strings(prediction.resources) if SECRET.search(value)]


def test_no_output_holds_a_key(prediction: Prediction) -> None:
    assert prediction.outputs
    bad = [
        name
        for name, value in strings(prediction.outputs)
        if SECRET.search(value) or KEYS_OF_ACCOUNTS.search(value) or KEY_FUNCTION.search(value)
    ]
    assert not bad


def test_the_master_key_is_referred_to_and_never_made_by_a_template(prediction: Prediction) -> None:
    vault = prediction.one("Microsoft.KeyVault/vaults")["name"]
    reference = prediction.settings["ROBOT_MASTER_KEY"]
    assert reference.startswith(
        ("@Microsoft.KeyVault(SecretUri=", "[format('@Microsoft.KeyVault(SecretUri={0}/secrets/")
    )
    assert vault in reference
    assert prediction.outputs["masterKeyName"] in reference
    assert "Microsoft.KeyVault/vaults/secrets" not in {one["type"] for one in prediction.resources}


def test_the_app_resolves_the_reference_by_its_own_identity(prediction: Prediction) -> None:
    site = prediction.one("Microsoft.Web/sites")
    (identity,) = site["identity"]["userAssignedIdentities"]
    assert site["properties"]["keyVaultReferenceIdentity"] == identity
    assert site["identity"]["type"] == "UserAssigned"


@pytest.mark.parametrize("connection", ["AzureWebJobsStorage", "DATA_STORAGE", "SERVICE_BUS"])
def test_each_connection_of_the_host_shows_the_app_s_identity(prediction: Prediction, connection: str) -> None:
    settings = prediction.settings
    assert connection not in settings
    assert settings[f"{connection}__credential"] == "managedidentity"
    assert settings[f"{connection}__clientId"] == settings["AZURE_CLIENT_ID"]
    assert settings["AZURE_CLIENT_ID"].endswith(".clientId]")


def test_no_template_takes_a_secret() -> None:
    parameters = [one for name in TEMPLATES for one in content(name)["parameters"].values()]
    assert parameters
    assert not [one for one in parameters if one.get("type", "").lower().startswith("secure")]
