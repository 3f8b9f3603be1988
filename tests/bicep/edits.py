"""Edits of the Bicep files that must not go out, each with what catches it: a test of tests/infra, or the compiler."""

from dataclasses import dataclass

THE_COMPILER = "the compiler"


@dataclass(frozen=True, slots=True)
class Edit:
    """What is changed in which file, and the test that fails by it."""

    said: str
    file: str
    old: str
    new: str
    caught_by: str


EDITS = (
    Edit(
        "a misspelt property",
        "modules/service-bus.bicep",
        "deadLetteringOnMessageExpiration",
        "deadLetterOnMessageExpiration",
        THE_COMPILER,
    ),
    Edit("a value that there is not", "modules/storage-account.bicep", "'Hot'", "'Hottest'", THE_COMPILER),
    Edit("an old TLS", "modules/storage-account.bicep", "'TLS1_2'", "'TLS1_0'", "test_no_older_tls_than_1_2"),
    Edit(
        "a parameter that nothing uses",
        "modules/vault.bicep",
        "param place Place",
        "param place Place\nparam extra string = ''",
        THE_COMPILER,
    ),
    Edit("a parameter that is not handed down", "main.bicep", "    tokenAudience: tokenAudience\n", "", THE_COMPILER),
    Edit(
        "shared keys of the storage accounts",
        "modules/storage-account.bicep",
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "test_nobody_is_let_in_by_a_key",
    ),
    Edit(
        "keys of Cosmos DB",
        "modules/cosmos.bicep",
        "disableLocalAuth: true",
        "disableLocalAuth: false",
        "test_nobody_is_let_in_by_a_key",
    ),
    Edit(
        "logs taken by a key",
        "modules/monitoring.bicep",
        "features: { disableLocalAuth: true, ",
        "features: { ",
        "test_the_workspace_takes_no_logs_by_a_key",
    ),
    Edit(
        "a public container",
        "modules/storage-account.bicep",
        "publicAccess: 'None'",
        "publicAccess: 'Blob'",
        "test_no_container_is_public",
    ),
    Edit(
        "a connection by key",
        "modules/function-app.bicep",
        "  COSMOS_DATABASE: database",
        "  COSMOS_DATABASE: database\n  SERVICE_BUS: 'Endpoint=sb://${place.names.serviceBus}'",
        "test_no_setting_that_holds_a_key_is_set",
    ),
    Edit(
        "a key in an output",
        "modules/storage-account.bicep",
        "output id string = account.id",
        "output id string = account.listKeys().keys[0].value",
        THE_COMPILER,
    ),
    Edit(
        "a setting that nobody reads",
        "modules/function-app.bicep",
        "  COSMOS_DATABASE: database",
        "  COSMOS_DATABASE: database\n  COSMOS_REGION: place.location",
        "test_every_setting_that_is_set_is_read_by_the_code_or_by_somebody_we_know",
    ),
    Edit(
        "a setting that is not set",
        "tunables.json",
        '  "PROGRESS_ATTEMPTS": "10",\n',
        "",
        "test_every_setting_that_the_code_reads_is_set",
    ),
    Edit(
        "a deadline that is not the code's",
        "tunables.json",
        '"CALLBACK_WAIT_S": "900"',
        '"CALLBACK_WAIT_S": "90"',
        "test_the_settings_that_are_the_same_everywhere_are_the_code_s_own",
    ),
    Edit(
        "a setting that Flex Consumption refuses",
        "modules/function-app.bicep",
        "  COSMOS_DATABASE: database",
        "  COSMOS_DATABASE: database\n  FUNCTIONS_WORKER_RUNTIME: 'python'",
        "test_no_setting_is_set_that_flex_consumption_refuses",
    ),
    Edit(
        "a part of siteConfig that Flex Consumption refuses",
        "modules/function-app.bicep",
        "      http20Enabled: true",
        "      http20Enabled: true\n      ftpsState: 'Disabled'",
        "test_the_site_is_configured_by_what_flex_takes_and_nothing_else",
    ),
    Edit("another Python", "modules/function-app.bicep", "'3.13'", "'3.12'", "test_the_app_runs_on_python_3_13"),
    Edit(
        "one HTTP request at a time",
        "modules/function-app.bicep",
        "    triggers: { http: { perInstanceConcurrency: scale.httpPerInstance } }\n",
        "",
        "test_an_instance_answers_many_http_requests_at_once",
    ),
    Edit(
        "a filter without its last slash",
        "events.bicep",
        "/containers/results/'",
        "/containers/results'",
        "test_events_are_those_of_uploads_to_results",
    ),
    Edit(
        "a webhook of a function that there is not",
        "events.bicep",
        "Host.Functions.validate",
        "Host.Functions.validated",
        "test_the_webhook_s_function_is_the_one_that_blob_events_run",
    ),
    Edit(
        "a host name that is built",
        "events.bicep",
        "https://${app.properties.defaultHostName}",
        "https://${app.name}.azurewebsites.net",
        "test_the_host_s_name_is_read_and_not_built",
    ),
    Edit(
        "dead events that are written by key",
        "events.bicep",
        "identity: { type: 'SystemAssigned' }",
        "identity: { type: 'UserAssigned' }",
        "test_an_event_that_can_t_be_delivered_is_kept_by_the_topic_s_identity",
    ),
    Edit(
        "a queue of another name",
        "topology.json",
        '"name": "import"',
        '"name": "imports"',
        "test_the_queues_are_those_of_the_local_stack",
    ),
    Edit(
        "another partition key",
        "topology.json",
        '"partitionKey": "/bucket"',
        '"partitionKey": "/id"',
        "test_what_is_fixed_when_a_container_is_made_is_as_it_was",
    ),
    Edit(
        "a path that is queried and not indexed",
        "topology.json",
        '"/kind/?", "/reference_id/?", ',
        '"/kind/?", ',
        "test_what_is_queried_is_indexed_and_nothing_else",
    ),
    Edit(
        "names of robots that are not unique",
        "topology.json",
        '"uniqueKeys": ["/name"]',
        '"uniqueKeys": []',
        "test_what_is_fixed_when_a_container_is_made_is_as_it_was",
    ),
    Edit(
        "orders that are dropped as duplicates",
        "modules/service-bus.bicep",
        "requiresDuplicateDetection: false",
        "requiresDuplicateDetection: true",
        "test_what_is_fixed_when_a_queue_is_made_is_as_it_was",
    ),
    Edit(
        "a lock that is longer than there is",
        "topology.json",
        '"dispatch", "lockDurationSeconds": 60',
        '"dispatch", "lockDurationSeconds": 600',
        "test_a_lock_is_one_that_service_bus_takes_and_lasts_until_it_is_renewed",
    ),
    Edit(
        "weaker reads",
        "modules/cosmos.bicep",
        "'Strong'",
        "'Session'",
        "test_reads_see_every_write_from_any_instance",
    ),
    Edit(
        "a role for the whole account of the data",
        "modules/storage-roles.bicep",
        "    scope: dataContainers[i]",
        "    scope: data",
        "test_the_app_and_the_topic_have_the_same_roles_everywhere",
    ),
    Edit(
        "a wider role",
        "modules/storage-roles.bicep",
        "role['Storage Blob Data Reader']",
        "role['Storage Blob Data Owner']",
        "test_each_role_that_is_given_stands_in_the_table_once",
    ),
    Edit(
        "a role in all databases",
        "modules/roles.bicep",
        "scope: '${cosmos.id}/dbs/${database}'",
        "scope: cosmos.id",
        "test_roles_in_the_database_are_given_for_it_and_not_for_the_account",
    ),
    Edit(
        "an alert that is off",
        "modules/metric-alerts.bicep",
        "enabled: true",
        "enabled: false",
        "test_each_alert_is_on_and_tells_somebody",
    ),
    Edit(
        "a metric that nobody makes",
        "modules/log-alerts.bicep",
        "exchange.robot.failures",
        "exchange.robots.failing",
        "test_alerts_and_workbook_name_only_metrics_that_the_code_makes",
    ),
    Edit(
        "an alert that no paragraph is on",
        "modules/log-alerts.bicep",
        "name: 'robot-failing'",
        "name: 'robot-broken'",
        "test_each_alert_has_a_paragraph_that_says_what_to_do",
    ),
    Edit(
        "a service that tells nothing",
        "modules/vault.bicep",
        "  scope: vault\n",
        "",
        "test_everything_that_can_tell_of_itself_tells_the_workspace",
    ),
    Edit(
        "manifests that are gone before their batch",
        "modules/data-storage.bicep",
        "kept.filesDays + 7",
        "kept.filesDays",
        "test_the_manifest_of_a_batch_outlives_its_item",
    ),
    Edit(
        "a vault that can be purged",
        "modules/vault.bicep",
        "    enablePurgeProtection: true\n",
        "",
        "test_nobody_can_destroy_the_master_key_for_good",
    ),
    Edit(
        "an instance that is always there in dev",
        "dev.bicepparam",
        "alwaysReady: 0",
        "alwaysReady: 1",
        "test_an_idle_month_stays_under_the_ceiling",
    ),
    Edit(
        "a larger database in prod",
        "prod.bicepparam",
        "referencesMaxRU = 10000",
        "referencesMaxRU = 20000",
        "test_an_idle_month_stays_under_the_ceiling",
    ),
    Edit(
        "prod in one zone",
        "prod.bicepparam",
        "zoneRedundant = true",
        "zoneRedundant = false",
        "test_what_is_offered_over_zones_is_spread_over_them_in_prod_alone",
    ),
    Edit(
        "a parameter without a description",
        "main.bicep",
        "@description('How long things are kept, and how much of them.')\n",
        "",
        "test_each_parameter_has_a_description",
    ),
)
