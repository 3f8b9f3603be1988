// Who the app is: the one identity that it shows to everything it uses.

import { Place } from 'types.bicep'

param place Place

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: place.names.identity
  location: place.location
}

output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
