// The storage account of the data: what we write of a batch, what robots deliver, and the topic that tells of it.

import { Kept, Place } from 'types.bicep'

param place Place
param containers string[]
param kept Kept
param existingTopic bool
param workspaceId string

module account 'storage-account.bicep' = {
  params: {
    name: place.names.dataStorage
    location: place.location
    zoneRedundant: place.zoneRedundant
    containers: containers
    logsAccess: true
    workspaceId: workspaceId
  }
}

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: place.names.dataStorage
}

var expiry = {
  results: kept.filesDays
  // A batch's status names them, so they outlast its item, which lives as long from its last change.
  batches: kept.filesDays + 7
  'dead-letters': kept.filesDays
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
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${container}/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: expiry[container] } } }
          }
        }
      ]
    }
  }
  dependsOn: [account]
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!existingTopic) {
  name: place.names.topic
  location: place.location
  // It writes the events that could not be delivered to the container of dead letters.
  identity: { type: 'SystemAssigned' }
  properties: {
    source: data.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
  dependsOn: [account]
}

resource givenTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (existingTopic) {
  name: place.names.topic
}

resource topicLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!existingTopic) {
  name: 'to-workspace'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'DeliveryFailures', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output topicPrincipalId string = existingTopic ? givenTopic!.identity.principalId : topic!.identity.principalId
