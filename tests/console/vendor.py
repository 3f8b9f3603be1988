"""`python -m tests.console.vendor`: write `console/vendor/` from the npm packages that `package-lock.json` pins.

npm has compared the packages with the hashes in the lock file when it installed them.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.paths import ROOT

FOLDER = ROOT / "console" / "vendor"
MANIFEST = "manifest.json"
NPM_FOLDER = ROOT / "tests" / "console"
# Browsers resolve relative addresses only: the page has no import map, because it would be an inline script.
PREACT_IMPORT = ('"preact"', '"./preact.module.js"')


@dataclass(frozen=True, slots=True)
class VendoredFile:
    """A file of an npm package, its name in `console/vendor/`, and the one text in it that is replaced, if any."""

    package: str
    original: str
    name: str
    replaced: tuple[str, str] | None = None


FILES = (
    VendoredFile("preact", "dist/preact.mjs", "preact.module.js"),
    VendoredFile("preact", "hooks/dist/hooks.mjs", "hooks.module.js", PREACT_IMPORT),
    VendoredFile("preact", "LICENSE", "preact.LICENSE.txt"),
    VendoredFile("htm", "dist/htm.module.js", "htm.module.js"),
    VendoredFile("htm", "LICENSE", "htm.LICENSE.txt"),
    VendoredFile("oauth4webapi", "build/index.js", "oauth4webapi.module.js"),
    VendoredFile("oauth4webapi", "LICENSE.md", "oauth4webapi.LICENSE.txt"),
)
# What tsc reads instead of the files. `console/jsconfig.json` leads to the types of the npm packages.
DECLARATIONS = {
    "preact.module.d.ts": 'export * from "preact";\n',
    "hooks.module.d.ts": 'export * from "preact/hooks";\n',
    "htm.module.d.ts": 'export { default } from "htm";\n',
    "oauth4webapi.module.d.ts": 'export * from "oauth4webapi";\n',
}


def write(folder: Path = FOLDER, npm_folder: Path = NPM_FOLDER) -> None:
    """Replace the folder by the files and their manifest. Raises ValueError if a replaced text is not there once."""
    lock = json.loads((npm_folder / "package-lock.json").read_text())["packages"]
    contents = {file: (npm_folder / "node_modules" / file.package / file.original).read_bytes() for file in FILES}
    vendored = {file: _replace(file, content) for file, content in contents.items()}
    manifest = [
        _describe(package, lock[f"node_modules/{package}"], contents, vendored)
        for package in dict.fromkeys(file.package for file in FILES)
    ]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, content in vendored.items():
        (folder / file.name).write_bytes(content)
    for name, declaration in DECLARATIONS.items():
        (folder / name).write_text(declaration)
    (folder / MANIFEST).write_text(json.dumps({"packages": manifest}, indent=2) + "\n")


def _replace(file: VendoredFile, content: bytes) -> bytes:
    if file.replaced is None:
        return content
    before, after = (text.encode() for text in file.replaced)
    if content.count(before) != 1:
        raise ValueError(f"{file.package}/{file.original} must have {file.replaced[0]} exactly once")
    return content.replace(before, after)


def _describe(
    package: str, locked: dict[str, Any], contents: dict[VendoredFile, bytes], vendored: dict[VendoredFile, bytes]
) -> dict[str, Any]:
    return {
        "package": package,
        "version": locked["version"],
        "license": locked["license"],
        "source": f"https://registry.npmjs.org/{package}/-/{package}-{locked['version']}.tgz",
        "integrity": locked["integrity"],
        "files": {
            file.name: {
                "original": file.original,
                "original_sha256": hashlib.sha256(content).hexdigest(),
                "sha256": hashlib.sha256(vendored[file]).hexdigest(),
                "replaced": [] if file.replaced is None else [dict(zip(("text", "by"), file.replaced, strict=True))],
            }
            for file, content in contents.items()
            if file.package == package
        },
    }


if __name__ == "__main__":
    write()
