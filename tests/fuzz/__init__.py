"""Coverage-guided fuzzing. pytest does not collect it; `make fuzz` runs it."""
