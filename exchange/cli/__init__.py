"""The command `exchange`, for requestors, contributors and operators.

Data goes to standard output and messages to standard error. `--json` prints the models of the API. The exit codes are
those of `exits`.
"""
