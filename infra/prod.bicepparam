// The environment for users: spread over availability zones, with instances that always run.
using 'main.bicep'

param environmentName = 'prod'
param scale = {
  instanceMemoryMB: 2048
  maximumInstanceCount: 100
  httpPerInstanceConcurrency: 16
  alwaysReadyInstances: 2
}
param zoneRedundant = true
param serviceBusTier = 'Standard'
param referencesMaxRU = 10000
param retention = { filesDays: 180, logsDays: 90, logsDailyGB: 5 }
param budgetAmount = 1000
param budgetStart = '2026-11-01'
