"""Runs a robot on the kit in a process of its own: `python -m exchange.robots.check.child module:robot ...`."""

import importlib
import sys

from exchange.robots.robot import Robot


def main(arguments: list[str]) -> None:
    """Run the command line of the robot that the first argument names."""
    name, *options = arguments
    module_name, _, attribute = name.partition(":")
    robot = getattr(importlib.import_module(module_name), attribute or "robot", None)
    if not isinstance(robot, Robot):
        sys.exit(f"{name} is not a robot on the kit. Write module:robot, where robot is a Robot of exchange.robots.")
    robot.main(options)


if __name__ == "__main__":
    main(sys.argv[1:])
