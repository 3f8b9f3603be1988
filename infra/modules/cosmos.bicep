// References with their enhancements, and the state of batches and robots.

import { Database, Kept, Place } from 'types.bicep'

param place Place
@description('The most RU/s that autoscale gives the references; 0: serverless.')
param maxRU int
@description('The database and its containers, as infra/topology.json has them.')
param database Database
param kept Kept
param workspaceId string

var serverless = maxRU == 0
var daySeconds = 86400

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' = {
  name: place.names.cosmos
  location: place.location
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    // One region. With less, another instance may not see a batch that was written a moment ago.
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' }
    locations: [{ locationName: place.location, failoverPriority: 0, isZoneRedundant: place.zoneRedundant }]
    capabilities: serverless ? [{ name: 'EnableServerless' }] : []
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: { tier: place.zoneRedundant ? 'Continuous30Days' : 'Continuous7Days' }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: 'Enabled'
  }
}

// Batches, robots and identifiers share 1,000 RU/s, apart from the references: an import can't starve them.
resource exchange 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-04-15' = {
  parent: account
  name: database.database
  properties: {
    resource: { id: database.database }
    options: serverless ? {} : { autoscaleSettings: { maxThroughput: 1000 } }
  }
}

resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-04-15' = [
  for item in database.containers: {
    parent: exchange
    name: item.name
    properties: {
      resource: union(
        {
          id: item.name
          partitionKey: { kind: 'Hash', paths: [item.partitionKey], version: 2 }
          uniqueKeyPolicy: { uniqueKeys: map(item.uniqueKeys, path => { paths: [path] }) }
          // Only what is queried is indexed; every other path would make each write dearer.
          indexingPolicy: {
            indexingMode: empty(item.indexed) ? 'none' : 'consistent'
            automatic: !empty(item.indexed)
            includedPaths: map(item.indexed, path => { path: path })
            excludedPaths: empty(item.indexed) ? [] : [{ path: '/*' }]
            compositeIndexes: item.indexedTogether
          }
        },
        item.name == 'batches' ? { defaultTtl: kept.filesDays * daySeconds } : {}
      )
      options: serverless || item.name != 'references' ? {} : { autoscaleSettings: { maxThroughput: maxRU } }
    }
  }
]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    // A line a request, which are few: the alert on throttled requests counts them.
    logs: [
      { category: 'DataPlaneRequests', enabled: true }
      { category: 'ControlPlaneRequests', enabled: true }
    ]
    metrics: [{ category: 'Requests', enabled: true }]
  }
}
