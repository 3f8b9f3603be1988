"""How `exchange ops` calls the exchange, and what it prints."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from exchange.cli.common import Common
from exchange.cli.exits import Exit
from exchange.contract.operations import (
    DeadLetterList,
    DeadLetterResendIn,
    DeadLetterResendResult,
    OperationStats,
    ResentDeadLetter,
)
from tests.unit.cli.conftest import Run

OUTAGE = "The queue 'import' cannot be reached (OSError)."
UNREACHABLE = [{"queue": "import", "reason": OUTAGE}]


def make_answer(*errors: str | None, first: int = 1, remaining: bool = False, **fields: Any) -> DeadLetterResendResult:
    results = [ResentDeadLetter(id=f"import/{number}", error=error) for number, error in enumerate(errors, first)]
    return DeadLetterResendResult(results=results, remaining=remaining, **{"unreachable": [], **fields})


class PreparedClient:
    """Returns prepared answers, and keeps the requests to resend."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.requests: list[DeadLetterResendIn] = []

    def resend_dead_letters(self, request: DeadLetterResendIn) -> Any:
        self.requests.append(request)
        return self.answers.pop(0)

    def list_dead_letters(self, *_arguments: object) -> Any:
        return self.answers.pop(0)

    def read_stats(self) -> Any:
        return self.answers.pop(0)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> PreparedClient:
    prepared = PreparedClient()

    @contextmanager
    def connect(_common: Common) -> Iterator[PreparedClient]:
        yield prepared

    monkeypatch.setattr(Common, "connect", connect)
    return prepared


def test_all_are_resent_until_none_remain(command: Run, client: PreparedClient) -> None:
    client.answers = [make_answer(None, "No.", remaining=True), make_answer(None, None, first=2)]
    code, out, err = command("ops", "dead-letters", "resend", "--all", "--queue", "import")
    # The second call has resent what the first one could not.
    assert (code, err) == (Exit.DONE, "")
    assert out == "id\tresult\nimport/1\tresent\nimport/2\tresent\nimport/3\tresent\n"
    assert [request.model_dump() for request in client.requests] == [{"ids": None, "all": True, "queue": "import"}] * 2


def test_it_stops_when_a_call_resends_nothing(command: Run, client: PreparedClient) -> None:
    client.answers = [make_answer("No.", remaining=True)]
    code, out, _ = command("ops", "dead-letters", "resend", "--all")
    assert (code, out) == (Exit.ENDED_WITH_FAILURES, "id\tresult\nimport/1\tnot resent. No.\n")


def test_ids_are_resent_100_at_a_time(command: Run, client: PreparedClient) -> None:
    client.answers = [make_answer(*[None] * 100), make_answer(None, first=101)]
    ids = [f"import/{number}" for number in range(1, 102)]
    code, out, _ = command("ops", "dead-letters", "resend", *ids, ids[0])
    assert (code, len(out.splitlines())) == (Exit.DONE, 102)
    assert [len(request.ids or ()) for request in client.requests] == [100, 1]


def test_a_queue_that_cannot_be_reached_is_named(command: Run, client: PreparedClient) -> None:
    client.answers = [make_answer(None, unreachable=UNREACHABLE)]
    code, out, err = command("ops", "dead-letters", "resend", "--all")
    assert (code, out, err) == (Exit.FAILED, "id\tresult\nimport/1\tresent\n", f"import: {OUTAGE}\n")
    client.answers = [
        DeadLetterList.model_validate({"dead_letters": [], "truncated": True, "unreachable": UNREACHABLE})
    ]
    code, _, err = command("ops", "dead-letters", "list")
    assert (code, err) == (Exit.FAILED, f"There are more than these.\nimport: {OUTAGE}\n")


def test_the_stats_name_what_cannot_be_read(command: Run, client: PreparedClient) -> None:
    stats = OperationStats.model_validate(
        {
            "overdue": 1,
            "dead_letters": [{"queue": "dispatch", "count": 2}, {"queue": "import", "count": None}],
            "unreachable": [{"part": "dead_letters.import", "reason": OUTAGE}],
        }
    )
    client.answers = [stats, stats]
    code, out, err = command("ops", "stats")
    assert (code, err) == (Exit.FAILED, f"dead_letters.import: {OUTAGE}\n")
    assert out.splitlines() == [
        "what\tcount\toldest (s)",
        "overdue batch requests\t1\t",
        "dead letters of dispatch\t2\t",
        "dead letters of import\t\t",
        "failed deliveries to webhooks\t\t",
    ]
    assert json.loads(command("ops", "stats", "--json")[1])["overdue"] == 1
