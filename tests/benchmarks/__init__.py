"""The benchmarks: their inputs, tables and plots."""
