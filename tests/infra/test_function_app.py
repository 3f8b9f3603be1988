"""The function app and its plan have values that Flex Consumption accepts."""

from tests.infra.reading import Prediction, Resource, predicted, strings, text

SITE = "Microsoft.Web/sites"
# Flex Consumption refuses other properties in some regions.
SITE_CONFIG = {"minTlsVersion", "http20Enabled", "appSettings"}


def config(prediction: Prediction) -> Resource:
    found: Resource = prediction.only(SITE)["properties"]["functionAppConfig"]
    return found


def test_the_plan_is_flex_consumption_on_linux(prediction: Prediction) -> None:
    plan = prediction.only("Microsoft.Web/serverfarms")
    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert plan["properties"]["reserved"] is True
    assert prediction.only(SITE)["kind"] == "functionapp,linux"
    assert prediction.only(SITE)["properties"]["serverFarmId"] == plan["id"]


def test_the_app_runs_on_python_3_13(prediction: Prediction) -> None:
    assert config(prediction)["runtime"] == {"name": "python", "version": "3.13"}


def test_the_site_config_has_only_properties_that_flex_consumption_accepts(prediction: Prediction) -> None:
    assert set(prediction.only(SITE)["properties"]["siteConfig"]) == SITE_CONFIG


def test_an_instance_serves_several_http_requests_at_the_same_time(prediction: Prediction) -> None:
    # The default for Python is one request per instance.
    assert 2 <= config(prediction)["scaleAndConcurrency"]["triggers"]["http"]["perInstanceConcurrency"] <= 100


def test_the_size_and_number_of_instances_are_within_the_limits_of_flex_consumption(prediction: Prediction) -> None:
    scale = config(prediction)["scaleAndConcurrency"]
    assert scale["instanceMemoryMB"] in {512, 2048, 4096}
    assert 40 <= scale["maximumInstanceCount"] <= 1000


def test_prod_has_two_always_ready_instances_for_http_and_two_for_blob_events() -> None:
    ready = config(predicted("prod"))["scaleAndConcurrency"]["alwaysReady"]
    assert ready == [{"name": "blob", "instanceCount": 2}, {"name": "http", "instanceCount": 2}]


def test_dev_has_no_always_ready_instances() -> None:
    assert config(predicted("dev"))["scaleAndConcurrency"]["alwaysReady"] == []


def test_the_package_is_read_from_the_host_storage_account_with_the_managed_identity(prediction: Prediction) -> None:
    storage = config(prediction)["deployment"]["storage"]
    (identity,) = prediction.only(SITE)["identity"]["userAssignedIdentities"]
    assert storage["type"] == "blobContainer"
    assert storage["authentication"] == {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": identity}
    host = prediction.settings["AzureWebJobsStorage__accountName"]
    assert host in storage["value"]
    assert "/packages" in storage["value"]


def test_a_rolling_update_is_used_only_if_the_parameter_asks_for_it(prediction: Prediction) -> None:
    assert "siteUpdateStrategy" not in config(prediction)
    assert config(predicted("options"))["siteUpdateStrategy"] == {"type": "RollingUpdate"}


def test_only_prod_is_spread_over_availability_zones() -> None:
    assert (spread(predicted("dev")), spread(predicted("prod"))) == ({False}, {True})


def spread(prediction: Prediction) -> set[bool]:
    """Return whether plan, database and storage are spread over zones: one value if they agree."""
    (location,) = prediction.only("Microsoft.DocumentDB/databaseAccounts")["properties"]["locations"]
    accounts = prediction.all("Microsoft.Storage/storageAccounts")
    return {
        prediction.only("Microsoft.Web/serverfarms")["properties"]["zoneRedundant"],
        location["isZoneRedundant"],
        *(account["sku"]["name"] == "Standard_ZRS" for account in accounts),
    }


def test_the_roles_are_assigned_before_the_app_is_created(prediction: Prediction) -> None:
    """Without its roles the app does not start, and publishing is refused."""
    kinds = [resource["type"] for resource in prediction.resources]
    assert max(i for i, kind in enumerate(kinds) if kind.endswith("oleAssignments")) < kinds.index(SITE)
    assert "dependsOn: [roles]" in text("main.bicep")


def test_everything_is_in_one_region(prediction: Prediction) -> None:
    assert {resource["location"] for resource in prediction.resources if "location" in resource} == {
        "westeurope",
        "global",
    }


def test_the_environments_share_no_resource_names() -> None:
    names = [
        {value for _, value in strings(predicted(environment).outputs) if not value.startswith("[")}
        for environment in ("dev", "prod")
    ]
    assert names[0] & names[1] == {"robot-master-key"}
