"""The local Functions host, with small function apps that the tests write."""
