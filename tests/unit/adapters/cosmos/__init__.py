"""Tests of `exchange/adapters/cosmos` that need no emulator."""
