// Who may do what: the app, the topic of blob events, whoever deploys, and operators.

import { Place } from 'types.bicep'

param place Place
param queues string[]
param database string
@description('The app\'s identity.')
param appId string
@description('The identity of the system topic.')
param topicId string
param deployerId string
param deployerType 'User' | 'ServicePrincipal'
param operatorsId string
param hostManagesStorage bool

module storageRoles 'storage-roles.bicep' = {
  params: { place: place, appId: appId, topicId: topicId, hostManagesStorage: hostManagesStorage }
}

module roles 'roles.bicep' = {
  params: {
    place: place
    queues: queues
    database: database
    appId: appId
    deployerId: deployerId
    deployerType: deployerType
  }
}

module operators 'operators.bicep' = if (!empty(operatorsId)) {
  params: { place: place, queues: queues, database: database, operatorsId: operatorsId }
}
