from uuid import uuid4

import pytest

from exchange.domain.callers import Caller, CallingRobot, Role, User, check_may_see
from exchange.domain.errors import Forbidden
from tests.unit.domain.batches import a_batch

BATCH = a_batch()
REQUESTOR, OPERATOR = frozenset({Role.REQUESTOR}), frozenset({Role.OPERATOR})


@pytest.mark.parametrize(
    "caller",
    [
        User(BATCH.requestor, REQUESTOR),
        User("another user", OPERATOR),
        User("another user", REQUESTOR | OPERATOR),
        CallingRobot(BATCH.robot_id),
    ],
)
def test_the_requestor_the_robot_and_operators_may_see_a_batch(caller: Caller) -> None:
    check_may_see(caller, BATCH)


@pytest.mark.parametrize(
    "caller", [User("another user", REQUESTOR), User(str(BATCH.robot_id), REQUESTOR), CallingRobot(uuid4())]
)
def test_other_callers_may_not_see_a_batch(caller: Caller) -> None:
    with pytest.raises(Forbidden, match="belongs to another caller"):
        check_may_see(caller, BATCH)


def test_only_the_role_operator_makes_a_user_an_operator() -> None:
    assert User(BATCH.requestor, OPERATOR).is_operator
    assert User(BATCH.requestor, REQUESTOR | OPERATOR).is_operator
    assert not User(BATCH.requestor, REQUESTOR).is_operator
    assert not User(BATCH.requestor, frozenset()).is_operator
