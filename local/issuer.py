"""`python -m local.issuer`: the issuer of access tokens on this machine. In Azure this is Microsoft Entra ID.

It publishes its public key as a JWK set over https, as Entra ID does. Tokens are signed with the private key in the
stack's folder. A second server, without TLS, signs in users of the web console: see `local/sign_in.py`.
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

from exchange.domain.callers import SCOPE
from local.shutdown import wait_for_shutdown

ISSUER = "https://issuer.local/"
AUDIENCE = "api://enhancement-exchange.local"
KEY_ID = "local"
CLIENT = str(uuid5(NAMESPACE_URL, "client"))
CONSOLE_CLIENT = str(uuid5(NAMESPACE_URL, "console"))
ROLES = ("requestor", "contributor", "operator")
_KEY_BITS = 2048
# Long enough for a stack that keeps running over a weekend.
_LIFETIME_S = 7 * 86_400
# Of the tokens that users of the console get, as in Entra.
BROWSER_LIFETIME_S = 3600
_PORT_IN_USE = 3


def make_key(file: Path) -> None:
    """Write a new private key of the issuer. Only its owner can read it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def mint(file: Path, role: str, **claims: Any) -> str:
    """Return a user's access token with this role, as Entra ID would issue it.

    `claims` replace the usual claims. A claim that is None is left out.
    """
    now = int(time.time())
    usual_claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"local {role}",
        "oid": str(uuid5(NAMESPACE_URL, role)),
        "azp": CLIENT,
        "azpacr": "0",
        "scp": SCOPE,
        "roles": [role],
        "ver": "2.0",
        "iat": now,
        "nbf": now,
        "exp": now + _LIFETIME_S,
    }
    present = {name: value for name, value in {**usual_claims, **claims}.items() if value is not None}
    return jwt.encode(present, file.read_bytes(), algorithm="RS256", headers={"kid": KEY_ID})


def make_key_set(file: Path) -> dict[str, Any]:
    """Return the JWK set with the public part of the key."""
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file} must be an RSA key")
    numbers = key.public_key().public_numbers()
    public = {"kty": "RSA", "use": "sig", "alg": "RS256", "n": _base64(numbers.n), "e": _base64(numbers.e)}
    return {"keys": [{**public, "kid": KEY_ID}]}


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def main() -> int:
    """Serve the key set, and sign users in, until stdin closes or a signal arrives."""
    parser = argparse.ArgumentParser(prog="python -m local.issuer", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any free port")
    parser.add_argument("--key", type=Path, required=True, help="the private key (PEM)")
    parser.add_argument("--tls", type=Path, nargs=2, required=True, help="certificate and key of the server (PEM)")
    parser.add_argument("--sign-in-port", type=int, default=0, help="port of the sign-in, 0 for any free port")
    parser.add_argument("--lifetime", type=int, default=BROWSER_LIFETIME_S, help="of tokens from the sign-in, in s")
    return asyncio.run(_serve(parser.parse_args()))


async def _serve(arguments: argparse.Namespace) -> int:
    from local.sign_in import SignIn  # noqa: PLC0415 - it imports this module

    published = make_key_set(arguments.key)

    async def return_keys(_request: web.Request) -> web.Response:
        return web.json_response(published)

    keys = web.Application()
    keys.router.add_get("/keys", return_keys)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*arguments.tls)
    sign_in = SignIn(arguments.key, arguments.lifetime).make_app()
    # No access log, because queries contain codes.
    runners = [web.AppRunner(app, access_log=None) for app in (keys, sign_in)]
    ports = []
    for runner, port, tls in zip(runners, (arguments.port, arguments.sign_in_port), (context, None), strict=True):
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        except OSError:
            print(json.dumps({"error": f"port {port} is in use"}), flush=True)
            return _PORT_IN_USE
        ports.append(runner.addresses[0][1])
    print(json.dumps({"ready": True, "port": ports[0], "signInPort": ports[1]}), flush=True)
    await wait_for_shutdown(None, exit_with_stdin=True)
    for runner in runners:
        await runner.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
