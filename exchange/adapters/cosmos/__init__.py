"""Cosmos DB: batches, robots, and references with their identifiers and enhancements.

Each item has a `schema_version`; see `versions`.
"""
