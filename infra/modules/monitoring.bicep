// Where logs, metrics and traces go (workspace, Application Insights), the workbook, and who receives alerts.

import { Names, Retention } from 'types.bicep'

@description('Names of all resources.')
param names Names
@description('Region of the resources.')
param location string
@description('How long data is kept, and how much is logged.')
param retention Retention
@description('E-mail address for alerts. If it is empty, the owners of the subscription receive them.')
param alertEmail string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: names.workspace
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retention.logsDays
    workspaceCapping: { dailyQuotaGb: retention.logsDailyGB }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: names.insights
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource workspaceLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [{ category: 'Audit', enabled: true }]
  }
}

// The app sends its telemetry with OpenTelemetry. These are the platform's own logs about Application Insights.
resource insightsLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: insights
  properties: {
    workspaceId: workspace.id
    metrics: [{ category: 'AllMetrics', enabled: false }]
    logs: [{ category: 'AppAvailabilityResults', enabled: true }]
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'exchange-workbook')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'Enhancement Exchange (${names.functionApp})'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: replace(loadTextContent('../workbook.json'), '<workspace>', workspace.id)
  }
}

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${names.functionApp}-alerts'
  location: 'global'
  properties: {
    groupShortName: 'exchange'
    enabled: true
    emailReceivers: empty(alertEmail)
      ? []
      : [{ name: 'operators', emailAddress: alertEmail, useCommonAlertSchema: true }]
    // The id is that of the built-in role 'Owner'.
    armRoleReceivers: empty(alertEmail)
      ? [{ name: 'owners', roleId: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', useCommonAlertSchema: true }]
      : []
  }
}

output workspaceId string = workspace.id
output actionGroupId string = actions.id
