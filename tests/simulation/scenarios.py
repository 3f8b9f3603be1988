"""Scenarios: a robot, when its blob events arrive, and how many batches there are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from exchange.contract.robots import Delivery
from tests.simulation import receivers, robots
from tests.simulation.faults import BrokenCall, Fault, FixedPlan, Plan, list_faults
from tests.simulation.fetching import Worker
from tests.simulation.invariants import check
from tests.simulation.loop import simulate
from tests.simulation.receivers import ReceiverBehaviour
from tests.simulation.robots import MakeResult
from tests.simulation.world import OTHER_REQUESTOR, REQUESTOR, EventDelays, RobotBehaviour, Simulation

HOUR_S = 3600.0
# Two hours until the robot accepts, a day of silence, and for each chunk ten attempts of a quarter of an hour. A report
# of parts that is written slowly, by processes that die at its end, takes longest.
TIME_LIMIT_S = 96 * HOUR_S

# Without these calls the exchange cannot know the state of a batch or of a delivery to a webhook, or whether there is a
# result, or accepts no batch. A batch or a delivery cannot end before they work again.
VITAL_CALLS = {
    *("batches.list_overdue", "batches.load", "batches.replace", "batches.count_open", "results.find_upload"),
    *("webhook_deliveries.list_overdue", "webhook_deliveries.load", "webhook_deliveries.replace"),
}


# The end of a batch reads the webhooks of its requestor. An error there does not matter. But if every process dies
# there, no batch can end.
FATAL = {("webhooks.load", Fault.DIES_BEFORE)}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A robot and its batches. A `small` scenario has so few calls that every pair of faults can be tried.

    Results are small for the exchange unless there are `large_results`. The batches are cancelled after the first call
    named `cancel_at`, once for each of the `cancel_delays`. Each batch that has ended is retried once, with as many
    calls as `retries`. If `skipped` is set, so many references are enhanced already, and batch requests leave those
    out. `receivers` are those of the webhooks. With a `key`, two users request their batch twice with the same
    idempotency key. The robot takes at most `max_references` in one job. With a `delivery` of `pull` it fetches its
    jobs: then `workers` are its processes, with results by `make_result`.
    """

    name: str
    robot: RobotBehaviour
    events: EventDelays = ((1.0,),)
    references: int = 5
    batches: int = 1
    small: bool = False
    large_results: bool = False
    test_run: bool = False
    cancel_at: str | None = None
    cancel_delays: Sequence[float] = (0.0,)
    retries: int = 0
    key: bool = False
    skipped: int | None = None
    receivers: tuple[ReceiverBehaviour, ...] = ()
    max_references: int | None = None
    delivery: Delivery = Delivery.PUSH
    workers: tuple[Worker, ...] = ()
    make_result: MakeResult = robots.make_valid_result


SCENARIOS = (
    Scenario("success", robots.accept_and_work(), references=2, small=True),
    Scenario("entries of every kind", robots.accept_and_work(robots.make_mixed_result)),
    Scenario("no valid entry", robots.accept_and_work(robots.make_unreadable_result), references=2, small=True),
    Scenario("the blob event is lost", robots.accept_and_work(robots.make_mixed_result), events=((),)),
    Scenario(
        "the blob event of a large result is lost",
        robots.accept_and_work(robots.make_mixed_result),
        events=((),),
        large_results=True,
    ),
    # The robot calls back two seconds after its upload.
    Scenario("the callback comes before the blob event", robots.accept_and_work(), events=((30.0,),), references=2),
    Scenario(
        "the callback of a large result comes before the blob event",
        robots.accept_and_work(),
        events=((4.0,),),
        references=2,
        large_results=True,
    ),
    Scenario(
        "the callback and the blob event come at the same time",
        robots.accept_and_work(robots.make_mixed_result),
        events=((2.0, 2.04),),
    ),
    Scenario(
        "the blob event arrives late and twice",
        robots.accept_and_work(robots.make_mixed_result),
        events=((90.0, 90.0),),
    ),
    Scenario("concurrent validations", robots.accept_and_work(), events=((1.0, 1.0, 1.005),), references=3),
    Scenario(
        "callbacks and uploads in every order",
        robots.accept_and_work(robots.make_mixed_result, robots.call_back_before_and_after_two_uploads),
    ),
    Scenario(
        "the event of the last upload is lost",
        robots.accept_and_work(robots.make_mixed_result, robots.call_back_before_and_after_two_uploads),
        events=((0.75,), ()),
    ),
    Scenario(
        "uploads after the callback",
        robots.accept_and_work(robots.make_mixed_result, robots.replace_the_upload_after_the_callback),
    ),
    Scenario("no callback", robots.accept_and_work(robots.make_mixed_result, robots.upload_only)),
    Scenario(
        "no callback and no blob event", robots.accept_and_work(work=robots.upload_only), events=((),), references=2
    ),
    Scenario(
        "a robot that uploads again and again",
        robots.accept_and_work(work=robots.upload_again_and_again),
        events=((),),
        references=2,
    ),
    Scenario(
        "more uploads than are validated before the callback",
        robots.accept_and_work(work=robots.upload_often_and_call_back),
        references=2,
    ),
    Scenario("a silent robot", robots.accept_and_work(work=robots.stay_silent), references=2),
    Scenario(
        "an error after an upload",
        robots.accept_and_work(work=robots.upload_and_report_an_error),
        references=2,
        small=True,
    ),
    Scenario(
        "an error after a success", robots.accept_and_work(work=robots.report_an_error_after_success), references=3
    ),
    Scenario(
        "the work is done before the answer", robots.work_before_answering(robots.ACCEPTED, robots.make_mixed_result)
    ),
    Scenario(
        "the work is done before a rejection", robots.work_before_answering(robots.REJECTED, robots.make_mixed_result)
    ),
    Scenario(
        "an upload before a rejection",
        robots.work_before_answering(robots.REJECTED, work=robots.upload_only),
        references=2,
    ),
    Scenario("an upload before a 503", robots.work_before_answering(robots.BUSY, work=robots.upload_only)),
    Scenario(
        "unreachable at first",
        robots.answer_first([robots.BUSY, robots.NO_ANSWER], robots.accept_and_work()),
        references=2,
    ),
    Scenario(
        "accepted, but the call timed out",
        robots.lose_the_first_answer(robots.accept_and_work(robots.make_mixed_result)),
    ),
    Scenario("rejected", robots.answer_always(robots.REJECTED), references=2, small=True),
    Scenario(
        "a webhook whose answers are lost",
        robots.answer_always(robots.REJECTED),
        references=2,
        small=True,
        receivers=(receivers.lose_answers_at_first,),
    ),
    Scenario(
        "two webhooks of a batch with a result",
        robots.accept_and_work(),
        references=2,
        receivers=(receivers.accept, receivers.be_busy_at_first),
    ),
    Scenario(
        "a webhook that is gone",
        robots.answer_always(robots.REJECTED),
        references=2,
        batches=2,
        receivers=(receivers.be_gone, receivers.accept),
    ),
    Scenario("never reachable", robots.answer_always(robots.NO_ANSWER), references=2),
    Scenario("a test run", robots.accept_and_work(robots.make_mixed_result), test_run=True),
    Scenario(
        "cancelled before the robot has the batch", robots.accept_and_work(), references=2, cancel_at="batches.create"
    ),
    Scenario("cancelled during the call", robots.accept_and_work(), references=2, cancel_at="robot_calls.send_job"),
    Scenario("cancelled before the callback", robots.accept_and_work(), references=2, cancel_at="results.find_upload"),
    Scenario(
        "cancelled and delivered at the same time",
        robots.accept_and_work(),
        references=2,
        cancel_at="results.find_upload",
        cancel_delays=(2.0, 2.02, 2.04),
    ),
    Scenario(
        "cancelled during the first chunk",
        robots.accept_and_work(robots.make_mixed_result),
        references=12,
        cancel_at="references.import_entries",
    ),
    Scenario(
        "cancelled during the second chunk, twice",
        robots.accept_and_work(robots.make_mixed_result),
        references=12,
        cancel_at="references.import_entries",
        cancel_delays=(0.06, 0.07),
    ),
    Scenario(
        "cancelled during the report",
        robots.accept_and_work(),
        references=2,
        cancel_at="references.import_entries",
        cancel_delays=(0.08, 0.12),
    ),
    Scenario("retried", robots.accept_and_work(robots.make_half_result), references=8, retries=1),
    Scenario("retried twice at once", robots.accept_and_work(robots.make_half_result), references=3, retries=2),
    Scenario(
        "cancelled during the first chunk and retried",
        robots.accept_and_work(robots.make_valid_result),
        references=12,
        cancel_at="references.import_entries",
        retries=1,
    ),
    Scenario("retried after an error", robots.accept_and_work(work=robots.upload_and_report_an_error), retries=1),
    Scenario(
        "some references are enhanced already", robots.accept_and_work(robots.make_result_of_older_version), skipped=1
    ),
    Scenario("all references are enhanced already", robots.accept_and_work(), references=2, skipped=2),
    Scenario("two users with the same key", robots.accept_and_work(), references=2, key=True),
    Scenario("concurrent batches", robots.accept_and_work(robots.make_mixed_result, pause_s=0.5), batches=2),
)


# A batch request in parts needs the queue, too, and makes items later than at its registration.
_VITAL_FOR_PARTS = {"queues.send", "batches.create"}
# What is written before a robot gets the part that it fetches. If that fails, the part is given back, and robots may
# fetch it again and again.
_OF_FETCHES = {"references.stream", "files.create.write", "files.create.commit", "files.read"}


def _keeps_parts_open(scenario: Scenario, call: str, fault: Fault) -> bool:
    """Return whether the batch requests of the scenario cannot end while this call fails."""
    in_parts = scenario.delivery is Delivery.PULL or scenario.max_references is not None
    gives_back = fault in {Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.THROTTLED}
    is_fetched = scenario.delivery is Delivery.PULL
    return (in_parts and call in _VITAL_FOR_PARTS) or (is_fetched and call in _OF_FETCHES and gives_back)


# The delays of blob events from which random schedules choose.
DELAYS_S = (0.0, 0.5, 0.75, 1.0, 5.0, 130.0, 1000.0)


def run_scenario(scenario: Scenario, plan: Plan) -> Simulation:
    """Run the scenario until all batches have ended, and check the invariants. Raises AssertionError."""
    return simulate(_run(scenario, plan))


async def _run(scenario: Scenario, plan: Plan) -> Simulation:
    simulation = Simulation(plan, scenario.robot, scenario.events, large_results=scenario.large_results)
    await simulation.populate(
        scenario.references, scenario.receivers, scenario.skipped, scenario.delivery, scenario.max_references
    )
    simulation.test_run = scenario.test_run
    if scenario.cancel_at is not None:
        simulation.cancel_at(scenario.cancel_at, scenario.cancel_delays)
    if scenario.retries:
        simulation.start(simulation.retry(scenario.retries))
    if scenario.key:
        for user in (REQUESTOR, OTHER_REQUESTOR) * 2:
            simulation.start(simulation.request_with_a_key(user))
    for _ in range(0 if scenario.key else scenario.batches):
        simulation.start(simulation.request_batch())
    for worker in scenario.workers:
        simulation.start_in_background(worker.run(simulation, scenario.make_result))
    await simulation.run_until_ended(TIME_LIMIT_S)
    check(simulation)
    return simulation


def choose_scenario(random: Random) -> Scenario:
    """Choose a scenario, the delays of its events, the number of its batches and its webhooks at random."""
    scenario = random.choice(SCENARIOS)
    random_events = [
        [random.choice(DELAYS_S) for _ in range(random.choice((0, 1, 1, 2)))] for _ in range(random.randint(1, 3))
    ]
    events = random.choice((random_events, scenario.events))
    cancel_delays = random.choice(((0.0,), (0.05,), (0.5, 0.5), (5.0,), scenario.cancel_delays))
    chosen = tuple(random.choice(receivers.RECEIVERS) for _ in range(random.choice((0, 1, 2))))
    return replace(
        scenario,
        events=events,
        batches=random.choice((1, 1, 2, 3)),
        large_results=random.random() < 0.5,
        cancel_delays=cancel_delays,
        receivers=scenario.receivers or chosen,
    )


def list_broken_calls(scenario: Scenario) -> list[BrokenCall]:
    """List the calls that may fail for ever, after the registration or the call to the robot. The batch still ends."""
    calls = run_scenario(scenario, FixedPlan()).calls.made
    # The second latency is so long that work has to record heartbeats.
    return [
        BrokenCall(call, fault, after, latency_s)
        for after in ("batches.create", "robot_calls.send_job")
        if after in calls
        for call in sorted({*calls[calls.index(after) :]} - {after} - VITAL_CALLS)
        for fault in list_faults(call)
        if (call, fault) not in FATAL and not _keeps_parts_open(scenario, call, fault)
        for latency_s in (0.01, 20.0)
    ]
