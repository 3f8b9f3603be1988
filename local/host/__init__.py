"""A Functions host that runs the app's functions as Azure does, and refuses what Azure refuses.

It works with any function app: it reads the FunctionApp object, host.json and the environment.
"""
