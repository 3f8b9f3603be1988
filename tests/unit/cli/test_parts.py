"""How the command shows a batch request in parts, and registers a robot that fetches its jobs."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exchange.cli.common import Common
from exchange.cli.exits import Exit
from exchange.client import UPLOADED_ABOVE
from exchange.client.errors import ExchangeError
from exchange.contract.activity import RobotActivity
from exchange.contract.batches import BatchEnhancementRequestRead, BatchStatus
from exchange.contract.parts import BatchPart
from exchange.contract.robots import ProvisionedRobot, Robot, RobotIn, RobotSettings
from exchange.contract.v1.robots import NO_BASE_URL
from exchange.domain.activity import summarize_activity
from tests.unit.cli.conftest import Run
from tests.unit.cli.server import make_id

SECRET = "5ec2e7" * 10 + "beef"
START = "2026-11-28T09:00:00Z"
COUNTS = {"requested": 4, "enhanced": 3, "failed": 1}


def make_part(number: int, status: str, **fields: Any) -> BatchPart:
    common = {"id": make_id(number), "number": number, "references": 4, "created_at": START}
    return BatchPart.model_validate({**common, "request_status": status, **fields})


PARTS = [
    make_part(1, "partial_failed", counts=COUNTS, ended_at="2026-11-28T09:05:00Z"),
    make_part(2, "failed", counts=COUNTS, returned=True, error="The lease expired.", ended_at=START),
    make_part(3, "accepted", counts={"requested": 4, "pending": 4}, leased_until="2026-11-28T09:10:00Z"),
]


class PreparedClient:
    """Has one robot and one batch request, and keeps what it is asked to change."""

    def __init__(self) -> None:
        self.states: list[BatchEnhancementRequestRead] = []
        self.robot = Robot(id=UUID(make_id(9)), name="r", base_url="https://r.example", description="", owner="")
        self.registered: list[RobotIn] = []
        self.settings: list[dict[str, Any]] = []
        self.requested = 0
        self.refusal: ExchangeError | None = None

    def list_parts(self, _batch_id: UUID) -> Iterator[BatchPart]:
        return iter(PARTS)

    def read_batch(self, _batch_id: UUID) -> BatchEnhancementRequestRead:
        return self.states[-1]

    def request_batch(self, *, reference_ids: Sequence[UUID], **_options: object) -> BatchEnhancementRequestRead:
        self.requested = len(reference_ids)
        return self.states[-1]

    def watch_batches(self, _ids: object, **_options: object) -> Iterator[BatchEnhancementRequestRead]:
        return iter(self.states)

    def find_robot(self, _name: str) -> Robot:
        return self.robot

    def read_robot_activity(self, _robot_id: UUID) -> RobotActivity:
        return summarize_activity([], truncated=False)

    def register_robot(self, robot: RobotIn) -> ProvisionedRobot:
        self.registered.append(robot)
        return ProvisionedRobot(id=self.robot.id, client_secret=SECRET, **robot.model_dump())

    def change_robot(self, _robot_id: UUID, settings: RobotSettings) -> Robot:
        if self.refusal is not None:
            raise self.refusal
        self.settings.append(settings.model_dump(exclude_unset=True))
        return self.robot.model_copy(update=self.settings[-1])

    def add_state(self, status: BatchStatus, made: int, left: int, **fields: Any) -> None:
        """Add a state of the batch request, in which two of its parts are open."""
        parts = {"made": made, "open": 2, "left": left}
        common = {"id": make_id(1), "robot_id": make_id(9), "reference_ids": None, "parts": parts}
        counts = {"requested": 12, "pending": 12}
        state = {**common, "request_status": status, "counts": counts, **fields}
        self.states.append(BatchEnhancementRequestRead.model_validate(state))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, folder: Path) -> PreparedClient:
    prepared = PreparedClient()

    @contextmanager
    def connect(_common: Common) -> Iterator[PreparedClient]:
        yield prepared

    monkeypatch.setattr(Common, "connect", connect)
    (folder / "config").mkdir()
    profiles = {"current": "one", "by_name": {"one": {"url": "https://exchange.example", "sign_in": "token"}}}
    (folder / "config" / "profiles.json").write_text(json.dumps(profiles))
    return prepared


def read_table(out: str) -> list[dict[str, str]]:
    head, *rows = (line.split("\t") for line in out.splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


class TestBatches:
    def test_the_parts_are_a_table(self, command: Run, client: PreparedClient) -> None:
        code, out, err = command("batches", "parts", client.robot.id)
        assert (code, err) == (Exit.DONE, "")
        first, replaced, open_part = read_table(out)
        assert (first["part"], first["job"], first["status"]) == ("1", make_id(1), "partial_failed")
        assert (first["references"], first["enhanced"], first["other"]) == ("4", "3", "1 failed")
        assert (first["leased until"], first["ended"]) == ("", "2026-11-28 09:05:00")
        # Its references are counted in the part that replaces it.
        assert (replaced["status"], replaced["enhanced"], replaced["other"]) == ("replaced", "", "")
        assert replaced["error"] == "The lease expired."
        assert (open_part["leased until"], open_part["ended"]) == ("2026-11-28 09:10:00", "")

    def test_the_parts_are_json(self, command: Run, client: PreparedClient) -> None:
        listed = json.loads(command("batches", "parts", client.robot.id, "--json")[1])
        assert [(part["number"], part.get("returned", False)) for part in listed] == [(1, False), (2, True), (3, False)]

    def test_a_batch_request_shows_how_far_its_parts_are(self, command: Run, client: PreparedClient) -> None:
        client.add_state(BatchStatus.ACCEPTED, made=3, left=0)
        rows = dict(line.split("\t") for line in command("batches", "show", make_id(1))[1].splitlines())
        assert (rows["parts: made"], rows["parts: open"], rows["parts: left"]) == ("3", "2", "0")

    @pytest.mark.parametrize("count", [UPLOADED_ABOVE, UPLOADED_ABOVE + 1])
    def test_a_list_that_is_read_later_is_announced(
        self, command: Run, client: PreparedClient, folder: Path, count: int
    ) -> None:
        client.add_state(BatchStatus.RECEIVED, made=0, left=0)
        (folder / "ids.txt").write_text("".join(f"{make_id(number)}\n" for number in range(1, count + 1)))
        code, _, err = command("batches", "request", "r", "--from", "ids.txt")
        assert (code, client.requested) == (Exit.DONE, count)
        announced = (
            "The exchange reads the list now, and the batch request can still fail. "
            f"Follow it: exchange batches watch {make_id(1)}"
        )
        assert err.splitlines()[1:] == ([announced] if count > UPLOADED_ABOVE else [])

    def test_the_progress_has_the_parts(self, command: Run, client: PreparedClient) -> None:
        client.add_state(BatchStatus.ACCEPTED, made=3, left=4)
        client.add_state(BatchStatus.ACCEPTED, made=4, left=0)
        client.add_state(BatchStatus.COMPLETED, made=4, left=0, ended_at=START)
        code, _, err = command("batches", "watch", make_id(1))
        assert code == Exit.DONE
        assert err.splitlines() == [
            f"{make_id(1)} accepted 0 of 12, 3 parts, 2 open, 4 references left",
            f"{make_id(1)} accepted 0 of 12, 4 parts, 2 open",
            f"{make_id(1)} completed 0 of 12",
        ]


class TestRobots:
    REGISTER = ("robots", "register", "r", "https://r.example:8000")

    def test_a_robot_that_fetches_is_registered(self, command: Run, client: PreparedClient) -> None:
        code, out, err = command(*self.REGISTER, "--delivery", "pull", "--max-references", 500)
        assert code == Exit.DONE
        assert client.settings == [{"delivery": "pull", "max_references": 500}]
        assert SECRET in out
        assert "--api https://exchange.example --pull\n" in err
        made = json.loads(command(*self.REGISTER, "--delivery", "pull", "--json")[1])
        assert (made["delivery"], made["client_secret"]) == ("pull", SECRET)

    def test_only_a_robot_that_is_called_needs_an_address(self, command: Run, client: PreparedClient) -> None:
        code, out, _ = command("robots", "register", "r", "--delivery", "pull", "--json")
        assert (code, json.loads(out)["delivery"]) == (Exit.DONE, "pull")
        assert client.registered[-1].base_url == NO_BASE_URL
        code, out, err = command("robots", "register", "r", "--delivery", "push")
        assert (code, out) == (Exit.USAGE, "")
        assert err == "exchange: Name the address that the exchange calls, or use --delivery pull.\n"

    def test_without_settings_nothing_is_changed(self, command: Run, client: PreparedClient) -> None:
        assert "--port 8000\n" in command(*self.REGISTER)[2]
        assert client.settings == []

    def test_the_secret_is_shown_if_the_settings_are_refused(self, command: Run, client: PreparedClient) -> None:
        client.refusal = ExchangeError("No.")
        code, out, err = command(*self.REGISTER, "--delivery", "pull")
        assert (code, SECRET in out) == (Exit.FAILED, True)
        assert err.splitlines()[-1] == "exchange: No."

    def test_the_delivery_is_changed(self, command: Run, client: PreparedClient) -> None:
        (row,) = read_table(command("robots", "update", "r", "--delivery", "pull", "--max-references", 9)[1])
        assert (row["delivery"], row["max references"]) == ("pull", "9")
        assert client.settings == [{"delivery": "pull", "max_references": 9}]
        assert command("robots", "update", "r", "--delivery", "carrier")[0] == Exit.USAGE

    def test_a_robot_without_an_address_is_shown_without_one(self, command: Run, client: PreparedClient) -> None:
        assert "base_url\thttps://r.example" in command("robots", "show", "r")[1]
        client.robot = Robot.model_validate({**dict(client.robot), "base_url": NO_BASE_URL, "delivery": "pull"})
        code, out, _ = command("robots", "show", "r")
        assert (code, "base_url" in out) == (Exit.DONE, False)
        assert json.loads(command("robots", "show", "r", "--json")[1])["base_url"] == NO_BASE_URL

    @pytest.mark.parametrize(("delivery", "shown"), [("push", ""), ("pull", "0")])
    def test_only_a_robot_that_fetches_has_references_to_fetch(
        self, command: Run, client: PreparedClient, delivery: str, shown: str
    ) -> None:
        client.robot = Robot.model_validate({**dict(client.robot), "delivery": delivery})
        rows = dict(line.split("\t") for line in command("robots", "show", "r")[1].splitlines())
        assert rows["references to fetch"] == shown
