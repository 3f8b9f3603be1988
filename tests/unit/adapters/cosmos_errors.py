"""Errors as the Cosmos DB SDK raises them. Its constructors have no type hints."""

from collections.abc import Callable, Mapping

from azure.core.exceptions import AzureError, HttpResponseError
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError


def make(kind: Callable[..., AzureError], *arguments: object) -> AzureError:
    return kind(*arguments)


def response_error(status: int, text: str = "refused", sub_status: int | None = None) -> HttpResponseError:
    constructor: Callable[..., HttpResponseError] = CosmosHttpResponseError
    return constructor(status, text, sub_status=sub_status)


def transaction_error(
    status: int, headers: Mapping[str, str] | None = None, index: int = 0, text: str = "refused"
) -> HttpResponseError:
    constructor: Callable[..., HttpResponseError] = CosmosBatchOperationError
    return constructor(index, headers or {}, status, text)
