// The second deployment, after the code is published: it subscribes the function `validate` to uploads in `results`.

@description('Name of the function app: an output of main.bicep.')
param functionAppName string

@description('Name of the system topic of the data storage account: an output of main.bicep.')
param eventTopicName string

@description('Name of the data storage account: an output of main.bicep.')
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

// The key exists only after a host with a blob trigger has started. Event Grid cannot call a webhook with an identity.
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
      // Without the last slash, a container `results2` would match too.
      subjectBeginsWith: '/blobServices/default/containers/results/'
      subjectEndsWith: '.jsonl'
      advancedFilters: [
        // A copy is not a result: see docs/decisions/0049-uploads-that-are-refused.md.
        { key: 'data.api', operatorType: 'StringIn', values: ['PutBlob', 'PutBlockList'] }
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
