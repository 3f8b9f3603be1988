// The app: one Flex Consumption plan, one function app, and every setting that the code and the host read.

import { Place, Scale, Settings } from 'types.bicep'

param place Place
param scale Scale
@allowed(['Recreate', 'RollingUpdate'])
param updateStrategy string
@description('The app\'s own settings that are the same everywhere, by name.')
param settings Settings
param database string
param queues string[]
param tokenAudience string
param workspaceId string

var storageSuffix = environment().suffixes.storage
var signIn = environment().authentication.loginEndpoint
var tenantId = tenant().tenantId
var vaultUri = 'https://${place.names.vault}${environment().suffixes.keyvaultDns}'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: place.names.identity
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: place.names.insights
}

// How the host's connections show who they are.
var byIdentity = {
  credential: 'managedidentity'
  clientId: identity.properties.clientId
}

var connections = {
  AzureWebJobsStorage__accountName: place.names.hostStorage
  AzureWebJobsStorage__credential: byIdentity.credential
  AzureWebJobsStorage__clientId: byIdentity.clientId
  DATA_STORAGE__blobServiceUri: 'https://${place.names.dataStorage}.blob.${storageSuffix}'
  DATA_STORAGE__queueServiceUri: 'https://${place.names.dataStorage}.queue.${storageSuffix}'
  DATA_STORAGE__credential: byIdentity.credential
  DATA_STORAGE__clientId: byIdentity.clientId
  SERVICE_BUS__fullyQualifiedNamespace: '${place.names.serviceBus}.servicebus.windows.net'
  SERVICE_BUS__credential: byIdentity.credential
  SERVICE_BUS__clientId: byIdentity.clientId
  COSMOS_ENDPOINT: 'https://${place.names.cosmos}.documents.azure.com:443/'
  COSMOS_DATABASE: database
  DISPATCH_QUEUE: queues[0]
  IMPORT_QUEUE: queues[1]
  AZURE_CLIENT_ID: byIdentity.clientId
}

var trust = {
  ROBOT_MASTER_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}/secrets/${place.names.masterKey})'
  TOKEN_ISSUER: '${signIn}${tenantId}/v2.0'
  TOKEN_AUDIENCE: tokenAudience
  TOKEN_KEYS_URL: '${signIn}${tenantId}/discovery/v2.0/keys'
}

var telemetry = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${byIdentity.clientId};Authorization=AAD'
  // The worker sets up OpenTelemetry. Of logs it takes ours: the SDKs' would flood it.
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'functions'
  // By default the worker keeps five spans a second, whatever trace they are of: a busy batch's would have holes.
  OTEL_TRACES_SAMPLER: 'always_on'
  // Our own spans say where time goes; one for each request of an SDK would cost more than the work.
  OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3'
}

var config = {
  runtime: { name: 'python', version: '3.13' }
  deployment: {
    storage: {
      type: 'blobContainer'
      value: 'https://${place.names.hostStorage}.blob.${storageSuffix}/packages'
      authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
    }
  }
  scaleAndConcurrency: {
    instanceMemoryMB: scale.instanceMemoryMB
    maximumInstanceCount: scale.maximumInstances
    alwaysReady: scale.alwaysReady == 0
      ? []
      : map(['blob', 'http'], group => { name: group, instanceCount: scale.alwaysReady })
    triggers: { http: { perInstanceConcurrency: scale.httpPerInstance } }
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: '${place.names.functionApp}-plan'
  location: place.location
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: place.zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: place.names.functionApp
  location: place.location
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
      appSettings: map(
        items(union(settings, connections, trust, telemetry)),
        one => { name: one.key, value: one.value }
      )
    }
    // In preview, and not yet in the types; what an update kills is delivered again either way.
    functionAppConfig: union(
      config,
      updateStrategy == 'Recreate' ? {} : { siteUpdateStrategy: { type: updateStrategy } }
    )
  }
}

// Publishing is by Entra alone.
resource noPasswordByFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noPasswordByScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    // What the app logs comes by OpenTelemetry; this would be all of it a second time.
    logs: [{ category: 'FunctionAppLogs', enabled: false }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output url string = 'https://${app.properties.defaultHostName}'
