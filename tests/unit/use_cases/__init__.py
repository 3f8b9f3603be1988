"""Tests of the use cases on fakes of the ports."""
