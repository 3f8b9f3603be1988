"""The schema version of stored items.

Every item carries `schema_version`. An item without one was written by version 0.1.0 and counts as version 1. Code that
changes the form of an item increases `SCHEMA_VERSION`, writes the items that changed with it, and converts older ones
when it reads them. docs/upgrading.md describes the rules.
"""

from exchange.adapters.cosmos.database import Item
from exchange.domain.errors import Unavailable

# The newest version that this code reads. It is that of batch requests in parts, of their parts, and
# of batch requests whose uploaded list is not read yet.
SCHEMA_VERSION = 2
# The version of all other items. Their form has not changed since, so older code reads them, too.
FIRST_VERSION = 1
FIELD = "schema_version"


def check_version(item: Item) -> Item:
    """Return the item. Raises Unavailable if newer code wrote it, so that the operation is retried after an upgrade."""
    version = item.get(FIELD, 1)
    if version > SCHEMA_VERSION:
        raise Unavailable(
            f"A stored item has schema version {version}. This version of the app reads {SCHEMA_VERSION}."
        )
    return item
