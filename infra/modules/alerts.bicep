// All alerts: on metrics of Azure services, on the workspace's logs, and on spending.

import { Names } from 'types.bicep'
import { Tunables } from 'tunables.bicep'

@description('Names of all resources.')
param names Names
@description('Region of the resources.')
param location string
@description('The action group that alerts notify.')
param actionGroupId string
@description('Settings of the app that differ from the default.')
param tunables Tunables
@description('The monthly budget in the currency of the subscription.')
param budgetAmount int
@description('First day of the month in which the budget starts.')
param budgetStart string
@description('E-mail address for the budget\'s alerts. The owners of the subscription receive them too.')
param alertEmail string

module metricAlerts 'metric-alerts.bicep' = {
  params: { names: names, actionGroupId: actionGroupId }
}

module logAlerts 'log-alerts.bicep' = {
  params: { names: names, location: location, actionGroupId: actionGroupId, tunables: tunables }
}

var contactEmails = empty(alertEmail) ? [] : [alertEmail]

resource spending 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: '${names.functionApp}-budget'
  properties: {
    category: 'Cost'
    amount: budgetAmount
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetStart }
    notifications: {
      nearlySpent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: contactEmails
        contactRoles: ['Owner']
      }
      forecastExceeded: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: contactEmails
        contactRoles: ['Owner']
      }
    }
  }
}
