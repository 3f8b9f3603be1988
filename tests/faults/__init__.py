"""Real processes and real faults: killed hosts, stores that cannot be reached, and robots that misbehave."""
