"""The moves of the lifecycle's table, by the part of the flow that they belong to."""
