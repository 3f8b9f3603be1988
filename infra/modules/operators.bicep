// What a group of operators may do by hand: look at dead letters of all kinds, and send them again.

import { Place } from 'types.bicep'

param place Place
param queues string[]
param database string
param operatorsId string

var role = loadJsonContent('../roles.json')

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: place.names.dataStorage
}

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: place.names.serviceBus
}

resource busQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for name in queues: { parent: bus, name: name }
]

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' existing = {
  name: place.names.cosmos
}

// To send a blob event again is to validate the blob, as the app does: with files, poison queue and dead events.
var dataRoles = ['Storage Blob Data Contributor', 'Storage Queue Data Contributor']

resource onData 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
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

// A dead letter is received, and a copy of it sent. To manage a queue is the host's alone.
var queueRoles = flatten(map(
  ['Azure Service Bus Data Receiver', 'Azure Service Bus Data Sender'],
  name => map(range(0, length(queues)), i => { name: name, queue: i })
))

resource onQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for one in queueRoles: {
    scope: busQueues[one.queue]
    name: guid(busQueues[one.queue].id, operatorsId, one.name)
    properties: {
      principalId: operatorsId
      principalType: 'Group'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role[one.name])
    }
  }
]

resource onDatabase 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: cosmos
  name: guid(cosmos.id, operatorsId, database)
  properties: {
    principalId: operatorsId
    roleDefinitionId: '${cosmos.id}/sqlRoleDefinitions/${role['Cosmos DB Built-in Data Contributor']}'
    scope: '${cosmos.id}/dbs/${database}'
  }
}
