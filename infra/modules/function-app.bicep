// The function app on a Flex Consumption plan, with every app setting that the code, the host and libraries read.

import { Names, Scale } from 'types.bicep'
import { Tunables } from 'tunables.bicep'

@description('Names of all resources.')
param names Names
@description('Region of the resources.')
param location string
@description('Whether the plan is spread over availability zones.')
param zoneRedundant bool
@description('Size and number of the app\'s instances.')
param scale Scale
@description('How an update replaces running instances.')
param updateStrategy 'Recreate' | 'RollingUpdate'
@description('Settings of the app that differ from the default.')
param tunables Tunables
@description('Client id of the Entra application that access tokens are issued for, or empty.')
param tokenAudience string
@description('Client id with which users of the web console sign in. If it is empty, the console is off.')
param consoleClientId string
@description('The Log Analytics workspace that receives logs and metrics.')
param workspaceId string

var topology = loadJsonContent('../topology.json')
var storageSuffix = environment().suffixes.storage
var directory = '${environment().authentication.loginEndpoint}${tenant().tenantId}'
var vaultUri = 'https://${names.vault}${environment().suffixes.keyvaultDns}'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: names.identity
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: names.insights
}

var clientId = identity.properties.clientId

var appSettings = {
  // Connections: the host and our code authenticate with the managed identity.
  AzureWebJobsStorage__accountName: names.hostStorage
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
  DATA_STORAGE__blobServiceUri: 'https://${names.dataStorage}.blob.${storageSuffix}'
  DATA_STORAGE__queueServiceUri: 'https://${names.dataStorage}.queue.${storageSuffix}'
  DATA_STORAGE__credential: 'managedidentity'
  DATA_STORAGE__clientId: clientId
  SERVICE_BUS__fullyQualifiedNamespace: '${names.serviceBus}.servicebus.windows.net'
  SERVICE_BUS__credential: 'managedidentity'
  SERVICE_BUS__clientId: clientId
  COSMOS_ENDPOINT: 'https://${names.cosmos}.documents.azure.com:443/'
  COSMOS_DATABASE: topology.cosmos.database
  DISPATCH_QUEUE: topology.queues[0].name
  IMPORT_QUEUE: topology.queues[1].name
  NOTIFY_QUEUE: topology.queues[2].name
  AZURE_CLIENT_ID: clientId
  // Secrets and tokens.
  ROBOT_MASTER_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}/secrets/${names.masterKey})'
  TOKEN_ISSUER: '${directory}/v2.0'
  TOKEN_AUDIENCE: tokenAudience
  TOKEN_KEYS_URL: '${directory}/discovery/v2.0/keys'
  CONSOLE_CLIENT_ID: consoleClientId
  // Telemetry.
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
  // The worker sets up OpenTelemetry. It sends the records of one logger and its children: our code's, not the SDKs'.
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'exchange'
  // By default the worker keeps five spans a second, from any trace. The trace of a busy batch would have gaps.
  OTEL_TRACES_SAMPLER: 'always_on'
  // Our own spans show where time is spent. A span for each SDK request would cost more than the request.
  OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3'
}

var config = {
  runtime: { name: 'python', version: '3.13' }
  deployment: {
    storage: {
      type: 'blobContainer'
      value: 'https://${names.hostStorage}.blob.${storageSuffix}/packages'
      authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
    }
  }
  scaleAndConcurrency: {
    instanceMemoryMB: scale.instanceMemoryMB
    maximumInstanceCount: scale.maximumInstanceCount
    alwaysReady: scale.alwaysReadyInstances == 0
      ? []
      : map(['blob', 'http'], group => { name: group, instanceCount: scale.alwaysReadyInstances })
    triggers: { http: { perInstanceConcurrency: scale.httpPerInstanceConcurrency } }
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: '${names.functionApp}-plan'
  location: location
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: names.functionApp
  location: location
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identity.id
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      appSettings: map(items(union(tunables, appSettings)), setting => { name: setting.key, value: setting.value })
    }
    // siteUpdateStrategy is in preview, and Bicep's types do not have it yet.
    functionAppConfig: union(
      config,
      updateStrategy == 'Recreate' ? {} : { siteUpdateStrategy: { type: updateStrategy } }
    )
  }
}

// Publishing requires a token of Entra. Passwords are disabled.
resource ftpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    // OpenTelemetry sends the app's logs. This category would store them a second time.
    logs: [{ category: 'FunctionAppLogs', enabled: false }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output url string = 'https://${app.properties.defaultHostName}'
