"""The files of the web console, from the folder `console/`, with a hash of all of them.

The hash is part of every file's URL. So browsers can keep the files forever, the modules can import each other by
relative paths, and a page never gets modules of another version.
"""

import gzip
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

_FOLDER = Path(__file__).parents[2] / "console"
_PAGE = "index.html"
_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain",
}
MEDIA_TYPES = sorted(_MEDIA_TYPES.values())


@dataclass(frozen=True, slots=True)
class CompressedFile:
    """A file, as it is and compressed."""

    content: bytes
    gzipped: bytes
    media_type: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "CompressedFile":
        """Compress the content."""
        return cls(content, gzip.compress(content, compresslevel=9, mtime=0), media_type)


@dataclass(frozen=True, slots=True)
class ConsoleFiles:
    """The files by their path in the folder, the text of the page with its placeholders, and the hash of all."""

    by_path: Mapping[str, CompressedFile]
    page: str
    version: str

    @property
    def base(self) -> str:
        """The beginning of the URL of every file."""
        return f"/console/v-{self.version}"

    def make_page(self, settings: Mapping[str, str]) -> CompressedFile:
        """Return the page that loads the files, with these settings for its scripts."""
        modules = [path for path in self.by_path if path.endswith(".js")]
        values = {
            "{{base}}": self.base,
            "{{settings}}": html.escape(json.dumps(settings)),
            "{{preload}}": "\n".join(f'<link rel="modulepreload" href="{self.base}/{path}">' for path in modules),
        }
        page = self.page
        for placeholder, value in values.items():
            page = page.replace(placeholder, value)
        return CompressedFile.of(page.encode(), _MEDIA_TYPES[".html"])


@cache
def read_console_files(folder: Path = _FOLDER) -> ConsoleFiles:
    """Read the files of the folder that have a known media type. No other file is served."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    contents = {path: file.read_bytes() for path, file in found.items() if file.suffix in _MEDIA_TYPES}
    hashed = hashlib.sha256()
    for path, content in contents.items():
        hashed.update(f"{path}\0{len(content)}\0".encode())
        hashed.update(content)
    page = contents.pop(_PAGE).decode()
    files = {
        path: CompressedFile.of(content, _MEDIA_TYPES[PurePosixPath(path).suffix]) for path, content in contents.items()
    }
    return ConsoleFiles(files, page, hashed.hexdigest()[:16])
