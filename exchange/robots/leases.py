"""The calls of a robot that fetches its jobs: fetch, renew the lease, and give it back."""

from dataclasses import dataclass
from http import HTTPStatus

from exchange.contract.robots import BatchRobotRequest, Delivery
from exchange.domain.retry_after import parse_retry_after
from exchange.robots.errors import AttemptFailedError, LeaseLostError
from exchange.robots.exchange import Credentials, Exchange, read_detail
from exchange.robots.job import parse_job
from exchange.robots.retries import Http, describe

PATH = "/v1/robot-enhancement-batches"
# Sent with an answer without a job.
_DELIVERY = "Robot-Delivery"
# The limit of the exchange for one job.
MAX_LIMIT = 10_000

# An exchange that was idle needs some seconds to start.
_FETCH_S = 60.0
_RENEW_S = 30.0
# The platform kills a process that stops too slowly.
_GIVE_BACK_S = 2.0
_LOST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a fetch asks for: at most `limit` references, which are this robot's for `lease_s`."""

    limit: int = 1_000
    lease_s: int = 600


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a fetch: a job, or none and the wait that the exchange asks for.

    `is_called` says that the exchange calls the robot, so that there is never a job.
    """

    job: BatchRobotRequest | None
    retry_after_s: float | None = None
    is_called: bool = False


class LeasingExchange(Exchange):
    """A client of the exchange, for a robot that fetches its jobs."""

    def __init__(self, api: str, credentials: Credentials, http: Http, terms: Terms) -> None:
        super().__init__(api, credentials, http)
        self._terms = terms
        self._query = f"robot_id={credentials.robot_id}&limit={terms.limit}&lease=PT{terms.lease_s}S"

    @property
    def lease_s(self) -> int:
        """The length of a lease."""
        return self._terms.lease_s

    async def fetch(self) -> Fetched:
        """Fetch a job, without repeating a failed attempt. Raises AttemptFailedError."""
        response, body = await self._http.read_once(self._sign("POST", f"{PATH}/?{self._query}"), _FETCH_S)
        retry_after_s = parse_retry_after(response.headers)
        if response.status == HTTPStatus.NO_CONTENT:
            return Fetched(None, retry_after_s, is_called=response.headers.get(_DELIVERY) == Delivery.PUSH)
        if response.status != HTTPStatus.OK:
            detail = read_detail(response.status, body)
            raise AttemptFailedError(f"the exchange refused to give work: {detail}", retry_after_s)
        try:
            return Fetched(parse_job(body))
        except ValueError:
            # Not the exchange has answered, but for example a proxy with a page of its own.
            raise AttemptFailedError(f"{response.method} returned an answer that is not a job") from None

    async def renew(self, batch_id: str) -> None:
        """Renew the lease of a job once. Raises LeaseLostError and AttemptFailedError."""
        await self._renew(batch_id, self._terms.lease_s, _RENEW_S)

    async def give_back(self, batch_id: str) -> None:
        """Give a job back, so that it need not wait for the end of its lease. Raises as `renew` does."""
        await self._renew(batch_id, 0, _GIVE_BACK_S)

    async def _renew(self, batch_id: str, lease_s: int, timeout_s: float) -> None:
        attempt = self._sign("PATCH", f"{PATH}/{batch_id}/renew-lease/?lease=PT{lease_s}S")
        response, _ = await self._http.read_once(attempt, timeout_s)
        if response.status in _LOST:
            raise LeaseLostError
        if response.status != HTTPStatus.OK:
            raise AttemptFailedError(describe(response))

    def _make_refresh_path(self, batch_id: str) -> str:
        return f"{PATH}/{batch_id}/"

    def _make_callback_path(self, batch_id: str) -> str:
        return f"{PATH}/{batch_id}/results/"
