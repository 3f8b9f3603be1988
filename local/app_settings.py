"""The app settings of the local stack, in the form of `func`'s local.settings.json."""

import json
from collections.abc import Mapping
from pathlib import Path

from local.azure_resources import topology
from local.issuer import AUDIENCE, ISSUER
from local.paths import ROOT

# The well-known keys that these emulators ship with.
_STORAGE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_COSMOS_KEY = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
_ACCOUNT = "devstoreaccount1"

# Where each part is, by its name in `stack.json`.
_ADDRESSES = {
    "api": "http://127.0.0.1:{}",
    "blob": f"http://127.0.0.1:{{}}/{_ACCOUNT}",
    "cosmos": "https://127.0.0.1:{}",
    "servicebus": "sb://127.0.0.1:{}",
    "issuer": "https://127.0.0.1:{}",
}


def app_settings(stack: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the sample's settings, with those of this stack on top, and the caller's own on top of these."""
    sample: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    return {**sample, **stack, **overrides}


def stack_settings(ports: Mapping[str, int], bundle: Path) -> dict[str, str]:
    """Return the settings by which a client finds the parts of this stack."""
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
        "COSMOS_DATABASE": topology()["cosmos"]["database"],
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "TOKEN_KEYS_URL": f"https://127.0.0.1:{ports['issuer']}/keys",
        "SSL_CERT_FILE": str(bundle),
    }


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """Return where each part is, as `stack.json` says it."""
    return {name: form.format(ports[name]) for name, form in _ADDRESSES.items() if name in ports}


def write_json(path: Path, content: object, *, private: bool = False) -> None:
    """Write the file at once: whoever reads it reads all of it. A private one is readable by its owner alone."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600 if private else 0o644)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)
