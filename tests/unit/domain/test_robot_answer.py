from http import HTTPStatus

import pytest

from exchange.domain import events
from exchange.domain.batch import Upload
from exchange.domain.robot_answer import RobotAnswer, to_event
from tests.unit.domain.batches import a_batch

BATCH = a_batch(attempt=3, calls_started=4)
UPLOAD = Upload(etag="e", last_modified=1.0, size=1)

ACCEPTED = [200, 201, 202, 204, 299]
# The robot did not accept the signature of the exchange.
UNAUTHORIZED = [401, 403]
RETRYABLE = [None, 408, 429, 500, 502, 503, 504, 507, 599]
REJECTED = [100, 199, 300, 301, 302, 304, 307, 308, 400, 404, 405, 409, 410, 413, 422, 425, 451, 499]


@pytest.mark.parametrize("http_status", ACCEPTED)
def test_a_2xx_status_means_that_the_robot_accepted_the_batch(http_status: int) -> None:
    assert to_event(RobotAnswer(http_status, "thanks"), BATCH, UPLOAD) == events.RobotAccepted()


@pytest.mark.parametrize("http_status", RETRYABLE)
def test_no_answer_and_a_temporary_status_mean_that_the_robot_is_unreachable(http_status: int | None) -> None:
    event = to_event(RobotAnswer(http_status, "busy", 7.5), BATCH, UPLOAD)
    assert isinstance(event, events.RobotUnreachable)
    assert event.reason == ("busy" if http_status is None else f"HTTP {http_status}: busy")
    assert (event.attempt, event.call, event.retry_after_s, event.upload) == (3, 4, 7.5, UPLOAD)


@pytest.mark.parametrize("http_status", UNAUTHORIZED)
def test_a_refused_signature_means_that_the_robot_is_called_again(http_status: int) -> None:
    answer = RobotAnswer(http_status, "who are you")
    event = to_event(answer, BATCH, None)
    assert isinstance(event, events.RobotUnreachable)
    assert event.reason == f"it did not accept the exchange's signature (HTTP {http_status}: who are you)"
    assert event.refused_signature
    assert answer.refuses_signature


@pytest.mark.parametrize("http_status", REJECTED)
def test_any_other_status_means_that_the_robot_rejected_the_batch(http_status: int) -> None:
    event = to_event(RobotAnswer(http_status, "no"), BATCH, None)
    assert event == events.RobotRejected(call=4, http_status=http_status, message="no", upload=None)


def test_the_summary_leaves_out_the_robots_message() -> None:
    assert RobotAnswer(503, "secret").summary == "http_status=503"
    assert RobotAnswer(None, "secret").summary == "no answer"


@pytest.mark.parametrize("http_status", [None, *HTTPStatus])
def test_an_answer_is_never_both_accepted_and_retryable(http_status: int | None) -> None:
    answer = RobotAnswer(http_status, "")
    assert not (answer.accepted and answer.retryable)
