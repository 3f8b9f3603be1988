from uuid import uuid4

import pytest

from exchange.domain.callers import Caller, CallingRobot, User, Role, check_may_see
from exchange.domain.errors import Forbidden
from tests.unit.domain.batches import a_batch

BATCH = a_batch()
REQUESTOR, OPERATOR = frozenset({Role.REQUESTOR}), frozenset({Role.OPERATOR})


@pytest.mark.parametrize(
    "caller",
    [
        User("someone", REQUESTOR),
        User("someone else", OPERATOR),
        User("someone else", REQUESTOR | OPERATOR),
        CallingRobot(BATCH.robot_id),
    ],
)
def test_a_batch_is_seen_by_its_requestor_its_robot_and_operators(caller: Caller) -> None:
    check_may_see(caller, BATCH)


@pytest.mark.parametrize(
    "caller", [User("someone else", REQUESTOR), User(str(BATCH.robot_id), REQUESTOR), CallingRobot(uuid4())]
)
def test_and_by_nobody_else(caller: Caller) -> None:
    with pytest.raises(Forbidden, match="not yours"):
        check_may_see(caller, BATCH)


def test_only_operators_operate() -> None:
    assert User("someone", OPERATOR).is_operator
    assert User("someone", REQUESTOR | OPERATOR).is_operator
    assert not User("someone", REQUESTOR).is_operator
    assert not User("someone", frozenset()).is_operator
