"""The work on a job that the robot has fetched, with the renewal of its lease."""

import asyncio
import logging

from exchange.contract.robots import BatchRobotRequest
from exchange.robots.errors import AttemptFailedError, LeaseLostError
from exchange.robots.jobs import JobStore
from exchange.robots.leases import LeasingExchange
from exchange.robots.logs import bind_batch
from exchange.robots.work import JobRunner

log = logging.getLogger("robot")

# The lease survives a renewal that fails, and then some attempts at the next one.
_RENEWALS_PER_LEASE = 3
_ATTEMPTS_PER_LEASE = 12


class LeasedJob:
    """Works on a job until its callback is sent, its lease is lost, or it is given back. Its files are then deleted."""

    def __init__(self, job: BatchRobotRequest, exchange: LeasingExchange, runner: JobRunner, store: JobStore) -> None:
        self._batch_id = str(job.id)
        self._exchange = exchange
        self._store = store
        # Whether the work was stopped by the robot, and not by the author's function.
        self._abandoned = False
        with bind_batch(self._batch_id):
            self._working = asyncio.create_task(runner.run(job))
            self._renewing = asyncio.create_task(self._keep_lease())
            self.task = asyncio.create_task(self._wait())

    async def give_back(self) -> None:
        """Stop the work, so that another process can fetch the job at once. If that fails, the lease expires."""
        self._renewing.cancel()
        self._abandon()
        with bind_batch(self._batch_id):
            try:
                await self._exchange.give_back(self._batch_id)
            except LeaseLostError:
                log.info("the job has ended")
            except AttemptFailedError as error:
                log.warning("the job was not given back, so its lease expires: %s", error)
            else:
                log.info("the job was given back")
        await self.task

    def _abandon(self) -> None:
        self._abandoned = True
        self._working.cancel()

    async def _wait(self) -> None:
        # After an error the lease is not given back: otherwise the job would be fetched and fail without end.
        try:
            await self._working
        except asyncio.CancelledError:
            if not self._abandoned:
                log.exception("the job was cancelled, and its lease expires")
        except Exception:
            log.exception("the job stopped, and its lease expires")
        finally:
            self._renewing.cancel()
            self._store.discard(self._batch_id)

    async def _keep_lease(self) -> None:
        """Renew the lease until it is lost. Then stop the work: another robot process may have the references."""
        parts = _RENEWALS_PER_LEASE
        while True:
            await asyncio.sleep(self._exchange.lease_s / parts)
            try:
                await self._exchange.renew(self._batch_id)
            except LeaseLostError:
                log.warning("the lease was lost, so the work stops")
                self._abandon()
                return
            except AttemptFailedError as error:
                log.warning("the lease was not renewed: %s", error)
                parts = _ATTEMPTS_PER_LEASE
            else:
                parts = _RENEWALS_PER_LEASE
