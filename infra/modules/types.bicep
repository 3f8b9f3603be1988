// What is handed down from the map in one piece.

@export()
@description('How large the app may grow, and what is kept running.')
type Scale = {
  @description('Memory of an instance, in MB: host and worker share it.')
  instanceMemoryMB: 512 | 2048 | 4096
  @description('At most so many instances.')
  maximumInstances: int
  @description('HTTP requests that one instance answers at once.')
  httpPerInstance: int
  @description('Instances that are always there for HTTP, and as many for blob events.')
  alwaysReady: int
}

@export()
@description('How long things are kept, and how much of them.')
type Kept = {
  @description('Results, in days, and the item of a batch, from when it was last written.')
  @minValue(8)
  filesDays: int
  @description('Logs, in days.')
  logsDays: int
  @description('At most so many GB of logs a day.')
  logsDailyGB: int
}

@export()
@description('Where everything is, and what it is called: each name is made once, in main.bicep.')
type Place = {
  location: string
  @description('Spread over availability zones, where the service offers it.')
  zoneRedundant: bool
  names: Names
}

type Names = {
  identity: string
  hostStorage: string
  dataStorage: string
  serviceBus: string
  cosmos: string
  vault: string
  functionApp: string
  topic: string
  workspace: string
  insights: string
  masterKey: string
}

@export()
@description('Settings of the app, by name.')
type Settings = { *: string }

@export()
@description('A queue, as infra/topology.json has it.')
type Queue = {
  name: string
  lockDurationSeconds: int
  maxDeliveryCount: int
  timeToLiveDays: int
}

@export()
@description('A database and its containers, as infra/topology.json has them.')
type Database = {
  database: string
  containers: Container[]
}

type Container = {
  name: string
  partitionKey: string
  uniqueKeys: string[]
  @description('Every path that a query names; no other is indexed.')
  indexed: string[]
  @description('Paths that one query filters and sorts by.')
  indexedTogether: { path: string, order: 'ascending' | 'descending' }[][]
}
