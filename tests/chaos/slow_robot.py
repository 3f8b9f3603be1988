"""A robot on the kit that needs some time for each reference. `killed_workers.py` runs many processes of it."""

import time

from exchange.robots import Annotation, Reference, Robot, annotation

SOURCE = "slow robot"

robot = Robot("slow", version="1", needs=["bibliographic"], source=SOURCE)


@robot.enhance
def think(reference: Reference) -> list[Annotation]:
    """Return one annotation, after a while."""
    time.sleep(0.05)
    return [annotation("chaos", reference.title or "no title")]


if __name__ == "__main__":
    robot.main()
