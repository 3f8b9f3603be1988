// Alerts on what the platform itself counts. Each has its paragraph in docs/operating.md.

import { Place } from 'types.bicep'

param place Place
param actionGroupId string

var alerts = [
  {
    name: 'dead-letter-queue'
    severity: 1
    says: 'Orders failed ten times, or expired, and lie in a dead-letter queue.'
    scope: resourceId('Microsoft.ServiceBus/namespaces', place.names.serviceBus)
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'DeadletteredMessages'
    aggregation: 'Maximum'
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
  }
  {
    name: 'event-dead-letters'
    severity: 2
    says: 'Event Grid could not tell the app of an upload and gave the event up. The sweep finds the upload.'
    scope: resourceId('Microsoft.EventGrid/systemTopics', place.names.topic)
    namespace: 'Microsoft.EventGrid/systemTopics'
    metric: 'DeadLetteredCount'
    aggregation: 'Total'
    dimensions: []
  }
]

resource rules 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in alerts: {
    name: '${place.names.functionApp}-${alert.name}'
    location: 'global'
    properties: {
      description: '${alert.says} What to do: docs/operating.md, ${alert.name}.'
      severity: alert.severity
      enabled: true
      scopes: [alert.scope]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT5M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'any'
            metricNamespace: alert.namespace
            metricName: alert.metric
            timeAggregation: alert.aggregation
            operator: 'GreaterThan'
            threshold: 0
            dimensions: alert.dimensions
          }
        ]
      }
      actions: [{ actionGroupId: actionGroupId }]
    }
  }
]
