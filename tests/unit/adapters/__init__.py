"""Tests of `exchange/adapters` that need no emulator."""
