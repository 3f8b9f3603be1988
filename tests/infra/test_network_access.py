"""Who is let in is decided by Entra alone, over TLS; nothing is public."""

import pytest

from tests.infra.reading import Prediction, Resource

STORAGE = "Microsoft.Storage/storageAccounts"
OFF_BY = {
    "Microsoft.ServiceBus/namespaces": ("disableLocalAuth", True),
    "Microsoft.DocumentDB/databaseAccounts": ("disableLocalAuth", True),
    "Microsoft.Insights/components": ("DisableLocalAuth", True),
    "Microsoft.KeyVault/vaults": ("enableRbacAuthorization", True),
    STORAGE: ("allowSharedKeyAccess", False),
}
TLS_BY = {
    "Microsoft.ServiceBus/namespaces": ("minimumTlsVersion", "1.2"),
    "Microsoft.DocumentDB/databaseAccounts": ("minimalTlsVersion", "Tls12"),
    STORAGE: ("minimumTlsVersion", "TLS1_2"),
}


def stray(resources: list[Resource], name: str, value: object) -> list[str]:
    """Return the names of those whose property is not so."""
    assert resources
    return [one["name"] for one in resources if one["properties"].get(name) != value]


@pytest.mark.parametrize("kind", OFF_BY)
def test_nobody_is_let_in_by_a_key(prediction: Prediction, kind: str) -> None:
    assert not stray(prediction.all(kind), *OFF_BY[kind])


def test_the_workspace_takes_no_logs_by_a_key(prediction: Prediction) -> None:
    features = prediction.one("Microsoft.OperationalInsights/workspaces")["properties"]["features"]
    assert features["disableLocalAuth"] is True


def test_nobody_publishes_by_a_password(prediction: Prediction) -> None:
    policies = prediction.all("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert {one["name"].rsplit("/", 1)[-1]: one["properties"]["allow"] for one in policies} == {
        "ftp": False,
        "scm": False,
    }


def test_keys_of_cosmos_db_change_no_metadata(prediction: Prediction) -> None:
    assert not stray(
        prediction.all("Microsoft.DocumentDB/databaseAccounts"), "disableKeyBasedMetadataWriteAccess", True
    )


@pytest.mark.parametrize("kind", TLS_BY)
def test_no_older_tls_than_1_2(prediction: Prediction, kind: str) -> None:
    assert not stray(prediction.all(kind), *TLS_BY[kind])


def test_the_app_answers_over_https_and_tls_1_2_alone(prediction: Prediction) -> None:
    properties = prediction.one("Microsoft.Web/sites")["properties"]
    assert properties["httpsOnly"] is True
    assert properties["siteConfig"]["minTlsVersion"] == "1.2"


def test_storage_answers_over_https_alone(prediction: Prediction) -> None:
    assert not stray(prediction.all(STORAGE), "supportsHttpsTrafficOnly", True)


def test_no_account_lets_a_blob_be_public(prediction: Prediction) -> None:
    assert not stray(prediction.all(STORAGE), "allowBlobPublicAccess", False)


def test_no_container_is_public(prediction: Prediction) -> None:
    assert not stray(prediction.all(f"{STORAGE}/blobServices/containers"), "publicAccess", "None")


def test_nothing_is_copied_to_another_tenant(prediction: Prediction) -> None:
    assert not stray(prediction.all(STORAGE), "allowCrossTenantReplication", False)


def test_the_host_and_the_data_have_an_account_each(prediction: Prediction) -> None:
    host, data = (prediction.one(STORAGE, name)["name"] for name in (names(prediction)))
    assert host != data
    assert prediction.settings["AzureWebJobsStorage__accountName"] == host
    assert data in prediction.settings["DATA_STORAGE__blobServiceUri"]
    assert data in prediction.settings["DATA_STORAGE__queueServiceUri"]


def names(prediction: Prediction) -> tuple[str, str]:
    """Return the names of the host's account and of that of the data."""
    data = prediction.outputs["dataStorageName"]
    (host,) = {one["name"] for one in prediction.all(STORAGE)} - {data}
    return host, data


def test_tokens_are_taken_from_this_tenant_alone(prediction: Prediction) -> None:
    tenant = "11111111-1111-1111-1111-111111111111"
    for name in ("TOKEN_ISSUER", "TOKEN_KEYS_URL"):
        assert tenant in prediction.settings[name]
        assert "loginEndpoint" in prediction.settings[name] or "login.microsoftonline.com" in prediction.settings[name]


def test_robots_at_addresses_that_are_not_public_are_never_called(prediction: Prediction) -> None:
    assert prediction.settings["ROBOT_ADDRESSES_UNRESTRICTED"] == "false"
