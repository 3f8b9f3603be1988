"""The outside systems, one module or package each: their errors become ours here."""
