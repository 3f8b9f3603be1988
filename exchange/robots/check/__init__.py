"""The conformance check for robots: it plays the exchange, offline, and judges what a robot does."""
