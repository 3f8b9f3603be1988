"""The local stack: what stands in for Azure on a laptop and in tests. Never deployed."""
