// A storage account without shared keys. Its network is open: robots transfer blobs from any address, and the app has no
// virtual network.

@description('Name of the account.')
param name string
@description('Region of the resources.')
param location string
@description('Whether the account is spread over availability zones.')
param zoneRedundant bool
@description('The blob containers to create.')
param containers string[]
@description('Whether every read, write and deletion of a blob is logged. If not, only deletions are.')
param logsAccess bool
@description('Origins whose pages may read and write blobs by signed URL.')
param readingOrigins string[] = []
@description('The Log Analytics workspace that receives logs and metrics.')
param workspaceId string

var accessCategories = ['StorageRead', 'StorageWrite', 'StorageDelete']

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: { defaultAction: 'Allow', bypass: 'AzureServices' }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: { blob: { enabled: true }, queue: { enabled: true, keyType: 'Account' } }
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    // Browsers ask for this. It gives no access: a blob is read or written by a signed URL only.
    cors: {
      corsRules: empty(readingOrigins)
        ? []
        : [
            {
              allowedOrigins: readingOrigins
              allowedMethods: ['GET', 'HEAD', 'PUT']
              allowedHeaders: ['*']
              exposedHeaders: ['*']
              maxAgeInSeconds: 3600
            }
          ]
    }
  }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [for category in accessCategories: { category: category, enabled: logsAccess || category == 'StorageDelete' }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: queues
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: logsAccess }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output id string = account.id
