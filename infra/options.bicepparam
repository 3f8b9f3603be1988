// Every option taken, so that tests can read what each adds. Nobody deploys this.
using 'main.bicep'

param environmentName = 'dev'
param tokenAudience = 'api://enhancement-exchange'
param deployerId = '33333333-3333-3333-3333-333333333333'
param operatorsId = '44444444-4444-4444-4444-444444444444'
param alertEmail = 'operators@example.org'
param scale = { instanceMemoryMB: 2048, maximumInstances: 40, httpPerInstance: 16, alwaysReady: 0 }
param zoneRedundant = false
param serviceBusTier = 'Basic'
param referencesMaxRU = 0
param kept = { filesDays: 30, logsDays: 30, logsDailyGB: 1 }
param budgetAmount = 50
param budgetStart = '2026-11-01'
param tunables = { OPEN_BATCHES_LIMIT: '7' }
param hostManagesStorage = true
param updateStrategy = 'RollingUpdate'
