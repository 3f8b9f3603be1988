// Alerts on metrics that Azure services count. docs/operating.md has a section for each alert.

import { Names } from 'types.bicep'

@description('Names of all resources.')
param names Names
@description('The action group that alerts notify.')
param actionGroupId string

var alerts = [
  {
    name: 'dead-letter-queue'
    severity: 1
    summary: 'Messages are in a dead-letter queue: they failed ten times, or expired.'
    scope: resourceId('Microsoft.ServiceBus/namespaces', names.serviceBus)
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'DeadletteredMessages'
    aggregation: 'Maximum'
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
  }
  {
    name: 'event-dead-letters'
    severity: 2
    summary: 'Event Grid could not deliver blob events to the app. The sweep finds the uploads.'
    scope: resourceId('Microsoft.EventGrid/systemTopics', names.topic)
    namespace: 'Microsoft.EventGrid/systemTopics'
    metric: 'DeadLetteredCount'
    aggregation: 'Total'
    dimensions: []
  }
]

resource rules 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in alerts: {
    name: '${names.functionApp}-${alert.name}'
    location: 'global'
    properties: {
      description: '${alert.summary} What to do: docs/operating.md, ${alert.name}.'
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
