"""Compatibility with each published release of destiny-sdk: its models, its client, and a robot that uses it."""
