"""A simulator of the whole flow: the real use cases and lifecycle, on fakes of all ports, with a virtual clock.

The simulator causes everything that can happen between two calls of a port. Calls fail before or after their effect,
writes conflict, and processes die. Events arrive late, twice or never. Robots misbehave.

- `loop.py` makes time virtual.
- `faults.py` decides which call goes wrong, and how.
- `ports.py` adds the faults to the fakes.
- `world.py` delivers messages and events to processes.
- `robots.py` has the robots that are called, `fetching.py` those that fetch.
- `scenarios.py` has the scenarios, and `part_scenarios.py` those of batch requests in parts.
- `claims.py` and `part_checks.py` check each write, `invariants.py` and `part_invariants.py` what must be true after
  every run.
- `soak.py` runs random schedules.
"""
