"""The use cases, one per file. They take plain values and `Services`, and return plain values."""
