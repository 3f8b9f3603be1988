"""What is played: a robot, when its blob events come, and how many batches there are."""

from dataclasses import dataclass, replace
from random import Random

from exchange.domain.robot_answer import RobotAnswer
from tests.simulation import robots
from tests.simulation.faults import Broken, Plan, Planned, faults_of
from tests.simulation.invariants import check
from tests.simulation.loop import simulate
from tests.simulation.world import Events, RobotPlay, Simulation

HOUR_S = 3600.0
# A silent robot has a day, after two hours to take the batch; then ten tries of a quarter of an hour a window.
BOUND_S = 48 * HOUR_S


# Without these nobody can say how a batch stands, or whether there is a result: it waits until they are back.
VITAL = {"batches.due", "batches.load", "batches.replace", "results.current_upload"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One play. `small`: it has so few calls that every pair of faults can be tried."""

    name: str
    robot: RobotPlay
    events: Events = ((1.0,),)
    references: int = 5
    batches: int = 1
    small: bool = False


REFUSES = RobotAnswer(422, "only English")
SCENARIOS = (
    Scenario("all goes well", robots.takes(), references=2, small=True),
    Scenario("something of everything", robots.takes(robots.mixed)),
    Scenario("nothing usable", robots.takes(robots.nothing_usable), references=2, small=True),
    Scenario("the event never comes", robots.takes(robots.mixed), events=((),)),
    Scenario("the event comes late and twice", robots.takes(robots.mixed), events=((90.0, 90.0),)),
    Scenario("two validations at once", robots.takes(), events=((1.0, 1.0, 1.005),), references=3),
    Scenario("reports and uploads in every order", robots.takes(robots.mixed, robots.report_twice_around_two_uploads)),
    Scenario(
        "the event of the last upload never comes",
        robots.takes(robots.mixed, robots.report_twice_around_two_uploads),
        events=((0.75,), ()),
    ),
    Scenario("uploads after the report", robots.takes(robots.mixed, robots.replace_after_the_report)),
    Scenario("never reported", robots.takes(robots.mixed, robots.only_upload)),
    Scenario("never reported, and no event", robots.takes(then=robots.only_upload), events=((),), references=2),
    Scenario("silent", robots.takes(then=robots.say_nothing), references=2),
    Scenario("an error after an upload", robots.takes(then=robots.fail), references=2, small=True),
    Scenario("an error after a success", robots.takes(then=robots.contradict), references=3),
    Scenario("all done before it answers", robots.before_it_answers(robots.TAKEN, robots.mixed)),
    Scenario("all done, and then it refuses", robots.before_it_answers(REFUSES, robots.mixed)),
    Scenario("uploaded, and then it refuses", robots.before_it_answers(REFUSES, then=robots.only_upload), references=2),
    Scenario("uploaded, and then it breaks down", robots.before_it_answers(robots.BUSY, then=robots.only_upload)),
    Scenario("busy at first", robots.at_first([robots.BUSY, robots.NO_ANSWER], robots.takes()), references=2),
    Scenario("has it though the call timed out", robots.lets_it_time_out(robots.takes(robots.mixed))),
    Scenario("refuses", robots.always(REFUSES), references=2, small=True),
    Scenario("down for good", robots.always(robots.NO_ANSWER), references=2),
    Scenario("two batches at once", robots.takes(robots.mixed, pause_s=0.5), batches=2),
)


DELAYS_S = (0.0, 0.5, 0.75, 1.0, 5.0, 130.0, 1000.0)


def play(scenario: Scenario, plan: Plan) -> Simulation:
    """Play it to its end and check what must hold; raises AssertionError."""
    return simulate(_play(scenario, plan))


async def _play(scenario: Scenario, plan: Plan) -> Simulation:
    simulation = Simulation(plan, scenario.robot, scenario.events)
    await simulation.populate(scenario.references)
    for _ in range(scenario.batches):
        simulation.start(simulation.request())
    await simulation.run_until_quiet(BOUND_S)
    check(simulation)
    return simulation


def rolled(random: Random) -> Scenario:
    """Choose a scenario by chance, and when its events come."""
    scenario = random.choice(SCENARIOS)
    events = [
        [random.choice(DELAYS_S) for _ in range(random.choice((0, 1, 1, 2)))] for _ in range(random.randint(1, 3))
    ]
    events_too = random.choice((events, scenario.events))
    return replace(scenario, events=events_too, batches=random.choice((1, 1, 2, 3)))


def ways_to_break(scenario: Scenario) -> list[Broken]:
    """List what can break for good once a batch is registered, or its robot is called, and they end all the same."""
    calls = play(scenario, Planned()).calls.made
    # Once at the usual pace, and once so slowly that work has to say that it is still going on.
    return [
        Broken(call, fault, after, latency_s)
        for after in ("batches.create", "robot_calls.send_job")
        for call in sorted({*calls[calls.index(after) :]} - {after} - VITAL)
        for fault in faults_of(call)
        for latency_s in (0.01, 20.0)
    ]
