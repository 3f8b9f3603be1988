"""The app and its plan, as Flex Consumption takes them."""

from tests.infra.reading import Prediction, Resource, predicted, strings, text

SITE = "Microsoft.Web/sites"
# What Flex takes of it; the others are refused in some regions.
SITE_CONFIG = {"minTlsVersion", "http20Enabled", "appSettings"}


def config(prediction: Prediction) -> Resource:
    found: Resource = prediction.one(SITE)["properties"]["functionAppConfig"]
    return found


def test_the_plan_is_flex_consumption_on_linux(prediction: Prediction) -> None:
    plan = prediction.one("Microsoft.Web/serverfarms")
    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert plan["properties"]["reserved"] is True
    assert prediction.one(SITE)["kind"] == "functionapp,linux"
    assert prediction.one(SITE)["properties"]["serverFarmId"] == plan["id"]


def test_the_app_runs_on_python_3_13(prediction: Prediction) -> None:
    assert config(prediction)["runtime"] == {"name": "python", "version": "3.13"}


def test_the_site_is_configured_by_what_flex_takes_and_nothing_else(prediction: Prediction) -> None:
    assert set(prediction.one(SITE)["properties"]["siteConfig"]) == SITE_CONFIG


def test_an_instance_answers_many_http_requests_at_once(prediction: Prediction) -> None:
    # Unless it is said, an instance with Python takes one.
    assert 2 <= config(prediction)["scaleAndConcurrency"]["triggers"]["http"]["perInstanceConcurrency"] <= 100


def test_instances_are_of_a_size_and_number_that_flex_has(prediction: Prediction) -> None:
    scale = config(prediction)["scaleAndConcurrency"]
    assert scale["instanceMemoryMB"] in {512, 2048, 4096}
    assert 40 <= scale["maximumInstanceCount"] <= 1000


def test_in_prod_two_instances_are_always_ready_for_http_and_two_for_blob_events() -> None:
    ready = config(predicted("prod"))["scaleAndConcurrency"]["alwaysReady"]
    assert ready == [{"name": "blob", "instanceCount": 2}, {"name": "http", "instanceCount": 2}]


def test_in_dev_nothing_runs_while_nobody_uses_it() -> None:
    assert config(predicted("dev"))["scaleAndConcurrency"]["alwaysReady"] == []


def test_the_package_is_read_from_the_host_s_account_by_the_app_s_identity(prediction: Prediction) -> None:
    storage = config(prediction)["deployment"]["storage"]
    (identity,) = prediction.one(SITE)["identity"]["userAssignedIdentities"]
    assert storage["type"] == "blobContainer"
    assert storage["authentication"] == {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": identity}
    host = prediction.settings["AzureWebJobsStorage__accountName"]
    assert host in storage["value"]
    assert "/packages" in storage["value"]


def test_running_instances_end_their_work_before_an_update_only_where_that_is_asked_for(prediction: Prediction) -> None:
    assert "siteUpdateStrategy" not in config(prediction)
    assert config(predicted("options"))["siteUpdateStrategy"] == {"type": "RollingUpdate"}


def test_what_is_offered_over_zones_is_spread_over_them_in_prod_alone() -> None:
    assert (spread(predicted("dev")), spread(predicted("prod"))) == ({False}, {True})


def spread(prediction: Prediction) -> set[bool]:
    """Say which of plan, database and storage are spread over zones."""
    (place,) = prediction.one("Microsoft.DocumentDB/databaseAccounts")["properties"]["locations"]
    accounts = prediction.all("Microsoft.Storage/storageAccounts")
    return {
        prediction.one("Microsoft.Web/serverfarms")["properties"]["zoneRedundant"],
        place["isZoneRedundant"],
        *(one["sku"]["name"] == "Standard_ZRS" for one in accounts),
    }


def test_the_roles_are_there_before_the_app(prediction: Prediction) -> None:
    """Without them it does not start and nobody can publish to it."""
    kinds = [one["type"] for one in prediction.resources]
    assert max(i for i, kind in enumerate(kinds) if kind.endswith("oleAssignments")) < kinds.index(SITE)
    assert "dependsOn: [access]" in text("main.bicep")


def test_everything_is_in_one_region(prediction: Prediction) -> None:
    assert {one["location"] for one in prediction.resources if "location" in one} == {"westeurope", "global"}


def test_each_environment_has_names_of_its_own() -> None:
    names = [
        {value for _, value in strings(predicted(one).outputs) if not value.startswith("[")} for one in ("dev", "prod")
    ]
    assert names[0] & names[1] == {"robot-master-key"}
