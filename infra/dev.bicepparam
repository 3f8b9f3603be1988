// The cheapest exchange: next to nothing while nobody uses it.
using 'main.bicep'

param environmentName = 'dev'
param scale = { instanceMemoryMB: 2048, maximumInstances: 40, httpPerInstance: 16, alwaysReady: 0 }
param zoneRedundant = false
param serviceBusTier = 'Basic'
param referencesMaxRU = 0
param kept = { filesDays: 30, logsDays: 30, logsDailyGB: 1 }
param budgetAmount = 50
param budgetStart = '2026-11-01'
