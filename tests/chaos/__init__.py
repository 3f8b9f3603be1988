"""A stream of batches on two hosts, while everything around them fails at random.

The simulator explores the order of all calls, on fakes. This runs real processes, clients and protocols instead, so a
seed repeats the robots, the faults and their times, but not what happens between them.

- `plan.py` decides by the seed what happens when.
- `robots.py` has the robots, and how the batch of each must end.
- `hosts.py` starts and kills the hosts. Each has its own proxies in front of the same emulators.
- `run.py` follows the plan and heals everything.
- `verdicts.py` checks every batch afterwards.
- `summary.py` prints the result.

`killed_workers.py` is another run: only the processes of a robot that fetches its jobs are killed (`slow_robot.py`).
"""
