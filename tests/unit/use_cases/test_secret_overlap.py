"""A replaced secret of a robot stays valid for a while, in both directions."""

import pytest

from exchange.contract.robots import RobotIn
from exchange.domain.batch import Phase
from exchange.domain.errors import NotAuthenticated
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.signatures import SignedCall, sign
from exchange.use_cases.authenticate_robot import authenticate_robot
from exchange.use_cases.manage_robots import cycle_secret, update_robot
from tests.unit.use_cases.conftest import Exchange

OVERLAP_S = 86_400


async def authenticates(exchange: Exchange, version: int) -> bool:
    """Return whether the exchange accepts a call that the robot signs with this version of its secret."""
    robot_id, timestamp = exchange.robot.id, str(exchange.clock())
    secret = exchange.services.secrets.derive(robot_id, version)
    call = SignedCall(robot_id, sign(secret, b"body", robot_id, timestamp), timestamp, b"body")
    try:
        await authenticate_robot(call, exchange.services)
    except NotAuthenticated:
        return False
    return True


async def test_the_previous_secret_is_accepted_for_a_day(exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    await cycle_secret(exchange.robot.id, exchange.services)
    with caplog.at_level("WARNING"):
        assert [await authenticates(exchange, version) for version in (1, 2, 3)] == [True, True, False]
    assert [record.getMessage() for record in caplog.records] == [
        f"robot {exchange.robot.id} signed with its previous secret, which will end"
    ]
    exchange.clock.now += OVERLAP_S - 1
    assert await authenticates(exchange, 1)
    exchange.clock.now += 1
    assert [await authenticates(exchange, version) for version in (1, 2)] == [False, True]


async def test_a_revoked_secret_ends_at_once(exchange: Exchange) -> None:
    await cycle_secret(exchange.robot.id, exchange.services)
    await cycle_secret(exchange.robot.id, exchange.services, revoke=True)
    assert [await authenticates(exchange, version) for version in (1, 2, 3)] == [False, False, True]


async def test_a_second_cycle_ends_the_secret_before_the_previous_one(exchange: Exchange) -> None:
    for _ in range(2):
        await cycle_secret(exchange.robot.id, exchange.services)
    assert [await authenticates(exchange, version) for version in (1, 2, 3)] == [False, True, True]


async def test_a_changed_registration_keeps_both_secrets(exchange: Exchange) -> None:
    await cycle_secret(exchange.robot.id, exchange.services)
    changed = RobotIn.model_validate({**exchange.robot.model_dump(exclude={"id"}), "description": "new"})
    await update_robot(exchange.robot.id, changed, exchange.services)
    assert [await authenticates(exchange, version) for version in (1, 2)] == [True, True]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_robot_with_the_old_secret_is_called_once_more_with_it(exchange: Exchange, status: int) -> None:
    derive = exchange.services.secrets.derive
    await cycle_secret(exchange.robot.id, exchange.services)

    async def knows_the_old_secret(_job: object) -> RobotAnswer:
        known = exchange.robot_calls.secrets[-1] == derive(exchange.robot.id, 1)
        return RobotAnswer(202 if known else status, "no message")

    exchange.robot_calls.behaviour = knows_the_old_secret
    batch_id = await exchange.register_and_dispatch()
    assert exchange.get_batch(batch_id).phase is Phase.ACCEPTED
    assert exchange.robot_calls.secrets == [derive(exchange.robot.id, version) for version in (2, 1)]


async def test_there_is_no_second_call_that_could_outlive_the_claim_on_the_first(exchange: Exchange) -> None:
    async def refuse_slowly(_job: object) -> RobotAnswer:
        exchange.clock.now += 31
        return RobotAnswer(401, "no")

    exchange.robot_calls.behaviour = refuse_slowly
    await cycle_secret(exchange.robot.id, exchange.services)
    await exchange.register_and_dispatch()
    assert len(exchange.robot_calls.secrets) == 1


async def test_another_refusal_is_not_repeated_with_the_old_secret(exchange: Exchange) -> None:
    async def refuse(_job: object) -> RobotAnswer:
        return RobotAnswer(422, "no")

    exchange.robot_calls.behaviour = refuse
    await cycle_secret(exchange.robot.id, exchange.services)
    batch_id = await exchange.register_and_dispatch()
    assert exchange.get_batch(batch_id).status == "rejected"
    assert len(exchange.robot_calls.secrets) == 1


async def test_a_robot_that_never_accepts_the_signature_ends_as_rejected_after_the_retries(exchange: Exchange) -> None:
    async def refuse(_job: object) -> RobotAnswer:
        return RobotAnswer(401, "bad signature")

    exchange.robot_calls.behaviour = refuse
    batch_id = await exchange.register_and_dispatch()
    assert exchange.get_batch(batch_id).phase is Phase.RECEIVED
    while not exchange.get_batch(batch_id).ended:
        exchange.clock.now += 700
        await exchange.dispatch(batch_id, exchange.get_batch(batch_id).attempt)
    batch = exchange.get_batch(batch_id)
    assert batch.status == "rejected"
    assert batch.error == (
        "The robot did not accept the last call: it did not accept the exchange's signature (HTTP 401: bad signature)."
    )
