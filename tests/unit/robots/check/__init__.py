"""Tests of the conformance check."""
