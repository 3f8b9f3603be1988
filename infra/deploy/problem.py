"""What keeps a command from going on, as a sentence for a person."""


class DeployError(Exception):
    """A command can't go on; the sentence says why and what to do, `tail` is what the tool itself said last."""

    def __init__(self, sentence: str, tail: str = "") -> None:
        super().__init__(sentence)
        self.tail = tail
