"""Tests of `exchange/domain`."""
