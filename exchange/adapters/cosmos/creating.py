"""Creation of items, although the SDK may repeat the request.

The SDK repeats a request whose connection broke, even a create request that was already applied. The answer to the
repeated one is a conflict with the caller's own item.
"""

from collections.abc import Sequence

from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_create_errors, translate_errors
from exchange.adapters.cosmos.database import Item
from exchange.domain.errors import NameTaken, NotFound


async def create_once(
    container: ContainerProxy, item: Item, partition_key: str, what: str, constant_fields: Sequence[str]
) -> Item:
    """Create the item and return it as it is stored. Idempotent: the same item may exist already.

    It is the same if its `constant_fields` are, because others may have changed since. Raises NameTaken if the id or a
    unique key belongs to another item.
    """
    try:
        with translate_create_errors(what):
            return await container.create_item(item)
    except NameTaken:
        stored = await find_same(container, item, partition_key, what, constant_fields)
        if stored is None:
            raise
        return stored


async def find_same(
    container: ContainerProxy, item: Item, partition_key: str, what: str, constant_fields: Sequence[str]
) -> Item | None:
    """Return the stored item with this id if it is the same. None if it is another one, or there is none."""
    try:
        with translate_errors(what):
            stored: Item = await container.read_item(item["id"], partition_key=partition_key)
    except NotFound:
        return None
    return stored if all(stored.get(name) == item.get(name) for name in constant_fields) else None
