// Where everything is told, and who is told what needs somebody.

import { Kept, Place } from 'types.bicep'

param place Place
param kept Kept
param alertEmail string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: place.names.workspace
  location: place.location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: kept.logsDays
    workspaceCapping: { dailyQuotaGb: kept.logsDailyGB }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: place.names.insights
  location: place.location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [{ category: 'Audit', enabled: true }]
  }
}

// The app's own telemetry comes by its SDK. This is what the platform says of the component.
resource insightsMetrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: insights
  properties: {
    workspaceId: workspace.id
    metrics: [{ category: 'AllMetrics', enabled: false }]
    logs: [{ category: 'AppAvailabilityResults', enabled: true }]
  }
}

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${place.names.functionApp}-alerts'
  location: 'global'
  properties: {
    groupShortName: 'exchange'
    enabled: true
    emailReceivers: empty(alertEmail)
      ? []
      : [{ name: 'operators', emailAddress: alertEmail, useCommonAlertSchema: true }]
    // The built-in role 'Owner'.
    armRoleReceivers: empty(alertEmail)
      ? [{ name: 'owners', roleId: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', useCommonAlertSchema: true }]
      : []
  }
}

output workspaceId string = workspace.id
output actionGroupId string = actions.id
