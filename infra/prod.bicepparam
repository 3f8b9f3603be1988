// The exchange that teams rely on: spread over zones, with instances that are always there.
using 'main.bicep'

param environmentName = 'prod'
param scale = { instanceMemoryMB: 2048, maximumInstances: 100, httpPerInstance: 16, alwaysReady: 2 }
param zoneRedundant = true
param serviceBusTier = 'Standard'
param referencesMaxRU = 10000
param kept = { filesDays: 180, logsDays: 90, logsDailyGB: 5 }
param budgetAmount = 1000
param budgetStart = '2026-11-01'
