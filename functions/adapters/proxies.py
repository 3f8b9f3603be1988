"""Whether a proxy stands between us and the services."""

from urllib.request import getproxies


def has_proxy() -> bool:
    """Say whether the environment names a proxy, as an operator's may: asked once, where the SDKs ask at each request.

    That search of the environment is a tenth of what a request to Cosmos DB costs.
    """
    return bool(getproxies().keys() - {"no"})
