// The alerts on robots, for log-alerts.bicep. It replaces `<wait>`.

@export()
@description('For each alert: its severity, how often it is evaluated and over which time, and its query.')
var robotAlerts = [
  {
    name: 'robot-failing'
    severity: 3
    evaluateEvery: 'PT1H'
    windowSize: 'PT6H'
    summary: 'A robot failed three times: it was unreachable, rejected batches, reported errors or was silent.'
    query: '''
      AppMetrics | where Name == 'exchange.robot.failures'
      | summarize Failures = sum(Sum) by Robot = tostring(Properties.robot_id)
      | where Failures >= 3
    '''
  }
  {
    name: 'leases-expiring'
    severity: 3
    evaluateEvery: 'PT1H'
    windowSize: 'PT6H'
    summary: 'Ten leases of a robot expired without a result: its processes die, or work longer than their leases.'
    query: '''
      AppMetrics | where Name == 'exchange.leases.expired'
      | summarize Expired = sum(Sum) by Robot = tostring(Properties.robot_id)
      | where Expired >= 10
    '''
  }
  {
    name: 'robot-not-fetching'
    severity: 3
    evaluateEvery: 'PT1H'
    windowSize: 'PT1H'
    summary: 'References have waited to be fetched for a seventh of the time after which they fail.'
    query: '''
      AppMetrics | where Name == 'exchange.fetch.wait'
      | summarize Wait = max(Max) by Robot = tostring(Properties.robot_id)
      | where Wait > <wait>
    '''
  }
]
