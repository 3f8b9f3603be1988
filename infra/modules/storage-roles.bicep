// Who may do what with the two storage accounts. docs/security.md names the call that needs each role.

import { Place } from 'types.bicep'

param place Place
@description('The app\'s identity.')
param appId string
@description('The identity of the system topic.')
param topicId string
param hostManagesStorage bool

var role = loadJsonContent('../roles.json')

resource host 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: place.names.hostStorage
}

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: place.names.dataStorage
  resource blobs 'blobServices' existing = {
    name: 'default'
  }
}

resource dataContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [
  for name in ['batches', 'results']: { parent: data::blobs, name: name }
]

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: data::blobs
  name: 'dead-letters'
}

// The host keeps its package, locks and keys in blobs, blob events in a queue, its diagnosis in tables.
var hostRoles = concat(
  ['Storage Blob Data Owner', 'Storage Queue Data Contributor', 'Storage Table Data Contributor'],
  hostManagesStorage ? ['Storage Account Contributor'] : []
)

resource onHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for name in hostRoles: {
    scope: host
    name: guid(host.id, place.names.identity, name)
    properties: {
      principalId: appId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role[name])
    }
  }
]

// It reads and writes files of batches. Results it only reads, but a signed URL allows no more than its signer may.
resource onContainers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in ['batches', 'results']: {
    scope: dataContainers[i]
    name: guid(dataContainers[i].id, place.names.identity, 'Storage Blob Data Contributor')
    properties: {
      principalId: appId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        role['Storage Blob Data Contributor']
      )
    }
  }
]

// It counts the events that could not be delivered.
resource onDeadEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: deadLetters
  name: guid(deadLetters.id, place.names.identity, 'Storage Blob Data Reader')
  properties: {
    principalId: appId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Storage Blob Data Reader']
    )
  }
}

// Signed URLs are signed with a key of the whole account; there is no narrower scope.
resource signs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: data
  name: guid(data.id, place.names.identity, 'Storage Blob Delegator')
  properties: {
    principalId: appId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role['Storage Blob Delegator'])
  }
}

// The host puts blobs that failed five times into a queue that it makes there; the app counts them.
resource onPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: data
  name: guid(data.id, place.names.identity, 'Storage Queue Data Contributor')
  properties: {
    principalId: appId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Storage Queue Data Contributor']
    )
  }
}

// The topic writes down the events that it could not deliver.
resource writesDeadEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: deadLetters
  name: guid(deadLetters.id, place.names.topic, 'Storage Blob Data Contributor')
  properties: {
    principalId: topicId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Storage Blob Data Contributor']
    )
  }
}
