// The orders that wait to be carried out.

import { Place, Queue } from 'types.bicep'

param place Place
param tier string
param queues Queue[]
param workspaceId string

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: place.names.serviceBus
  location: place.location
  sku: { name: tier, tier: tier }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

// An order sent again must not be dropped as a duplicate: the sweep lives by that.
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
