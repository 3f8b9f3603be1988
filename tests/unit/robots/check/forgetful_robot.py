"""A robot on the kit that keeps its jobs in a folder that is new at each start, as in a container without a volume."""

import tempfile
from collections.abc import Sequence

from exchange.robots import Annotation, Reference, Robot, annotation


class _Forgetful(Robot):
    def main(self, argv: Sequence[str] | None = None) -> None:
        with tempfile.TemporaryDirectory() as folder:
            super().main([*(argv or ()), "--state", folder])


robot = _Forgetful("forgetful", version="1")


@robot.enhance
def enhance(_reference: Reference) -> Annotation:
    """Return a label."""
    return annotation("forgetful", "judged")
