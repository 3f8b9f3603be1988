"""Runs a robot on the kit in a process of its own: `python -m exchange.robots.check.child module:robot ...`."""

import sys

from exchange.robots.find import FindError, find_robot


def main(arguments: list[str]) -> None:
    """Run the command line of the robot that the first argument names."""
    name, *options = arguments
    try:
        robot = find_robot(name)
    except FindError as error:
        sys.exit(str(error))
    robot.main(options)


if __name__ == "__main__":
    main(sys.argv[1:])
