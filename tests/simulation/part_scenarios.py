"""Scenarios of batch requests in parts: sent to a robot a few at a time, or fetched by several processes of a robot."""

from dataclasses import replace
from functools import partial
from random import Random

from exchange.contract.robots import Delivery
from tests.simulation import fetching, receivers, robots
from tests.simulation.fetching import Worker, make_result_of_part
from tests.simulation.scenarios import DELAYS_S, Scenario

_Fetched = partial(
    Scenario, robot=robots.answer_always(robots.REJECTED), delivery=Delivery.PULL, make_result=make_result_of_part
)
_Sent = partial(Scenario, max_references=2)
_deliver = Worker([fetching.deliver])
_accept_and_work = robots.accept_and_work(make_result_of_part)

FETCHED = (
    _Fetched("fetched", references=2, small=True, workers=(_deliver,)),
    _Fetched("fetched in three parts", references=6, workers=(Worker([fetching.deliver], limits=(1, 4)),)),
    _Fetched("fetched by two at once", workers=(_deliver, _deliver), make_result=robots.make_valid_result),
    _Fetched(
        "fetched by three at once, with different limits",
        references=6,
        workers=tuple(Worker([fetching.deliver], limits=limits) for limits in ((1,), (2, 1), (3,))),
    ),
    _Fetched("fetched by slow robots", references=4, workers=(Worker([fetching.work_slowly]), _deliver)),
    _Fetched("given back", references=4, workers=(Worker([fetching.give_back] * 4 + [fetching.deliver]),)),
    _Fetched(
        "given back while another one fetches",
        references=3,
        workers=(Worker([fetching.give_back, fetching.give_back, fetching.deliver], limits=(3,)), _deliver),
    ),
    _Fetched(
        "a result of a part that was given back",
        references=3,
        workers=(Worker([fetching.give_back_and_deliver, fetching.deliver]), Worker([fetching.deliver], start_s=9.0)),
    ),
    _Fetched("robots that die", references=4, workers=(Worker([fetching.die, fetching.die, fetching.deliver]),)),
    _Fetched("robots that always die", references=3, workers=(Worker([fetching.die], limits=(3, 2)),)),
    _Fetched("a late result that counts", references=2, workers=(Worker([fetching.deliver_late, fetching.deliver]),)),
    _Fetched(
        "a late result after another robot has the references",
        references=2,
        workers=(Worker([fetching.deliver_late, fetching.deliver]), Worker([fetching.work_slowly], start_s=20.0)),
    ),
    _Fetched(
        "a result after the end",
        references=3,
        workers=(Worker([fetching.deliver_very_late], parts=1), Worker([fetching.deliver], start_s=20.0)),
    ),
    _Fetched(
        "a result at the end of the lease",
        references=3,
        workers=(
            Worker([fetching.deliver_at_the_last_moment]),
            Worker([fetching.upload_just_after_the_lease], start_s=2.0),
            Worker([fetching.deliver], poll_s=1.0, start_s=299.0),
        ),
    ),
    _Fetched(
        "a renewal at the end of the lease",
        references=3,
        workers=(
            Worker([fetching.renew_at_the_last_moment]),
            Worker([fetching.die, fetching.deliver], start_s=2.0),
            Worker([fetching.deliver], poll_s=0.5, start_s=300.0),
        ),
    ),
    _Fetched("an upload without a report", references=3, workers=(Worker([robots.upload_only]),)),
    _Fetched(
        "an upload without a report, and no other fetch",
        references=2,
        events=((),),
        workers=(Worker([robots.upload_only], parts=1),),
    ),
    _Fetched(
        "errors of robots that fetch",
        references=4,
        workers=(Worker([robots.upload_and_report_an_error, robots.report_an_error_after_success]),),
    ),
    _Fetched(
        "callbacks and uploads in every order for parts",
        references=3,
        workers=(Worker([robots.call_back_before_and_after_two_uploads]),),
    ),
    _Fetched("not fetched", references=2),
    _Fetched("not fetched any more", references=3, workers=(Worker([fetching.deliver], parts=1),)),
    _Fetched(
        "not fetched any more after a lease", references=3, workers=(Worker([fetching.deliver, fetching.die], parts=2),)
    ),
    _Fetched(
        "cancelled before the first fetch",
        references=3,
        workers=(_deliver,),
        cancel_at="batches.create",
        cancel_delays=(0.02,),
    ),
    _Fetched(
        "cancelled during a fetch",
        references=5,
        workers=(_deliver, _deliver),
        cancel_at="batches.list_available",
        cancel_delays=(0.0, 0.03, 0.05),
    ),
    _Fetched(
        "cancelled while two robots work",
        workers=(Worker([fetching.work_slowly]), _deliver),
        cancel_at="results.find_upload",
        cancel_delays=(0.0, 0.02),
    ),
    _Fetched(
        "cancelled during the import of a part",
        references=6,
        workers=(Worker([fetching.deliver], limits=(5, 1)),),
        cancel_at="references.import_entries",
    ),
    _Fetched("a test run in parts", references=5, test_run=True, workers=(Worker([fetching.deliver], limits=(3,)),)),
    _Fetched("fetched and retried", references=5, retries=1, workers=(Worker([fetching.deliver], limits=(3,)),)),
    _Fetched(
        "cancelled and retried while robots fetch",
        references=4,
        retries=2,
        workers=(_deliver, Worker([fetching.deliver], start_s=2.0)),
        cancel_at="references.import_entries",
    ),
    _Fetched("some references need no part", skipped=2, workers=(Worker([fetching.deliver], limits=(3,)),)),
    _Fetched("two users with the same key and a robot that fetches", references=2, key=True, workers=(_deliver,)),
    _Fetched(
        "a webhook of a batch request in parts",
        references=3,
        receivers=(receivers.be_busy_at_first,),
        workers=(_deliver,),
    ),
    _Fetched("two batch requests of a robot that fetches", references=3, batches=2, workers=(_deliver, _deliver)),
)

SENT = (
    _Sent("sent in three parts", _accept_and_work, references=6),
    _Sent("sent in parts of one", robots.accept_and_work(), references=3, max_references=1),
    _Sent("parts of which all are rejected", robots.answer_always(robots.REJECTED), references=3),
    _Sent(
        "parts that cannot be sent at first",
        robots.answer_first([robots.BUSY, robots.NO_ANSWER], _accept_and_work),
        references=3,
    ),
    _Sent("parts that can never be sent", robots.answer_always(robots.NO_ANSWER), references=5),
    _Sent("silent about parts", robots.accept_and_work(work=robots.stay_silent), references=3),
    _Sent(
        "no callbacks and no blob events for parts",
        robots.accept_and_work(make_result_of_part, robots.upload_only),
        references=3,
        events=((),),
    ),
    _Sent(
        "errors of parts that were sent",
        robots.accept_and_work(make_result_of_part, robots.upload_and_report_an_error),
        references=3,
    ),
    _Sent("cancelled while parts are made", _accept_and_work, references=6, cancel_at="robot_calls.send_job"),
    _Sent(
        "cancelled while a part makes room for another",
        _accept_and_work,
        references=6,
        cancel_at="references.import_entries",
        cancel_delays=(0.0, 0.1, 0.15),
    ),
    _Sent("sent and retried", _accept_and_work, references=5, retries=1),
    _Sent("some references are in no sent part", _accept_and_work, skipped=1, references=6),
)

PART_SCENARIOS = (*FETCHED, *SENT)


# After the first of these calls, a random schedule may cancel its batch requests.
_CANCEL_AT = (
    *("batches.list_available", "batches.create", "robot_calls.send_job", "files.create.commit"),
    *("results.find_upload", "references.import_entries", "webhooks.load"),
)


def choose_part_scenario(random: Random) -> Scenario:
    """Choose a scenario, and the delays of its events, its batches, its webhooks and its workers at random."""
    scenario = random.choice(PART_SCENARIOS)
    random_events = [
        [random.choice(DELAYS_S) for _ in range(random.choice((0, 1, 1, 2)))] for _ in range(random.randint(1, 3))
    ]
    chosen = tuple(random.choice(receivers.RECEIVERS) for _ in range(random.choice((0, 0, 1))))
    workers = random.choice((scenario.workers, _choose_workers(random)))
    return replace(
        scenario,
        events=random.choice((random_events, scenario.events)),
        batches=random.choice((1, 1, 1, 2)),
        large_results=random.random() < 0.3,
        cancel_at=scenario.cancel_at or random.choice((None, None, None, *_CANCEL_AT)),
        cancel_delays=random.choice(((0.0,), (0.02, 0.04), (0.05,), (0.5, 1.0), (5.0, 8.0), (200.0,))),
        receivers=scenario.receivers or chosen,
        workers=workers if scenario.workers else (),
    )


def _choose_workers(random: Random) -> tuple[Worker, ...]:
    """Choose processes of a robot. The last thing that each of them does for ever is to deliver, or to die."""
    return tuple(
        Worker(
            works=[
                *(random.choice(fetching.WORKS) for _ in range(random.randint(0, 5))),
                random.choice((fetching.deliver, fetching.deliver, fetching.die)),
            ],
            limits=random.choice(((1,), (2,), (3,), (1, 4), (3, 2))),
            lease_s=random.choice((30.0, 300.0, 300.0)),
            start_s=random.choice((1.0, 1.0, 2.0, 40.0)),
            poll_s=random.choice((0.5, 10.0, 45.0, 45.0)),
            parts=random.choice((None, None, None, 2)),
        )
        for _ in range(random.randint(1, 4))
    )
