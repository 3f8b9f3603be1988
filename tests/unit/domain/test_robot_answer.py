from http import HTTPStatus

import pytest

from exchange.domain import events
from exchange.domain.batch import Upload
from exchange.domain.robot_answer import RobotAnswer, to_event
from tests.unit.domain.batches import a_batch

BATCH = a_batch(attempt=3, calls_started=4)
UPLOAD = Upload(etag="e", last_modified=1.0, size=1)

TOOK = [200, 201, 202, 204, 299]
OUT_OF_REACH = [None, 408, 429, 500, 502, 503, 504, 507, 599]
REFUSED = [100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 422, 425, 451, 499]


@pytest.mark.parametrize("http_status", TOOK)
def test_any_success_means_that_the_robot_took_it(http_status: int) -> None:
    assert to_event(RobotAnswer(http_status, "thanks"), BATCH, UPLOAD) == events.RobotAccepted()


@pytest.mark.parametrize("http_status", OUT_OF_REACH)
def test_an_answer_that_blames_the_moment_is_tried_again(http_status: int | None) -> None:
    event = to_event(RobotAnswer(http_status, "busy", 7.5), BATCH, UPLOAD)
    assert isinstance(event, events.RobotUnreachable)
    assert event.reason == ("busy" if http_status is None else f"HTTP {http_status}: busy")
    assert (event.attempt, event.call, event.retry_after_s, event.upload) == (3, 4, 7.5, UPLOAD)


@pytest.mark.parametrize("http_status", REFUSED)
def test_a_redirect_or_any_other_blame_of_the_call_is_a_refusal(http_status: int) -> None:
    event = to_event(RobotAnswer(http_status, "no"), BATCH, None)
    assert event == events.RobotRejected(call=4, http_status=http_status, words="no", upload=None)


def test_what_came_of_a_call_is_said_without_the_robots_words() -> None:
    assert RobotAnswer(503, "secret").outcome == "it answered 503"
    assert RobotAnswer(None, "secret").outcome == "it could not be reached"


@pytest.mark.parametrize("http_status", [None, *HTTPStatus])
def test_an_answer_is_never_both(http_status: int | None) -> None:
    answer = RobotAnswer(http_status, "")
    assert not (answer.accepted and answer.retryable)
