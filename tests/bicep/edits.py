"""Wrong edits of the Bicep files, each with what must catch it: a test in tests/infra, or the compiler."""

from dataclasses import dataclass

THE_COMPILER = "the compiler"


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement in a file, and the name of the test that must fail."""

    description: str
    file: str
    old: str
    new: str
    caught_by: str


EDITS = (
    Edit(
        "misspelt property",
        "modules/service-bus.bicep",
        "deadLetteringOnMessageExpiration",
        "deadLetterOnMessageExpiration",
        THE_COMPILER,
    ),
    Edit("unknown value", "modules/storage-account.bicep", "'Hot'", "'Hottest'", THE_COMPILER),
    Edit("old TLS version", "modules/storage-account.bicep", "'TLS1_2'", "'TLS1_0'", "test_tls_before_1_2_is_refused"),
    Edit(
        "unused parameter",
        "modules/vault.bicep",
        "param workspaceId string",
        "param workspaceId string\nparam extra string = ''",
        THE_COMPILER,
    ),
    Edit("parameter that is not passed on", "main.bicep", "    tokenAudience: tokenAudience\n", "", THE_COMPILER),
    Edit(
        "shared keys of storage accounts",
        "modules/storage-account.bicep",
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "test_access_by_key_is_disabled",
    ),
    Edit(
        "keys of Cosmos DB",
        "modules/cosmos.bicep",
        "disableLocalAuth: true",
        "disableLocalAuth: false",
        "test_access_by_key_is_disabled",
    ),
    Edit(
        "logs accepted by key",
        "modules/monitoring.bicep",
        "features: { disableLocalAuth: true, ",
        "features: { ",
        "test_the_workspace_accepts_no_logs_by_key",
    ),
    Edit(
        "public container",
        "modules/storage-account.bicep",
        "publicAccess: 'None'",
        "publicAccess: 'Blob'",
        "test_no_container_is_public",
    ),
    Edit(
        "connection by key",
        "modules/function-app.bicep",
        "  AZURE_CLIENT_ID: clientId",
        "  AZURE_CLIENT_ID: clientId\n  SERVICE_BUS: 'Endpoint=sb://${names.serviceBus}'",
        "test_no_setting_with_a_key_is_set",
    ),
    Edit(
        "key in an output",
        "modules/storage-account.bicep",
        "output id string = account.id",
        "output id string = account.listKeys().keys[0].value",
        THE_COMPILER,
    ),
    Edit(
        "setting that nothing reads",
        "modules/function-app.bicep",
        "  AZURE_CLIENT_ID: clientId",
        "  AZURE_CLIENT_ID: clientId\n  COSMOS_REGION: location",
        "test_every_app_setting_is_read_by_the_code_or_by_a_known_reader",
    ),
    Edit(
        "required setting that is not set",
        "tunables.json",
        '  "SWEEP_SCHEDULE": "0 * * * * *"\n',
        "",
        "test_every_setting_without_a_default_is_set",
    ),
    Edit(
        "tunable that equals the default",
        "tunables.json",
        '  "SWEEP_SCHEDULE"',
        '  "CALLBACK_WAIT_S": "900",\n  "SWEEP_SCHEDULE"',
        "test_tunables_json_has_only_values_that_differ_from_the_default",
    ),
    Edit(
        "unknown tunable",
        "options.bicepparam",
        "OPEN_BATCHES_LIMIT: '7'",
        "OPEN_BATCH_LIMIT: '7'",
        THE_COMPILER,
    ),
    Edit(
        "tunables with any name",
        "modules/tunables.bicep",
        "@sealed()\n",
        "",
        "test_only_known_names_are_accepted_as_tunables",
    ),
    Edit(
        "alert with another silence limit than the code",
        "modules/log-alerts.bicep",
        "'86400'",
        "'8640'",
        "test_a_batch_is_overdue_two_hours_after_the_silence_limit",
    ),
    Edit(
        "alert after references that no robot fetched have failed",
        "modules/log-alerts.bicep",
        "fetchLimitS / 7",
        "fetchLimitS * 7",
        "test_a_robot_is_reported_long_before_its_references_fail",
    ),
    Edit(
        "setting that Flex Consumption refuses",
        "modules/function-app.bicep",
        "  AZURE_CLIENT_ID: clientId",
        "  AZURE_CLIENT_ID: clientId\n  FUNCTIONS_WORKER_RUNTIME: 'python'",
        "test_no_setting_that_flex_consumption_refuses_is_set",
    ),
    Edit(
        "name of a logger that is not ours",
        "modules/function-app.bicep",
        "LOGGER_NAME: 'exchange'",
        "LOGGER_NAME: 'functions'",
        "test_every_logger_of_the_code_is_sent_to_application_insights",
    ),
    Edit(
        "siteConfig property that Flex Consumption refuses",
        "modules/function-app.bicep",
        "      http20Enabled: true",
        "      http20Enabled: true\n      ftpsState: 'Disabled'",
        "test_the_site_config_has_only_properties_that_flex_consumption_accepts",
    ),
    Edit(
        "another Python version", "modules/function-app.bicep", "'3.13'", "'3.12'", "test_the_app_runs_on_python_3_13"
    ),
    Edit(
        "one HTTP request per instance",
        "modules/function-app.bicep",
        "    triggers: { http: { perInstanceConcurrency: scale.httpPerInstanceConcurrency } }\n",
        "",
        "test_an_instance_serves_several_http_requests_at_the_same_time",
    ),
    Edit(
        "event filter without its last slash",
        "events.bicep",
        "/containers/results/'",
        "/containers/results'",
        "test_only_blobs_created_in_results_are_delivered",
    ),
    Edit(
        "webhook of an unknown function",
        "events.bicep",
        "Host.Functions.validate",
        "Host.Functions.validated",
        "test_the_webhook_calls_the_function_with_the_blob_trigger",
    ),
    Edit(
        "host name that is not read from the app",
        "events.bicep",
        "https://${app.properties.defaultHostName}",
        "https://${app.name}.azurewebsites.net",
        "test_the_host_name_is_read_from_the_app",
    ),
    Edit(
        "dead letters without the identity of the topic",
        "events.bicep",
        "identity: { type: 'SystemAssigned' }",
        "identity: { type: 'UserAssigned' }",
        "test_an_undeliverable_event_is_written_to_dead_letters_with_the_identity_of_the_topic",
    ),
    Edit(
        "queue with another name",
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
        "test_the_partition_and_unique_keys_of_containers_are_unchanged",
    ),
    Edit(
        "queried path that is not indexed",
        "topology.json",
        '"/kind/?", "/reference_id/?", ',
        '"/kind/?", ',
        "test_exactly_the_queried_paths_are_indexed",
    ),
    Edit(
        "names of robots that are not unique",
        "topology.json",
        '"uniqueKeys": ["/name"]',
        '"uniqueKeys": []',
        "test_the_partition_and_unique_keys_of_containers_are_unchanged",
    ),
    Edit(
        "duplicate detection of messages",
        "modules/service-bus.bicep",
        "requiresDuplicateDetection: false",
        "requiresDuplicateDetection: true",
        "test_the_immutable_options_of_queues_are_unchanged",
    ),
    Edit(
        "lock duration above the maximum",
        "topology.json",
        '"dispatch", "lockDurationSeconds": 60',
        '"dispatch", "lockDurationSeconds": 600',
        "test_the_lock_duration_is_within_the_limits_of_service_bus",
    ),
    Edit(
        "weaker consistency",
        "modules/cosmos.bicep",
        "'Strong'",
        "'Session'",
        "test_the_database_is_strongly_consistent_in_one_region",
    ),
    Edit(
        "role for the whole storage account",
        "modules/storage-roles.bicep",
        "    scope: dataContainers[i]",
        "    scope: data",
        "test_the_app_and_the_topic_have_the_same_roles_in_every_environment",
    ),
    Edit(
        "wider role",
        "modules/storage-roles.bicep",
        "role['Storage Blob Delegator']",
        "role['Storage Blob Data Owner']",
        "test_the_table_lists_each_role_assignment_once",
    ),
    Edit(
        "role for all databases",
        "modules/service-roles.bicep",
        "scope: '${cosmos.id}/dbs/${database}'",
        "scope: cosmos.id",
        "test_database_roles_are_assigned_for_the_database_and_not_for_the_account",
    ),
    Edit(
        "disabled alert",
        "modules/metric-alerts.bicep",
        "enabled: true",
        "enabled: false",
        "test_each_alert_is_enabled_and_notifies_the_action_group",
    ),
    Edit(
        "unknown metric",
        "modules/robot-alerts.bicep",
        "exchange.robot.failures",
        "exchange.robots.failing",
        "test_alerts_and_workbook_name_only_metrics_of_the_code",
    ),
    Edit(
        "alert without a section in the runbook",
        "modules/robot-alerts.bicep",
        "name: 'robot-failing'",
        "name: 'robot-broken'",
        "test_each_alert_has_a_section_in_the_runbook",
    ),
    Edit(
        "service without logs",
        "modules/vault.bicep",
        "  scope: vault\n",
        "",
        "test_every_resource_with_logs_sends_them_to_the_workspace",
    ),
    Edit(
        "manifests that expire before their batch",
        "modules/data-storage.bicep",
        "retention.filesDays + 7",
        "retention.filesDays",
        "test_the_manifest_of_a_batch_is_kept_longer_than_its_item",
    ),
    Edit(
        "vault that can be purged",
        "modules/vault.bicep",
        "    enablePurgeProtection: true\n",
        "",
        "test_the_key_vault_cannot_be_purged",
    ),
    Edit(
        "always ready instance in dev",
        "dev.bicepparam",
        "alwaysReadyInstances: 0",
        "alwaysReadyInstances: 1",
        "test_an_idle_month_costs_less_than_the_ceiling",
    ),
    Edit(
        "more throughput in prod",
        "prod.bicepparam",
        "referencesMaxRU = 10000",
        "referencesMaxRU = 20000",
        "test_an_idle_month_costs_less_than_the_ceiling",
    ),
    Edit(
        "prod in one zone",
        "prod.bicepparam",
        "zoneRedundant = true",
        "zoneRedundant = false",
        "test_only_prod_is_spread_over_availability_zones",
    ),
    Edit(
        "parameter without a description",
        "main.bicep",
        "@description('How long data is kept, and how much is logged.')\n",
        "",
        "test_each_parameter_has_a_description",
    ),
    Edit(
        "module parameter without a description",
        "modules/vault.bicep",
        "@description('Name of the vault.')\n",
        "",
        "test_each_parameter_of_a_module_has_a_description",
    ),
)
