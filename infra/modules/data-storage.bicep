// The storage account of the data: the exchange's blobs, the robots' results, and the Event Grid topic of blob events.

import { Names, Retention } from 'types.bicep'

@description('Names of all resources.')
param names Names
@description('Region of the resources.')
param location string
@description('Whether the account is spread over availability zones.')
param zoneRedundant bool
@description('The blob containers, as in infra/topology.json.')
param containers string[]
@description('How long data is kept, and how much is logged.')
param retention Retention
@description('Origins whose pages may read blobs by signed URL.')
param readingOrigins string[]
@description('Whether the account has a system topic already.')
param useExistingTopic bool
@description('The Log Analytics workspace that receives logs and metrics.')
param workspaceId string

module account 'storage-account.bicep' = {
  params: {
    name: names.dataStorage
    location: location
    zoneRedundant: zoneRedundant
    containers: containers
    logsAccess: true
    readingOrigins: readingOrigins
    workspaceId: workspaceId
  }
}

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: names.dataStorage
}

var expiryDays = {
  results: retention.filesDays
  // The batch item names these blobs. It expires filesDays after its last change, so its blobs must be kept longer.
  batches: retention.filesDays + 7
  'dead-letters': retention.filesDays
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: data
  name: 'default'
  properties: {
    policy: {
      rules: [
        for container in containers: {
          name: '${container}-expire'
          type: 'Lifecycle'
          definition: {
            // Robots can also write append blobs and make snapshots. Page blobs cannot be in a rule.
            filters: { blobTypes: ['blockBlob', 'appendBlob'], prefixMatch: ['${container}/'] }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: expiryDays[container] } }
              snapshot: { delete: { daysAfterCreationGreaterThan: expiryDays[container] } }
              version: { delete: { daysAfterCreationGreaterThan: expiryDays[container] } }
            }
          }
        }
      ]
    }
  }
  dependsOn: [account]
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!useExistingTopic) {
  name: names.topic
  location: location
  // With this identity the topic writes events that it could not deliver to the container `dead-letters`.
  identity: { type: 'SystemAssigned' }
  properties: {
    source: data.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
  dependsOn: [account]
}

resource existingTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (useExistingTopic) {
  name: names.topic
}

resource topicLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!useExistingTopic) {
  name: 'to-workspace'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'DeliveryFailures', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output topicPrincipalId string = useExistingTopic ? existingTopic!.identity.principalId : topic!.identity.principalId
