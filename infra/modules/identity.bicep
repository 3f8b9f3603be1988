// The managed identity of the app. The app and the Functions host use it for every other service.

@description('Name of the identity.')
param name string
@description('Region of the resources.')
param location string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
}

output principalId string = identity.properties.principalId
