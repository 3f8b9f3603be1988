"""The local stack: emulators and a Functions host that replace Azure on a laptop and in tests. Never deployed."""
