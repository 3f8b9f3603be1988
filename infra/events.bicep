// The second phase, once code is there: uploads to `results` become calls of the function `validate`.

@description('The function app, as main.bicep gave it.')
param functionAppName string

@description('The system topic of the data account.')
param eventTopicName string

@description('The storage account of the data.')
param dataStorageName string

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: functionAppName
}

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: dataStorageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: eventTopicName
}

// The key exists only once a host with a blob trigger has started there. A webhook can't be called by identity.
var key = listKeys('${app.id}/host/default', '2023-12-01').systemKeys.blobs_extension
var webhook = 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs'

resource results 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'results'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: { endpointUrl: '${webhook}?functionName=Host.Functions.validate&code=${key}' }
    }
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      // With its last slash: else a container `results2` would match.
      subjectBeginsWith: '/blobServices/default/containers/results/'
      subjectEndsWith: '.jsonl'
      advancedFilters: [
        { key: 'data.api', operatorType: 'StringIn', values: ['PutBlob', 'PutBlockList', 'CopyBlob', 'FlushWithClose'] }
      ]
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: data.id, blobContainerName: 'dead-letters' }
      }
    }
  }
}
