"""Coverage-guided fuzzing: not collected by pytest, run by `make fuzz`."""
