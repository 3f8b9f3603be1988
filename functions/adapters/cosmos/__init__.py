"""Cosmos DB: batches, robots, and references with their identifiers and enhancements."""
