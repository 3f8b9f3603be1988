"""The commands for operators, on a running stack."""
