// The storage account of the Functions host: the deployed package, its locks and keys, the queue of blob events.

import { Place } from 'types.bicep'

param place Place
param workspaceId string

module account 'storage-account.bicep' = {
  params: {
    name: place.names.hostStorage
    location: place.location
    zoneRedundant: place.zoneRedundant
    containers: ['packages']
    // The host looks at its queues and locks all the time.
    logsAccess: false
    workspaceId: workspaceId
  }
}
