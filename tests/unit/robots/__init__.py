"""Tests of `exchange/robots`."""
