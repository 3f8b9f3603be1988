"""The Azure resources as Bicep, and the commands that deploy them."""
