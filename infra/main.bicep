// The map of the exchange in Azure: what there is, what it is called, and who may do what to it.
// What needs deployed code is in events.bicep, a second deployment.

import { Kept, Scale, Settings } from 'modules/types.bicep'
import { placeOf } from 'modules/place.bicep'

@description('Which exchange this is; part of every name.')
param environmentName 'dev' | 'prod'

@description('The region of everything.')
param location string = resourceGroup().location

@description('The client id of the Entra application that access tokens are for. While empty, nobody is let in.')
param tokenAudience string = ''

@description('The object id of whoever deploys: may make the master key of the robots\' secrets. Empty: nobody may.')
param deployerId string = ''

@description('Whether a person deploys, or a pipeline.')
param deployerType 'User' | 'ServicePrincipal' = 'User'

@description('The object id of a group of operators: may look at dead letters and send them again. Empty: nobody may.')
param operatorsId string = ''

@description('Where alerts and the budget\'s warnings go. Empty: to the owners of the subscription.')
param alertEmail string = ''

@description('How large the app may grow, and what is kept running.')
param scale Scale

@description('Spread over availability zones, where the service offers it.')
param zoneRedundant bool

@description('The Service Bus tier: Basic costs nothing while idle, Standard has larger quotas.')
param serviceBusTier 'Basic' | 'Standard'

@description('The most RU/s that autoscale gives the references; the small containers share 1,000. 0: serverless.')
param referencesMaxRU int

@description('How long things are kept, and how much of them.')
param kept Kept

@description('What it may cost a month, in the currency of the subscription; warnings go out at 80 and 100 %.')
param budgetAmount int

@description('The first day of the month that the budget began in, which can\'t be changed; the deploy script gives it.')
param budgetStart string

@description('Settings of the app that differ from infra/tunables.json, by name.')
param tunables Settings = {}

@description('A system topic of the data account that exists already: an account has one at most.')
param existingTopicName string = ''

@description('Lets the app\'s identity manage the host\'s storage account: only if the host asks for it in its log.')
param hostManagesStorage bool = false

@description('How an update replaces running instances: RollingUpdate lets what runs come to its end.')
param updateStrategy 'Recreate' | 'RollingUpdate' = 'Recreate'

var topology = loadJsonContent('topology.json')
var queues = map(topology.queues, queue => queue.name)
var settings = union(loadJsonContent('tunables.json'), tunables)
var unique = substring(uniqueString(resourceGroup().id), 0, 8)
var place = placeOf(environmentName, location, zoneRedundant, unique, existingTopicName)

module identity 'modules/identity.bicep' = {
  params: { place: place }
}

module monitoring 'modules/monitoring.bicep' = {
  params: { place: place, kept: kept, alertEmail: alertEmail }
}
var workspaceId = monitoring.outputs.workspaceId

module hostStorage 'modules/host-storage.bicep' = {
  params: { place: place, workspaceId: workspaceId }
}

module dataStorage 'modules/data-storage.bicep' = {
  params: {
    place: place
    containers: topology.blobContainers
    kept: kept
    existingTopic: !empty(existingTopicName)
    workspaceId: workspaceId
  }
}

module serviceBus 'modules/service-bus.bicep' = {
  params: { place: place, tier: serviceBusTier, queues: topology.queues, workspaceId: workspaceId }
}

module cosmos 'modules/cosmos.bicep' = {
  params: { place: place, maxRU: referencesMaxRU, database: topology.cosmos, kept: kept, workspaceId: workspaceId }
}

module vault 'modules/vault.bicep' = {
  params: { place: place, workspaceId: workspaceId }
}

module access 'modules/access.bicep' = {
  params: {
    place: place
    queues: queues
    database: topology.cosmos.database
    appId: identity.outputs.principalId
    topicId: dataStorage.outputs.topicPrincipalId
    deployerId: deployerId
    deployerType: deployerType
    operatorsId: operatorsId
    hostManagesStorage: hostManagesStorage
  }
  dependsOn: [hostStorage, serviceBus, cosmos, vault]
}

module functionApp 'modules/function-app.bicep' = {
  params: {
    place: place
    scale: scale
    updateStrategy: updateStrategy
    settings: settings
    queues: queues
    database: topology.cosmos.database
    tokenAudience: tokenAudience
    workspaceId: workspaceId
  }
  dependsOn: [access] // without its roles the app does not start, and publishing is refused
}

module watch 'modules/watch.bicep' = {
  params: {
    place: place
    actionGroupId: monitoring.outputs.actionGroupId
    settings: settings
    budgetAmount: budgetAmount
    budgetStart: budgetStart
    alertEmail: alertEmail
  }
  dependsOn: [functionApp]
}

output functionAppName string = place.names.functionApp
output apiUrl string = functionApp.outputs.url
output vaultName string = place.names.vault
output masterKeyName string = place.names.masterKey
output dataStorageName string = place.names.dataStorage
output applicationInsightsName string = place.names.insights
output eventTopicName string = place.names.topic
