"""The transitions of the lifecycle's table, one module for each part of the flow."""
