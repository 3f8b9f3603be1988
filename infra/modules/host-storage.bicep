// The storage account of the Functions host: the deployed package, locks, keys, and the queue of blob events.

@description('Name of the account.')
param name string
@description('Region of the resources.')
param location string
@description('Whether the account is spread over availability zones.')
param zoneRedundant bool
@description('The Log Analytics workspace that receives logs and metrics.')
param workspaceId string

module account 'storage-account.bicep' = {
  params: {
    name: name
    location: location
    zoneRedundant: zoneRedundant
    containers: ['packages']
    // The host reads its queues and locks all the time.
    logsAccess: false
    workspaceId: workspaceId
  }
}
