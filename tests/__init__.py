"""Tests: `unit` on fakes, `contract` of each port on fake and real thing, `local` of the local stack, `e2e`."""
