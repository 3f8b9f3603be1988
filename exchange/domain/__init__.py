"""The rules of the exchange: the lifecycle, the validation of entries, names and errors. No I/O."""
