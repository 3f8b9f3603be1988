"""The compiler as a process that stays: started once, it answers in a tenth of the time."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from infra.compiled import CONTEXT, TEMPLATES, CompilerError, compiler, settled

_CONTEXT = {"tenantId": "tenant-id", "subscriptionId": "subscription-id", "location": "location"}


class CompilerProcess:
    """Speaks JSON-RPC with it."""

    def __init__(self, to: IO[bytes], back: IO[bytes]) -> None:
        self._to = to
        self._back = back
        self._asked = 0

    def made(self, folder: Path) -> dict[str, str]:
        """Make what `infra.compiled.made` makes; raises CompilerError if there is anything to say."""
        texts = {f"{name}.json": self._compiled(folder / f"{name}.bicep") for name in TEMPLATES}
        for parameters in sorted(folder.glob("*.bicepparam")):
            self._ask("bicep/compileParams", path=str(parameters), parameterOverrides={})
            metadata = {name: CONTEXT[option] for name, option in _CONTEXT.items()}
            metadata["resourceGroup"] = f"enhancement-exchange-{parameters.stem}"
            metadata["deploymentName"] = CONTEXT["deployment-name"]
            answer = self._ask("bicep/getSnapshot", path=str(parameters), metadata=metadata)
            texts[f"{parameters.stem}.snapshot.json"] = settled(answer["snapshot"])
        return texts

    def _compiled(self, template: Path) -> str:
        contents: str = self._ask("bicep/compile", path=str(template))["contents"]
        return contents

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        self._asked += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()
        length = 0
        while line := self._back.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        answer = json.loads(self._back.read(length))
        result: dict[str, Any] = answer.get("result") or {}
        if "error" in answer or result.get("diagnostics"):
            raise CompilerError(str(answer.get("error") or result["diagnostics"]))
        return result


@contextmanager
def compiler_process() -> Iterator[CompilerProcess]:
    """Start one, and end it."""
    with subprocess.Popen(  # noqa: S603 - the compiler
        [compiler(), "jsonrpc", "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield CompilerProcess(process.stdin, process.stdout)
        finally:
            process.terminate()
