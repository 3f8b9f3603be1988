// All role assignments: of the app, the Event Grid topic and the deployer. docs/security.md names the call that needs
// each role.

import { Names } from 'types.bicep'

@description('Names of all resources.')
param names Names
@description('Names of the queues.')
param queues string[]
@description('Name of the Cosmos DB database.')
param database string
@description('Principal id of the app\'s managed identity.')
param appPrincipalId string
@description('Principal id of the system topic\'s identity.')
param topicPrincipalId string
@description('Object id of the deployer, or empty.')
param deployerId string
@description('Type of the deployer.')
param deployerType 'User' | 'ServicePrincipal'
@description('Whether the app gets the role Storage Account Contributor on the host\'s storage account.')
param hostManagesStorage bool

module storageRoles 'storage-roles.bicep' = {
  params: {
    names: names
    appPrincipalId: appPrincipalId
    topicPrincipalId: topicPrincipalId
    hostManagesStorage: hostManagesStorage
  }
}

module serviceRoles 'service-roles.bicep' = {
  params: {
    names: names
    queues: queues
    database: database
    appPrincipalId: appPrincipalId
    deployerId: deployerId
    deployerType: deployerType
  }
}
