// Role assignments of the app and the deployer, except for storage. Each is the narrowest role at the narrowest scope
// that works.

import { Names } from 'types.bicep'

@description('Names of all resources.')
param names Names
@description('Names of the queues.')
param queues string[]
@description('Name of the Cosmos DB database.')
param database string
@description('Principal id of the app\'s managed identity.')
param appPrincipalId string
@description('Object id of the deployer, or empty.')
param deployerId string
@description('Type of the deployer.')
param deployerType 'User' | 'ServicePrincipal'

var role = loadJsonContent('../roles.json')

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: names.serviceBus
}

resource busQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for name in queues: { parent: bus, name: name }
]

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' existing = {
  name: names.cosmos
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: names.vault
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: names.insights
}

// The app sends and receives. Scaling counts the waiting messages, which requires the right to manage the queue.
resource appOnQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in queues: {
    scope: busQueues[i]
    name: guid(busQueues[i].id, names.identity, 'Azure Service Bus Data Owner')
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        role['Azure Service Bus Data Owner']
      )
    }
  }
]

// The scope is the database: at a container, reading the container's properties is refused. The role cannot create
// containers.
resource appOnDatabase 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: cosmos
  name: guid(cosmos.id, names.identity, database)
  properties: {
    principalId: appPrincipalId
    roleDefinitionId: '${cosmos.id}/sqlRoleDefinitions/${role['Cosmos DB Built-in Data Contributor']}'
    scope: '${cosmos.id}/dbs/${database}'
  }
}

// The platform resolves the Key Vault reference in ROBOT_MASTER_KEY with this role. The vault has no other secret.
resource appOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, names.identity, 'Key Vault Secrets User')
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role['Key Vault Secrets User'])
  }
}

// The worker and the host send traces, metrics and logs.
resource appOnInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, names.identity, 'Monitoring Metrics Publisher')
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      role['Monitoring Metrics Publisher']
    )
  }
}

// The deployer creates the master key if the vault has none.
resource deployerOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerId)) {
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
