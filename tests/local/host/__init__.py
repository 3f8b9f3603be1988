"""The local Functions host, on small apps of its own."""
