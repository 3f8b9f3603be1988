// Who may do what with everything but storage: the narrowest role that works, at the narrowest scope that works.
// docs/security.md names the call that needs each.

import { Place } from 'types.bicep'

param place Place
param queues string[]
param database string
@description('The app\'s identity.')
param appId string
param deployerId string
@description('Whether a person deploys, or a pipeline.')
param deployerType 'User' | 'ServicePrincipal'

var role = loadJsonContent('../roles.json')

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: place.names.serviceBus
}

resource busQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for name in queues: { parent: bus, name: name }
]

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' existing = {
  name: place.names.cosmos
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: place.names.vault
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: place.names.insights
}

// Sends and receives; and scaling counts what waits, which needs the right to manage the queue.
resource onQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in queues: {
    scope: busQueues[i]
    name: guid(busQueues[i].id, place.names.identity, 'Azure Service Bus Data Owner')
    properties: {
      principalId: appId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        role['Azure Service Bus Data Owner']
      )
    }
  }
]

// At the database: reading a container's properties is refused at any narrower scope. It can make no containers.
resource onDatabase 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: cosmos
  name: guid(cosmos.id, place.names.identity, database)
  properties: {
    principalId: appId
    roleDefinitionId: '${cosmos.id}/sqlRoleDefinitions/${role['Cosmos DB Built-in Data Contributor']}'
    scope: '${cosmos.id}/dbs/${database}'
  }
}

// Resolves the setting that refers to the master key. The vault holds nothing else.
resource readsKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, place.names.identity, 'Key Vault Secrets User')
  properties: {
    principalId: appId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role['Key Vault Secrets User'])
  }
}

// Traces, metrics and logs.
resource tells 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, place.names.identity, 'Monitoring Metrics Publisher')
  properties: {
    principalId: appId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Monitoring Metrics Publisher']
    )
  }
}

// Whoever deploys makes the master key, if there is none.
resource makesKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerId)) {
  scope: vault
  name: guid(vault.id, deployerId, 'Key Vault Secrets Officer')
  properties: {
    principalId: deployerId
    principalType: deployerType
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Key Vault Secrets Officer']
    )
  }
}
