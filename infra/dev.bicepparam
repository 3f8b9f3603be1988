// A small environment. It costs almost nothing while nobody uses it.
using 'main.bicep'

param environmentName = 'dev'
param scale = {
  instanceMemoryMB: 2048
  maximumInstanceCount: 40
  httpPerInstanceConcurrency: 16
  alwaysReadyInstances: 0
}
param zoneRedundant = false
param serviceBusTier = 'Basic'
param referencesMaxRU = 0
param retention = { filesDays: 30, logsDays: 30, logsDailyGB: 1 }
param budgetAmount = 50
param budgetStart = '2026-11-01'
