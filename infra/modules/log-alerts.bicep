// Alerts on telemetry in the workspace: from the app, the Functions host and Cosmos DB. docs/operating.md has a section
// for each alert.

import { robotAlerts } from 'robot-alerts.bicep'
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

// The sweep ends the batch of a silent robot at this limit. The number is the code's default, which a test compares.
var silenceLimitS = int(tunables.?ROBOT_SILENCE_LIMIT_S ?? '86400')
var oldestAllowedS = silenceLimitS + 7200
// References that no robot fetches fail at this limit. A seventh of it is a day by default.
var fetchLimitS = int(tunables.?FETCH_LIMIT_S ?? '604800')
var waitAllowedS = fetchLimitS / 7

var alerts = [
  {
    name: 'poison-queue'
    severity: 1
    evaluateEvery: 'PT5M'
    windowSize: 'PT15M'
    summary: 'The validation of an uploaded result failed five times. The host does not try again.'
    query: '''
      let depth = AppMetrics | where Name == 'exchange.poison_queue.depth' | summarize Found = max(Max);
      let moved = AppTraces | where Message has 'Message has reached MaxDequeueCount' | summarize Found = todouble(count());
      union depth, moved | where Found > 0
    '''
  }
  {
    name: 'batch-overdue'
    severity: 1
    evaluateEvery: 'PT15M'
    windowSize: 'PT30M'
    summary: 'A batch is older than the silence limit of robots plus two hours, or a deadline passed two hours ago.'
    query: '''
      let old = AppMetrics | where Name == 'exchange.batches.oldest_age' | where Max > <oldest>;
      let overdue = AppMetrics | where Name == 'exchange.batches.longest_overdue' | where Max > 7200;
      union old, overdue
    '''
  }
  {
    name: 'failure-rate'
    severity: 2
    evaluateEvery: 'PT1H'
    windowSize: 'PT6H'
    summary: 'More than a fifth of the batches that ended failed, and at least three.'
    query: '''
      AppMetrics | where Name == 'exchange.batches.ended'
      | summarize Failed = sumif(Sum, tostring(Properties.status) == 'failed'), Ended = sum(Sum)
      | where Failed >= 3 and Failed > 0.2 * Ended
    '''
  }
  {
    name: 'cosmos-throttled'
    severity: 2
    evaluateEvery: 'PT15M'
    windowSize: 'PT30M'
    summary: 'Cosmos DB throttles more than a tenth of the requests, because too few RU/s are provisioned.'
    query: '''
      CDBDataPlaneRequests
      | summarize Throttled = countif(toint(StatusCode) == 429), Requests = count()
      | where Requests >= 100 and Throttled > 0.1 * Requests
    '''
  }
  {
    name: 'webhook-failing'
    severity: 3
    evaluateEvery: 'PT1H'
    windowSize: 'PT6H'
    summary: 'A delivery to a webhook failed after its last attempt, or no webhook could be notified of a batch.'
    query: '''
      AppMetrics | where Name == 'exchange.webhook.deliveries' and tostring(Properties.state) == 'failed' | where Sum > 0
    '''
  }
  {
    name: 'function-errors'
    severity: 2
    evaluateEvery: 'PT15M'
    windowSize: 'PT30M'
    summary: 'A function failed five times. Errors of callers (4xx) are not counted.'
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
    evaluateEvery: 'PT15M'
    windowSize: 'PT30M'
    summary: 'No sweep for half an hour: the app does not start, or its telemetry does not arrive.'
    query: '''
      let gauges = AppMetrics | where Name == 'exchange.batches.oldest_age';
      let lines = AppTraces | where Message startswith 'stats:';
      union isfuzzy=true gauges, lines | summarize Sweeps = count() | where Sweeps == 0
    '''
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: names.workspace
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in concat(alerts, robotAlerts): {
    name: '${names.functionApp}-${alert.name}'
    location: location
    kind: 'LogAlert'
    properties: {
      displayName: '${names.functionApp}: ${alert.name}'
      description: '${alert.summary} What to do: docs/operating.md, ${alert.name}.'
      severity: alert.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: alert.evaluateEvery
      windowSize: alert.windowSize
      autoMitigate: true
      // A table exists only after its first row, so a query cannot be validated before.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: replace(replace(alert.query, '<oldest>', string(oldestAllowedS)), '<wait>', string(waitAllowedS))
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
