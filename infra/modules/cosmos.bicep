// Cosmos DB: references with their enhancements, identifiers, batches, robots, webhooks and their deliveries.

import { Database, Retention } from 'types.bicep'

@description('Name of the account.')
param name string
@description('Region of the resources.')
param location string
@description('Whether the account is spread over availability zones.')
param zoneRedundant bool
@description('Maximum RU/s of the container `references` with autoscale. 0 means serverless.')
param referencesMaxRU int
@description('The database and its containers, as in infra/topology.json.')
param database Database
@description('How long data is kept, and how much is logged.')
param retention Retention
@description('The Log Analytics workspace that receives logs and metrics.')
param workspaceId string

var serverless = referencesMaxRU == 0
var daySeconds = 86400

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' = {
  name: name
  location: location
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    // With a weaker level, another instance may not see a batch that was just written.
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' }
    locations: [{ locationName: location, failoverPriority: 0, isZoneRedundant: zoneRedundant }]
    capabilities: serverless ? [{ name: 'EnableServerless' }] : []
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: { tier: zoneRedundant ? 'Continuous30Days' : 'Continuous7Days' }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: 'Enabled'
  }
}

// All other containers share 1,000 RU/s. The references have their own, so an import does not slow them down.
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
          // Only paths that a query names are indexed. Every other index would make each write more expensive.
          indexingPolicy: {
            indexingMode: empty(item.indexed) ? 'none' : 'consistent'
            automatic: !empty(item.indexed)
            includedPaths: map(item.indexed, path => { path: path })
            excludedPaths: empty(item.indexed) ? [] : [{ path: '/*' }]
            compositeIndexes: item.indexedTogether
          }
        },
        contains(['batches', 'deliveries'], item.name) ? { defaultTtl: retention.filesDays * daySeconds } : {}
      )
      options: serverless || item.name != 'references' ? {} : { autoscaleSettings: { maxThroughput: referencesMaxRU } }
    }
  }
]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    // One row for each request. The alert `cosmos-throttled` counts them.
    logs: [
      { category: 'DataPlaneRequests', enabled: true }
      { category: 'ControlPlaneRequests', enabled: true }
    ]
    metrics: [{ category: 'Requests', enabled: true }]
  }
}
