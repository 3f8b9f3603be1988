"""A client of the exchange for requestors, contributors and operators.

    from exchange.client import Client

    with Client("https://exchange.example", get_token) as client:
        robot = client.find_robot("study design")
        batch = client.request_batch(robot_id=robot.id, reference_ids=ids)
        for batch in client.watch_batches([batch.id]):
            print(batch.request_status, batch.counts)

`AsyncClient` has the same methods for asyncio. Each call is repeated after a lost connection, 429 or 503 if that cannot
do anything twice. Errors are raised as `ExchangeError`, with the sentences of the exchange.
"""

from exchange.client.async_client import AsyncClient
from exchange.client.client import Client
from exchange.client.errors import Conflict, ExchangeError, NotFound, NotSignedIn, Refused, Unreachable
from exchange.client.retries import RetryPolicy
from exchange.client.uploading import UPLOADED_ABOVE

__all__ = [
    "UPLOADED_ABOVE",
    "AsyncClient",
    "Client",
    "Conflict",
    "ExchangeError",
    "NotFound",
    "NotSignedIn",
    "Refused",
    "RetryPolicy",
    "Unreachable",
]
