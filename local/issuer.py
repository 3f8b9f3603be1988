"""`python -m local.issuer`: the issuer of access tokens on this machine, which Microsoft Entra ID is in Azure.

It publishes its key as a JWK set, over https as the real one does. Tokens are made by whoever has the private key,
which lies in the stack's own folder.
"""

import argparse
import asyncio
import base64
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from local.ending import ending

ISSUER = "https://issuer.local/"
AUDIENCE = "api://enhancement-exchange.local"
KEY_ID = "local"
ROLES = ("requestor", "operator")
_KEY_BITS = 2048
# A stack that is left running over a weekend still has its tokens.
_LIFETIME_S = 7 * 86_400
_PORT_TAKEN = 3


def make_key(file: Path) -> None:
    """Make the issuer's private key, readable by its owner alone."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def mint(file: Path, role: str, **claims: Any) -> str:
    """Make a token for this role, as Entra would; `claims` are put on top."""
    now = int(time.time())
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"local {role}",
        "oid": str(uuid5(NAMESPACE_URL, role)),
        "roles": [role],
        "iat": now,
        "nbf": now,
        "exp": now + _LIFETIME_S,
    }
    return jwt.encode({**usual, **claims}, file.read_bytes(), algorithm="RS256", headers={"kid": KEY_ID})


def key_set(file: Path) -> dict[str, Any]:
    """Give the JWK set with the public part of the key."""
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file} holds no RSA key")
    numbers = key.public_key().public_numbers()
    public = {"kty": "RSA", "use": "sig", "alg": "RS256", "n": _base64(numbers.n), "e": _base64(numbers.e)}
    return {"keys": [{**public, "kid": KEY_ID}]}


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def main() -> int:
    """Serve the key set until stdin ends or a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m local.issuer", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--key", type=Path, required=True, help="the private key, PEM")
    parser.add_argument("--tls", type=Path, nargs=2, required=True, help="certificate and key of the server, PEM")
    return asyncio.run(_serve(parser.parse_args()))


async def _serve(given: argparse.Namespace) -> int:
    published = key_set(given.key)

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response(published)

    app = web.Application()
    app.router.add_get("/keys", keys)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*given.tls)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", given.port, ssl_context=context).start()
    except OSError:
        print(json.dumps({"error": f"port {given.port} is taken"}), flush=True)
        return _PORT_TAKEN
    print(json.dumps({"ready": True, "port": runner.addresses[0][1]}), flush=True)
    await ending(None, lifeline=True)
    await runner.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
