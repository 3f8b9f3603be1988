"""The version of stored items.

Every item carries `schema_version`. Code that changes the form of an item increases `SCHEMA_VERSION`, and adds a
function to the reader that converts items of the version before. docs/upgrading.md describes the rules.
"""

from exchange.adapters.cosmos.database import Item
from exchange.domain.errors import Unavailable

SCHEMA_VERSION = 1
FIELD = "schema_version"


def check_version(item: Item) -> Item:
    """Return the item. Raises Unavailable if newer code wrote it: a deployment that is under way will handle it."""
    if item[FIELD] > SCHEMA_VERSION:
        raise Unavailable(f"An item has schema version {item[FIELD]}, which is newer than this version of the app.")
    return item
