"""Long work says that it is still at it, so that the sweep does not start it a second time."""

from uuid import UUID

from functions.domain.events import Worked
from functions.ports import Services
from functions.steps.advance import advance


class Heartbeat:
    """Records a sign of work, but no oftener than `record_progress_s`."""

    def __init__(self, batch_id: UUID, services: Services) -> None:
        self._batch_id = batch_id
        self._services = services
        self._last = services.clock()

    async def beat(self) -> None:
        """Record that there is still work going on, if the last record is old enough."""
        now = self._services.clock()
        if now - self._last >= self._services.deadlines.record_progress_s:
            self._last = now
            await advance(self._batch_id, Worked(), self._services)
