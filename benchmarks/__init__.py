"""Benchmarks. Each compares the exchange with a naive implementation and with an upper limit, in the same run."""
