"""Tests of `exchange/contract`."""
