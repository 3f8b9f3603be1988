"""Errors on the wire (`application/problem+json`)."""

from exchange.contract.base import WireModel


class Problem(WireModel):
    """An error. `detail` describes it in sentences that a person can act on; `errors` has one sentence per fault."""

    title: str
    status: int
    detail: str
    errors: list[str]
