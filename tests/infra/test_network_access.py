"""Access requires a token of Entra and TLS. Nothing is public."""

import pytest

from exchange.settings import list_settings
from tests.infra.reading import Prediction, Resource, predicted, short_name

STORAGE = "Microsoft.Storage/storageAccounts"
KEYS_OFF = {
    "Microsoft.ServiceBus/namespaces": ("disableLocalAuth", True),
    "Microsoft.DocumentDB/databaseAccounts": ("disableLocalAuth", True),
    "Microsoft.Insights/components": ("DisableLocalAuth", True),
    "Microsoft.KeyVault/vaults": ("enableRbacAuthorization", True),
    STORAGE: ("allowSharedKeyAccess", False),
}
MINIMUM_TLS = {
    "Microsoft.ServiceBus/namespaces": ("minimumTlsVersion", "1.2"),
    "Microsoft.DocumentDB/databaseAccounts": ("minimalTlsVersion", "Tls12"),
    STORAGE: ("minimumTlsVersion", "TLS1_2"),
}


def list_violations(resources: list[Resource], name: str, value: object) -> list[str]:
    """Return the names of the resources whose property does not have this value."""
    assert resources
    return [resource["name"] for resource in resources if resource["properties"].get(name) != value]


@pytest.mark.parametrize("kind", KEYS_OFF)
def test_access_by_key_is_disabled(prediction: Prediction, kind: str) -> None:
    assert not list_violations(prediction.all(kind), *KEYS_OFF[kind])


def test_only_pages_of_the_app_may_read_and_write_blobs_of_the_data(prediction: Prediction) -> None:
    app = prediction.only("Microsoft.Web/sites")["name"]
    services = {service["name"]: service for service in prediction.all(f"{STORAGE}/blobServices")}
    rules = {name: service["properties"]["cors"]["corsRules"] for name, service in services.items()}
    (data,) = (found for name, found in rules.items() if name.startswith("exdata"))
    (host,) = (found for name, found in rules.items() if name.startswith("exhost"))
    assert host == []
    (rule,) = data
    assert rule["allowedOrigins"] == [f"https://{app}.azurewebsites.net"]
    assert rule["allowedMethods"] == ["GET", "HEAD", "PUT"]


def test_users_of_the_console_sign_in_with_the_application_of_the_tokens() -> None:
    settings = predicted("options").settings
    assert settings["CONSOLE_CLIENT_ID"] == settings["TOKEN_AUDIENCE"] != ""


def test_the_workspace_accepts_no_logs_by_key(prediction: Prediction) -> None:
    features = prediction.only("Microsoft.OperationalInsights/workspaces")["properties"]["features"]
    assert features["disableLocalAuth"] is True


def test_publishing_with_a_password_is_disabled(prediction: Prediction) -> None:
    policies = prediction.all("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert {short_name(policy): policy["properties"]["allow"] for policy in policies} == {
        "ftp": False,
        "scm": False,
    }


def test_keys_of_cosmos_db_cannot_change_metadata(prediction: Prediction) -> None:
    assert not list_violations(
        prediction.all("Microsoft.DocumentDB/databaseAccounts"), "disableKeyBasedMetadataWriteAccess", True
    )


@pytest.mark.parametrize("kind", MINIMUM_TLS)
def test_tls_before_1_2_is_refused(prediction: Prediction, kind: str) -> None:
    assert not list_violations(prediction.all(kind), *MINIMUM_TLS[kind])


def test_the_app_requires_https_and_tls_1_2(prediction: Prediction) -> None:
    properties = prediction.only("Microsoft.Web/sites")["properties"]
    assert properties["httpsOnly"] is True
    assert properties["siteConfig"]["minTlsVersion"] == "1.2"


def test_storage_requires_https(prediction: Prediction) -> None:
    assert not list_violations(prediction.all(STORAGE), "supportsHttpsTrafficOnly", True)


def test_no_storage_account_allows_public_blobs(prediction: Prediction) -> None:
    assert not list_violations(prediction.all(STORAGE), "allowBlobPublicAccess", False)


def test_no_container_is_public(prediction: Prediction) -> None:
    assert not list_violations(prediction.all(f"{STORAGE}/blobServices/containers"), "publicAccess", "None")


def test_storage_is_not_replicated_to_another_tenant(prediction: Prediction) -> None:
    assert not list_violations(prediction.all(STORAGE), "allowCrossTenantReplication", False)


def test_host_and_data_have_separate_storage_accounts(prediction: Prediction) -> None:
    host, data = (prediction.only(STORAGE, name)["name"] for name in find_accounts(prediction))
    assert host != data
    assert prediction.settings["AzureWebJobsStorage__accountName"] == host
    assert data in prediction.settings["DATA_STORAGE__blobServiceUri"]
    assert data in prediction.settings["DATA_STORAGE__queueServiceUri"]


def find_accounts(prediction: Prediction) -> tuple[str, str]:
    """Return the names of the host's and of the data storage account."""
    data = prediction.outputs["dataStorageName"]
    (host,) = {account["name"] for account in prediction.all(STORAGE)} - {data}
    return host, data


def test_only_tokens_of_this_tenant_are_accepted(prediction: Prediction) -> None:
    tenant = "11111111-1111-1111-1111-111111111111"
    for name in ("TOKEN_ISSUER", "TOKEN_KEYS_URL"):
        assert tenant in prediction.settings[name]
        assert "loginEndpoint" in prediction.settings[name] or "login.microsoftonline.com" in prediction.settings[name]


def test_robots_are_called_at_public_addresses_only(prediction: Prediction) -> None:
    """The setting is not set, its default is False, and the app refuses True in Azure."""
    (setting,) = (setting for setting in list_settings() if setting.name == "ROBOT_ADDRESSES_UNRESTRICTED")
    assert setting.name not in prediction.settings
    assert setting.default is False
