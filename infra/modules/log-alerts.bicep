// Alerts on what the app, the host and Cosmos DB tell the workspace. Each has its paragraph in docs/operating.md.

import { Place, Settings } from 'types.bicep'

param place Place
param actionGroupId string
@description('The app\'s settings by name.')
param settings Settings

// A batch waits for its robot this long; two hours later the sweep must have ended it.
var oldestSeconds = int(settings.ROBOT_SILENCE_LIMIT_S) + 7200

var alerts = [
  {
    name: 'poison-queue'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    says: 'The check of an uploaded result failed five times and is not tried again by itself.'
    query: '''
      let depth = AppMetrics | where Name == 'exchange.poison_queue.depth' | summarize Found = max(Max);
      let given_up = AppTraces | where Message has 'Message has reached MaxDequeueCount' | summarize Found = todouble(count());
      union depth, given_up | where Found > 0
    '''
  }
  {
    name: 'batch-overdue'
    severity: 1
    every: 'PT15M'
    window: 'PT30M'
    says: 'A batch is older than any deadline lets it be.'
    query: '''
      AppMetrics | where Name == 'exchange.batches.oldest_age' | where Max > <oldest>
    '''
  }
  {
    name: 'failure-rate'
    severity: 2
    every: 'PT1H'
    window: 'PT6H'
    says: 'More than a fifth of the batches that ended, and at least three, failed.'
    query: '''
      AppMetrics | where Name == 'exchange.batches.ended'
      | summarize Failed = sumif(Sum, tostring(Properties.status) == 'failed'), Ended = sum(Sum)
      | where Failed >= 3 and Failed > 0.2 * Ended
    '''
  }
  {
    name: 'cosmos-throttled'
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
    says: 'Cosmos DB refuses more than a tenth of the requests for want of RU/s.'
    query: '''
      CDBDataPlaneRequests
      | summarize Throttled = countif(toint(StatusCode) == 429), Requests = count()
      | where Requests >= 100 and Throttled > 0.1 * Requests
    '''
  }
  {
    name: 'robot-failing'
    severity: 3
    every: 'PT1H'
    window: 'PT6H'
    says: 'A robot was out of reach, refused or failed three times.'
    query: '''
      AppMetrics | where Name == 'exchange.robot.failures'
      | summarize Failures = sum(Sum) by Robot = tostring(Properties.robot_id)
      | where Failures >= 3
    '''
  }
  {
    name: 'function-errors'
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
    says: 'Functions end in errors that are not a caller\'s.'
    query: '''
      AppRequests
      | where Success == false and not(coalesce(toint(ResultCode), 0) between (400 .. 499))
      | summarize Errors = sum(ItemCount) by OperationName
      | where Errors >= 5
    '''
  }
  {
    name: 'no-sweep'
    severity: 0
    every: 'PT15M'
    window: 'PT30M'
    says: 'The sweep has not run for half an hour: the app does not start, or tells nothing.'
    query: '''
      let shown = AppMetrics | where Name == 'exchange.batches.oldest_age';
      let said = AppTraces | where Message startswith 'vitals:';
      union isfuzzy=true shown, said | summarize Sweeps = count() | where Sweeps == 0
    '''
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: place.names.workspace
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: '${place.names.functionApp}-${alert.name}'
    location: place.location
    kind: 'LogAlert'
    properties: {
      displayName: '${place.names.functionApp}: ${alert.name}'
      description: '${alert.says} What to do: docs/operating.md, ${alert.name}.'
      severity: alert.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: alert.every
      windowSize: alert.window
      autoMitigate: true
      // Tables come into being with their first line.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: replace(alert.query, '<oldest>', string(oldestSeconds))
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroupId] }
    }
  }
]
