// The queues of messages that call robots, import results and notify webhooks.

import { Queue } from 'types.bicep'

@description('Name of the namespace.')
param name string
@description('Region of the resources.')
param location string
@description('Tier of the namespace.')
param serviceBusTier 'Basic' | 'Standard'
@description('The queues, as in infra/topology.json.')
param queues Queue[]
@description('The Log Analytics workspace that receives logs and metrics.')
param workspaceId string

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  sku: { name: serviceBusTier, tier: serviceBusTier }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

// Duplicate detection would drop the messages that the sweep resends.
resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for item in queues: {
    parent: namespace
    name: item.name
    properties: {
      lockDuration: 'PT${item.lockDurationSeconds}S'
      maxDeliveryCount: item.maxDeliveryCount
      defaultMessageTimeToLive: 'P${item.timeToLiveDays}D'
      deadLetteringOnMessageExpiration: true
      requiresDuplicateDetection: false
      requiresSession: false
      enablePartitioning: false
    }
  }
]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'OperationalLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
