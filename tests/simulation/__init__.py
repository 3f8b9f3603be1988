"""A simulation: the real steps and lifecycle over fakes of every port, under one scheduler and one clock.

Whatever can happen between two calls of a port happens here: calls fail before or after their effect, writes clash,
processes die, events come late, twice or never, robots misbehave. `loop.py` makes time virtual, `faults.py` decides
what goes wrong at which call, `ports.py` puts that around the fakes, `world.py` delivers messages and events to
processes, `robots.py` are the robots, `invariants.py` says what must hold afterwards, `scenarios.py` what is played.
"""
