// Uses every option, so that tests can read what each option adds. It is never deployed.
using 'main.bicep'

param environmentName = 'dev'
param tokenAudience = 'api://enhancement-exchange'
param deployerId = '33333333-3333-3333-3333-333333333333'
param alertEmail = 'operators@example.org'
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
param tunables = { OPEN_BATCHES_LIMIT: '7', ROBOT_SILENCE_LIMIT_S: '172800', FETCH_LIMIT_S: '1209600' }
param hostManagesStorage = true
param updateStrategy = 'RollingUpdate'
