"""Errors on the wire (`application/problem+json`)."""

from pydantic import Field

from exchange.contract.base import WireModel


class Problem(WireModel):
    """An error. `detail` describes it in sentences that a person can act on; `errors` has one sentence per fault."""

    title: str = Field(description="The name of the HTTP status.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="All sentences of `errors`.")
    errors: list[str] = Field(description="One sentence for each fault.")
