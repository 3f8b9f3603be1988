// Role assignments for the two storage accounts.

import { Names } from 'types.bicep'

@description('Names of all resources.')
param names Names
@description('Principal id of the app\'s managed identity.')
param appPrincipalId string
@description('Principal id of the system topic\'s identity.')
param topicPrincipalId string
@description('Whether the app gets the role Storage Account Contributor on the host\'s storage account.')
param hostManagesStorage bool

var role = loadJsonContent('../roles.json')

resource host 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: names.hostStorage
}

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: names.dataStorage
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

// The host has its package, locks and keys in blobs, blob events in a queue, and diagnostic events in tables.
var hostRoles = concat(
  ['Storage Blob Data Owner', 'Storage Queue Data Contributor', 'Storage Table Data Contributor'],
  hostManagesStorage ? ['Storage Account Contributor'] : []
)

resource appOnHostStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for name in hostRoles: {
    scope: host
    name: guid(host.id, names.identity, name)
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role[name])
    }
  }
]

// The app writes to `batches`. From `results` it only reads, but a signed URL allows no more than its signer's role.
resource appOnContainers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in ['batches', 'results']: {
    scope: dataContainers[i]
    name: guid(dataContainers[i].id, names.identity, 'Storage Blob Data Contributor')
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        role['Storage Blob Data Contributor']
      )
    }
  }
]

// The app counts the events that could not be delivered, reads them, and deletes those that an operator resends.
resource appOnDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: deadLetters
  name: guid(deadLetters.id, names.identity, 'Storage Blob Data Contributor')
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Storage Blob Data Contributor']
    )
  }
}

// The app signs URLs with a user delegation key. It exists for the whole account only.
resource appOnDataStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: data
  name: guid(data.id, names.identity, 'Storage Blob Delegator')
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role['Storage Blob Delegator'])
  }
}

// The host creates the poison queue in this account and moves failed blob events to it. The app counts them.
resource appOnPoisonQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: data
  name: guid(data.id, names.identity, 'Storage Queue Data Contributor')
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Storage Queue Data Contributor']
    )
  }
}

// Event Grid writes the events that it could not deliver.
resource topicOnDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: deadLetters
  name: guid(deadLetters.id, names.topic, 'Storage Blob Data Contributor')
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Storage Blob Data Contributor']
    )
  }
}
