// The map of the Enhancement Exchange in Azure: its parameters, its resources, and what depends on what.
// events.bicep is the second deployment. It needs the published code.

import { Retention, Scale } from 'modules/types.bicep'
import { Tunables } from 'modules/tunables.bicep'
import { makeNames } from 'modules/names.bicep'

@description('Name of the environment. It is part of every resource name.')
param environmentName 'dev' | 'prod'
@description('Region of the resources.')
param location string = resourceGroup().location
@description('Client id of the Entra application that access tokens are issued for. If it is empty, no token is accepted.')
param tokenAudience string = ''
@description('Whether the web console is served at /console/. It needs `tokenAudience`.')
param console bool = true
@description('Object id of the deployer, who creates the master key. If it is empty, no role is assigned.')
param deployerId string = ''
@description('Type of the deployer: a person, or the service principal of a pipeline.')
param deployerType 'User' | 'ServicePrincipal' = 'User'
@description('E-mail address for alerts. If it is empty, the owners of the subscription receive them.')
param alertEmail string = ''
@description('Size and number of the app\'s instances.')
param scale Scale
@description('Whether services that support it are spread over availability zones.')
param zoneRedundant bool
@description('Tier of Service Bus. Basic costs nothing while idle, Standard has larger quotas.')
param serviceBusTier 'Basic' | 'Standard'
@description('Maximum RU/s of the container `references` with autoscale. The other containers share 1,000. 0: serverless.')
param referencesMaxRU int
@description('How long data is kept, and how much is logged.')
param retention Retention
@description('The monthly budget in the currency of the subscription. Alerts: 80 % spent, 100 % forecast.')
param budgetAmount int
@description('First day of the month in which the budget starts. It cannot be changed: `make deploy` keeps it.')
param budgetStart string
@description('Settings of the app that differ from the default, by name.')
param tunables Tunables = {}
@description('Name of an existing system topic of the data storage account. An account has at most one.')
param existingTopicName string = ''
@description('Whether the app gets Storage Account Contributor on the host\'s storage. Only if the host\'s log asks for it.')
param hostManagesStorage bool = false
@description('How an update replaces running instances. With RollingUpdate, running functions can finish.')
param updateStrategy 'Recreate' | 'RollingUpdate' = 'Recreate'

var topology = loadJsonContent('topology.json')
var names = makeNames(environmentName, substring(uniqueString(resourceGroup().id), 0, 8), existingTopicName)
var settings = union(loadJsonContent('tunables.json'), tunables)

module identity 'modules/identity.bicep' = { params: { name: names.identity, location: location } }

module monitoring 'modules/monitoring.bicep' = {
  params: { names: names, location: location, retention: retention, alertEmail: alertEmail }
}
var workspaceId = monitoring.outputs.workspaceId

module hostStorage 'modules/host-storage.bicep' = {
  params: { name: names.hostStorage, location: location, zoneRedundant: zoneRedundant, workspaceId: workspaceId }
}

module dataStorage 'modules/data-storage.bicep' = {
  params: {
    names: names
    location: location
    zoneRedundant: zoneRedundant
    containers: topology.blobContainers
    retention: retention
    readingOrigins: console ? ['https://${names.functionApp}.azurewebsites.net'] : []
    useExistingTopic: !empty(existingTopicName)
    workspaceId: workspaceId
  }
}

module serviceBus 'modules/service-bus.bicep' = {
  params: {
    name: names.serviceBus
    location: location
    serviceBusTier: serviceBusTier
    queues: topology.queues
    workspaceId: workspaceId
  }
}

module cosmos 'modules/cosmos.bicep' = {
  params: {
    name: names.cosmos
    location: location
    zoneRedundant: zoneRedundant
    referencesMaxRU: referencesMaxRU
    database: topology.cosmos
    retention: retention
    workspaceId: workspaceId
  }
}

module vault 'modules/vault.bicep' = {
  params: { name: names.vault, location: location, workspaceId: workspaceId }
}

module roles 'modules/roles.bicep' = {
  params: {
    names: names
    queues: map(topology.queues, queue => queue.name)
    database: topology.cosmos.database
    appPrincipalId: identity.outputs.principalId
    topicPrincipalId: dataStorage.outputs.topicPrincipalId
    deployerId: deployerId
    deployerType: deployerType
    hostManagesStorage: hostManagesStorage
  }
  dependsOn: [hostStorage, serviceBus, cosmos, vault]
}

module functionApp 'modules/function-app.bicep' = {
  params: {
    names: names
    location: location
    zoneRedundant: zoneRedundant
    scale: scale
    updateStrategy: updateStrategy
    tunables: settings
    tokenAudience: tokenAudience
    consoleClientId: console ? tokenAudience : ''
    workspaceId: workspaceId
  }
  dependsOn: [roles] // without its roles the app does not start, and publishing is refused
}

module alerts 'modules/alerts.bicep' = {
  params: {
    names: names
    location: location
    actionGroupId: monitoring.outputs.actionGroupId
    tunables: settings
    budgetAmount: budgetAmount
    budgetStart: budgetStart
    alertEmail: alertEmail
  }
  dependsOn: [functionApp]
}

output functionAppName string = names.functionApp
output apiUrl string = functionApp.outputs.url
output vaultName string = names.vault
output masterKeyName string = names.masterKey
output dataStorageName string = names.dataStorage
output applicationInsightsName string = names.insights
output eventTopicName string = names.topic
