// Role assignments of the operators' group, for `make dead-letters`: list dead letters and send them again.

import { Names } from 'types.bicep'

@description('Names of all resources.')
param names Names
@description('Names of the queues.')
param queues string[]
@description('Name of the Cosmos DB database.')
param database string
@description('Object id of the operators\' group.')
param operatorsId string

var role = loadJsonContent('../roles.json')

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: names.dataStorage
}

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: names.serviceBus
}

resource busQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for name in queues: { parent: bus, name: name }
]

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' existing = {
  name: names.cosmos
}

// A blob event is resent by validating the blob, as the app does. This needs the batch's blobs, the poison queue and the
// container `dead-letters`.
var dataRoles = ['Storage Blob Data Contributor', 'Storage Queue Data Contributor']

resource operatorsOnDataStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for name in dataRoles: {
    scope: data
    name: guid(data.id, operatorsId, name)
    properties: {
      principalId: operatorsId
      principalType: 'Group'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role[name])
    }
  }
]

// A dead letter is resent by sending a copy, and is then completed. Only the host manages queues.
var queueRoles = flatten(map(
  ['Azure Service Bus Data Receiver', 'Azure Service Bus Data Sender'],
  name => map(range(0, length(queues)), i => { name: name, queue: i })
))

resource operatorsOnQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in queueRoles: {
    scope: busQueues[assignment.queue]
    name: guid(busQueues[assignment.queue].id, operatorsId, assignment.name)
    properties: {
      principalId: operatorsId
      principalType: 'Group'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role[assignment.name])
    }
  }
]

resource operatorsOnDatabase 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: cosmos
  name: guid(cosmos.id, operatorsId, database)
  properties: {
    principalId: operatorsId
    roleDefinitionId: '${cosmos.id}/sqlRoleDefinitions/${role['Cosmos DB Built-in Data Contributor']}'
    scope: '${cosmos.id}/dbs/${database}'
  }
}
