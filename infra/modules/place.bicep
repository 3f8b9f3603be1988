// What everything is called. Names that the whole of Azure shares carry what is unique to the resource group.

import { Place } from 'types.bicep'

@export()
func placeOf(environmentName string, location string, zoneRedundant bool, unique string, existingTopic string) Place => {
  location: location
  zoneRedundant: zoneRedundant
  names: {
    identity: 'exchange-${environmentName}-${unique}-identity'
    hostStorage: 'exhost${environmentName}${unique}'
    dataStorage: 'exdata${environmentName}${unique}'
    serviceBus: 'exchange-${environmentName}-${unique}-bus'
    cosmos: 'exchange-${environmentName}-${unique}-cosmos'
    vault: 'ex-${environmentName}-${unique}'
    functionApp: 'exchange-${environmentName}-${unique}-app'
    topic: empty(existingTopic) ? 'exchange-${environmentName}-${unique}-blobs' : existingTopic
    workspace: 'exchange-${environmentName}-${unique}-logs'
    insights: 'exchange-${environmentName}-${unique}-insights'
    masterKey: 'robot-master-key'
  }
}
