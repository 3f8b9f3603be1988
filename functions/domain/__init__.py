"""What the exchange decides: the lifecycle, the check of result entries, names and errors. No I/O."""
