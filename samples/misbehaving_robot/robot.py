"""The misbehaving robot: it makes the mistakes one after the other, one for each reference."""

from collections import defaultdict
from itertools import cycle

from aiohttp import web

from samples.misbehaving_robot.mistakes import MISTAKES
from samples.robot_from_scratch.robot import Robot
from samples.robot_from_scratch.wire import Exchange, Json


class MisbehavingRobot:
    """Works like the sample robot, but delivers a result file full of mistakes.

    `GET /account` returns the ids of the references for each mistake, by the mistake's name.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._robot = Robot(exchange, self.work)
        self._reference_ids: defaultdict[str, list[str]] = defaultdict(list)

    def make_app(self) -> web.Application:
        """Return the web application."""
        app = self._robot.make_app()
        app.router.add_get("/account", self._return_account)
        return app

    async def work(self, exchange: Exchange, job: Json) -> None:
        """Upload a result file with the next mistake for each reference."""
        mistakes = cycle(MISTAKES)
        lines: list[bytes] = []
        async for reference in exchange.read_references(job):
            mistake = next(mistakes)
            self._reference_ids[mistake.name].append(reference["id"])
            lines += mistake.lines(reference)
        await exchange.upload_result(job, b"\n".join(lines))

    async def _return_account(self, _request: web.Request) -> web.Response:
        return web.json_response(self._reference_ids)
