"""Detection of an HTTP proxy."""

from urllib.request import getproxies


def has_proxy() -> bool:
    """Return whether the environment names a proxy.

    The SDKs would search the environment at each request, which costs a tenth of a request to Cosmos DB.
    """
    return bool(getproxies().keys() - {"no"})
