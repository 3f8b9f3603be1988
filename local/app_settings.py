"""The app settings of the local stack, in the form of `func`'s local.settings.json."""

import json
from collections.abc import Mapping
from pathlib import Path

from local.azure_resources import topology
from local.paths import ROOT

# The well-known keys that these emulators ship with.
_STORAGE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_COSMOS_KEY = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
ACCOUNT = "devstoreaccount1"


def app_settings(ports: Mapping[str, int], bundle: Path, overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the sample's settings, with the addresses of this stack, and the caller's own on top."""
    sample: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    storage = (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={_STORAGE_KEY};"
        f"BlobEndpoint=http://127.0.0.1:{ports['blob']}/{ACCOUNT};"
        f"QueueEndpoint=http://127.0.0.1:{ports['queue']}/{ACCOUNT};"
    )
    here = {
        "AzureWebJobsStorage": storage,
        "DATA_STORAGE": storage,
        "SERVICE_BUS": (
            f"Endpoint=sb://127.0.0.1:{ports['servicebus']};SharedAccessKeyName=local;SharedAccessKey=local;"
            "UseDevelopmentEmulator=true;"
        ),
        "COSMOS_ENDPOINT": f"https://127.0.0.1:{ports['cosmos']}",
        "COSMOS_KEY": _COSMOS_KEY,
        "COSMOS_DATABASE": topology()["cosmos"]["database"],
        "SSL_CERT_FILE": str(bundle),
    }
    return {**sample, **here, **overrides}


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """Return where each part is, as `stack.json` says it."""
    found = {
        "blob": f"http://127.0.0.1:{ports['blob']}/{ACCOUNT}",
        "cosmos": f"https://127.0.0.1:{ports['cosmos']}",
        "servicebus": f"sb://127.0.0.1:{ports['servicebus']}",
    }
    return {"api": f"http://127.0.0.1:{ports['api']}", **found} if "api" in ports else found


def write_json(path: Path, content: object) -> None:
    """Write the file at once: whoever reads it reads all of it."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)
