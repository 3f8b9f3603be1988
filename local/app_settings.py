"""The app settings of the local stack, in the form of `func`'s local.settings.json."""

import json
from collections.abc import Mapping
from pathlib import Path

from local.azure_resources import read_topology
from local.issuer import AUDIENCE, CONSOLE_CLIENT, ISSUER
from local.paths import ROOT

# The published keys of the emulators.
_STORAGE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_COSMOS_KEY = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
_ACCOUNT = "devstoreaccount1"

# The name of each port, and the address for it, by the name in `stack.json`.
_ADDRESSES = {
    "console": ("api", "http://127.0.0.1:{}/console/"),
    "api": ("api", "http://127.0.0.1:{}"),
    "blob": ("blob", f"http://127.0.0.1:{{}}/{_ACCOUNT}"),
    "cosmos": ("cosmos", "https://127.0.0.1:{}"),
    "servicebus": ("servicebus", "sb://127.0.0.1:{}"),
    "issuer": ("issuer", "https://127.0.0.1:{}"),
    "sign_in": ("sign_in", "http://127.0.0.1:{}"),
}


def make_app_settings(stack: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the sample's settings. Those of the stack replace the sample's, and `overrides` replace both."""
    sample: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    return {**sample, **stack, **overrides}


def make_stack_settings(ports: Mapping[str, int], bundle: Path) -> dict[str, str]:
    """Return the settings with which a client connects to the stack on these ports."""
    storage = (
        f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_STORAGE_KEY};"
        f"BlobEndpoint=http://127.0.0.1:{ports['blob']}/{_ACCOUNT};"
        f"QueueEndpoint=http://127.0.0.1:{ports['queue']}/{_ACCOUNT};"
    )
    return {
        "AzureWebJobsStorage": storage,
        "DATA_STORAGE": storage,
        "SERVICE_BUS": (
            f"Endpoint=sb://127.0.0.1:{ports['servicebus']};SharedAccessKeyName=local;SharedAccessKey=local;"
            "UseDevelopmentEmulator=true;"
        ),
        "COSMOS_ENDPOINT": f"https://127.0.0.1:{ports['cosmos']}",
        "COSMOS_KEY": _COSMOS_KEY,
        "COSMOS_DATABASE": read_topology()["cosmos"]["database"],
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "TOKEN_KEYS_URL": f"https://127.0.0.1:{ports['issuer']}/keys",
        "CONSOLE_CLIENT_ID": CONSOLE_CLIENT,
        "CONSOLE_AUTHORITY": f"http://127.0.0.1:{ports['sign_in']}",
        "SSL_CERT_FILE": str(bundle),
    }


def make_addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """Return the addresses for these ports, by the names in `stack.json`."""
    return {name: address.format(ports[port]) for name, (port, address) in _ADDRESSES.items() if port in ports}


def write_json(path: Path, content: object) -> None:
    """Replace the file atomically, so that readers never see a part of it. Only its owner can read it."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)
