"""A robot that takes 20 ms for a reference, and writes each one that it judges to the file `CALLS`."""

import os
import time
from pathlib import Path

from exchange.robots import Annotation, Reference, Robot, annotation

robot = Robot("slow", version="1", needs=["abstract"])


@robot.enhance
def enhance(reference: Reference) -> Annotation:
    """Return a label."""
    with Path(os.environ["CALLS"]).open("a") as calls:
        calls.write(f"{reference.id}\n")
    time.sleep(float(os.environ.get("SECONDS", "0.02")))
    return annotation("slow", "judged")


if __name__ == "__main__":
    robot.main()
