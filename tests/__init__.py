"""Tests: `unit` on fakes, `contract` of each port on the fake and on the real thing, `local` of the local stack, `e2e`."""
