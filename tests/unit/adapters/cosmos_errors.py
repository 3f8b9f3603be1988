"""Errors as the SDK of Cosmos DB raises them; its constructors have no hints."""

from collections.abc import Callable, Mapping

from azure.core.exceptions import AzureError, HttpResponseError
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError


def made(kind: Callable[..., AzureError], *said: object) -> AzureError:
    return kind(*said)


def answered(status: int, text: str = "refused") -> HttpResponseError:
    make: Callable[..., HttpResponseError] = CosmosHttpResponseError
    return make(status, text)


def within_a_batch(
    status: int, headers: Mapping[str, str] | None = None, index: int = 0, text: str = "refused"
) -> HttpResponseError:
    make: Callable[..., HttpResponseError] = CosmosBatchOperationError
    return make(index, headers or {}, status, text)
