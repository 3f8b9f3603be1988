// Types of parameters that main.bicep passes to the modules.

@export()
@description('Size and number of the app\'s instances.')
type Scale = {
  @description('Memory of an instance in MB. The Functions host and the worker share it.')
  instanceMemoryMB: 512 | 2048 | 4096
  @description('Maximum number of instances.')
  maximumInstanceCount: int
  @description('Maximum number of HTTP requests that one instance serves at the same time.')
  httpPerInstanceConcurrency: int
  @description('Number of instances that always run for HTTP requests. As many always run for blob events.')
  alwaysReadyInstances: int
}

@export()
@description('How long data is kept, and how much is logged.')
type Retention = {
  @description('Days after which results, and batches and deliveries to webhooks that have not changed, are deleted.')
  @minValue(8)
  filesDays: int
  @description('Days after which logs are deleted.')
  logsDays: int
  @description('Maximum amount of logs in GB a day.')
  logsDailyGB: int
}

@export()
@description('The name of each resource. names.bicep makes them.')
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
@description('A queue, as in infra/topology.json.')
type Queue = {
  name: string
  lockDurationSeconds: int
  maxDeliveryCount: int
  timeToLiveDays: int
}

@export()
@description('A database and its containers, as in infra/topology.json.')
type Database = {
  database: string
  containers: Container[]
}

type Container = {
  name: string
  partitionKey: string
  uniqueKeys: string[]
  @description('Every path that a query names. No other path is indexed.')
  indexed: string[]
  @description('Composite indexes: paths that one query filters and sorts by.')
  indexedTogether: { path: string, order: 'ascending' | 'descending' }[][]
}
