"""Errors on the wire (`application/problem+json`)."""

from functions.contract.base import WireModel


class Problem(WireModel):
    """An error: `detail` is a sentence a person can act on, `errors` has one sentence per fault."""

    title: str
    status: int
    detail: str
    errors: list[str]
