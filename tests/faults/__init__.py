"""Real processes and real faults: hosts that are killed, stores out of reach, robots that do as they please."""
