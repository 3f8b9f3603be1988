// What is watched, and what it may cost.

import { Place, Settings } from 'types.bicep'

param place Place
param actionGroupId string
@description('The app\'s settings by name: some alerts go by its deadlines.')
param settings Settings
param budgetAmount int
param budgetStart string
param alertEmail string

module metricAlerts 'metric-alerts.bicep' = {
  params: { place: place, actionGroupId: actionGroupId }
}

module logAlerts 'log-alerts.bicep' = {
  params: { place: place, actionGroupId: actionGroupId, settings: settings }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: place.names.workspace
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'exchange-workbook')
  location: place.location
  kind: 'shared'
  properties: {
    displayName: 'Enhancement Exchange (${place.names.functionApp})'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: replace(loadTextContent('../workbook.json'), '<workspace>', workspace.id)
  }
}

resource spending 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: '${place.names.functionApp}-budget'
  properties: {
    category: 'Cost'
    amount: budgetAmount
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetStart }
    notifications: {
      nearly: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: empty(alertEmail) ? [] : [alertEmail]
        contactRoles: ['Owner']
      }
      spent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: empty(alertEmail) ? [] : [alertEmail]
        contactRoles: ['Owner']
      }
    }
  }
}
