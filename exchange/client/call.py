"""A call of the API, without how it is sent. `Client` and `AsyncClient` send the same calls."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from exchange.client.errors import Unreachable, make_error

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Query = Mapping[str, Any]

# The first digit of the status of a success.
_SUCCESS = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the exchange."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """A request, and how its answer is read. `repeatable` says that sending it twice does what sending it once does."""

    method: str
    path: str
    read: Callable[[Answer], T]
    query: Sequence[tuple[str, str]] = ()
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def read_answer(self, answer: Answer, *, may_be_done: bool = False) -> T:
        """Return what the answer says. Raises Refused, or Unreachable if it cannot be used.

        `may_be_done` says that an earlier attempt may have been carried out. Then a deletion that finds nothing to
        delete has succeeded.
        """
        deleted = may_be_done and self.method == "DELETE" and answer.status == HTTPStatus.NOT_FOUND
        success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        if not (success or deleted or answer.status == HTTPStatus.NOT_MODIFIED):
            raise make_error(answer.status, answer.content)
        try:
            return self.read(answer)
        except ValidationError:
            raise Unreachable(
                f"The answer to {self.method} {self.path} cannot be read. Is this the address of an exchange?"
            ) from None


def get(path: str, model: type[M], query: Query | None = None) -> Call[M]:
    """Return the call that reads this model."""
    return Call(method="GET", path=path, read=reader(model), query=make_query(query or {}))


def send(  # noqa: PLR0913 - the parts of a request
    method: str,
    path: str,
    model: type[M],
    body: BaseModel | None = None,
    *,
    repeatable: bool = False,
    query: Query | None = None,
    headers: Mapping[str, str] | None = None,
) -> Call[M]:
    """Return a call with a JSON body. Fields that are not set are left out."""
    content = None if body is None else body.model_dump_json(exclude_unset=True).encode()
    media_type = {} if body is None else {"Content-Type": "application/json"}
    return Call(
        method=method,
        path=path,
        read=reader(model),
        query=make_query(query or {}),
        content=content,
        headers={**media_type, **(headers or {})},
        repeatable=repeatable,
    )


def reader(model: type[M]) -> Callable[[Answer], M]:
    """Return what reads the model from an answer."""
    return lambda answer: model.model_validate_json(answer.content)


def make_query(values: Query) -> list[tuple[str, str]]:
    """Return the parameters that have a value. A list gives one parameter for each item."""
    return [
        (name, str(item).lower() if isinstance(item, bool) else str(item))
        for name, value in values.items()
        if value is not None
        for item in (value if isinstance(value, Iterable) and not isinstance(value, str) else [value])
    ]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and the call that reads the next ones. None on the last page."""

    items: Sequence[T]
    next: Call["Page[T]"] | None
