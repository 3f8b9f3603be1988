// The names of all resources. Names that must be unique in all of Azure contain a suffix made from the resource group.

import { Names } from 'types.bicep'

@export()
@description('Make the names. `suffix` is unique to the resource group; an existing system topic keeps its name.')
func makeNames(environmentName string, suffix string, existingTopicName string) Names => {
  identity: 'exchange-${environmentName}-${suffix}-identity'
  hostStorage: 'exhost${environmentName}${suffix}'
  dataStorage: 'exdata${environmentName}${suffix}'
  serviceBus: 'exchange-${environmentName}-${suffix}-bus'
  cosmos: 'exchange-${environmentName}-${suffix}-cosmos'
  vault: 'ex-${environmentName}-${suffix}'
  functionApp: 'exchange-${environmentName}-${suffix}-app'
  topic: empty(existingTopicName) ? 'exchange-${environmentName}-${suffix}-blobs' : existingTopicName
  workspace: 'exchange-${environmentName}-${suffix}-logs'
  insights: 'exchange-${environmentName}-${suffix}-insights'
  masterKey: 'robot-master-key'
}
