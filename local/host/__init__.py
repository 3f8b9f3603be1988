"""A Functions host: runs the app's functions as Azure does, and is harsh where Azure is harsh.

It knows no function by name: it reads the FunctionApp object, host.json and the environment.
"""
