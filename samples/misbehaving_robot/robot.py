"""How a batch goes through it: each reference meets the next misdeed of the list."""

from collections import defaultdict
from itertools import cycle

from aiohttp import web

from samples.misbehaving_robot.misdeeds import MISDEEDS
from samples.robot.robot import Robot
from samples.robot.wire import Exchange, Json


class MisbehavingRobot:
    """Works like the sample robot, but for what it delivers.

    `GET /account` says what it did: for each misdeed, by its name, the ids of the references it was done to.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._robot = Robot(exchange, self.work)
        self._done: defaultdict[str, list[str]] = defaultdict(list)

    def app(self) -> web.Application:
        """Return the web application."""
        app = self._robot.app()
        app.router.add_get("/account", self._account)
        return app

    async def work(self, exchange: Exchange, order: Json) -> None:
        """Deliver a result file of misdeeds."""
        misdeeds = cycle(MISDEEDS)
        lines: list[bytes] = []
        async for reference in exchange.references(order):
            misdeed = next(misdeeds)
            self._done[misdeed.name].append(reference["id"])
            lines += misdeed.lines(reference)
        await exchange.deliver(order, b"\n".join(lines))

    async def _account(self, _request: web.Request) -> web.Response:
        return web.json_response(self._done)
