"""The heartbeat of long work. It keeps the sweep from starting the work a second time."""

from uuid import UUID

from exchange.domain.events import WorkContinued
from exchange.ports import Services
from exchange.use_cases.advance import advance


class Heartbeat:
    """Records a sign of work, at most every `heartbeat_interval_s`."""

    def __init__(self, batch_id: UUID, services: Services) -> None:
        self._batch_id = batch_id
        self._services = services
        self._last = services.clock()

    async def beat(self) -> None:
        """Record that the work continues, if the last record is old enough."""
        now = self._services.clock()
        if now - self._last >= self._services.deadlines.heartbeat_interval_s:
            self._last = now
            stored = await self._services.batches.load(self._batch_id)
            await advance(stored, WorkContinued(), self._services)
