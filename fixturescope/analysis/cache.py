"""Facts by content hash, kept between runs: a file that did not change is not parsed again.

One file, read whole and replaced whole, so that a run that is killed or that runs beside another leaves the old or
the new one, never half of one. A cache that cannot be read, is damaged, or comes from another version is no cache;
one that cannot be written is none either. Nothing in it is ever executed: it holds MessagePack of a known type.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec

MAGIC = b"fixturescope facts 1\n"
"""First line of the file. 1: a digest of the rest, then key → facts, least recently used first."""

MAX_BYTES = 200_000_000
"""The file never grows beyond this; what was used least recently goes first."""

_DIGEST = 32
_OWN_MODULES = ("extract", "facts", "lexer", "limits", "literals", "outline", "relevance", "words")
_decoder = msgspec.msgpack.Decoder(dict[bytes, bytes])


class FactsCache:
    """Encoded facts by key.

    Args:
        path: The file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._entries = {} if path is None else _load(path)
        self._used: dict[bytes, bytes] = {}
        self._changed = False

    def get(self, key: bytes) -> bytes | None:
        """Return the facts of a key, or None."""
        data = self._entries.get(key)
        if data is not None:
            self._used[key] = data
        return data

    def put(self, key: bytes, data: bytes) -> None:
        """Keep the facts of a key."""
        self._used[key] = data
        self._changed = True

    def save(self) -> None:
        """Write what was added, unless it cannot be written: an answer does not hang on its cache."""
        if self._path is None or not self._changed:
            return
        entries = {key: data for key, data in self._entries.items() if key not in self._used} | self._used
        size = sum(len(data) + 40 for data in entries.values())
        for key in list(entries):
            if size <= MAX_BYTES:
                break
            size -= len(entries.pop(key)) + 40
        body = msgspec.msgpack.encode(entries)
        with suppress(OSError):
            _replace(self._path, MAGIC + hashlib.blake2b(body, digest_size=_DIGEST).digest() + body)


def key_of(content: bytes) -> bytes:
    """Return the key of a file's content: it changes with the content, and with whatever makes facts of it."""
    return hashlib.blake2b(content, digest_size=16, key=_fingerprint()).digest()


@cache
def _fingerprint() -> bytes:
    """Return a digest of everything that decides what facts a content has: our own code, and libcst's version."""
    digest = hashlib.blake2b(metadata.version("libcst").encode(), digest_size=32)
    for name in _OWN_MODULES:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.digest()


def _load(path: Path) -> dict[bytes, bytes]:
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    digest, body = data[len(MAGIC) : len(MAGIC) + _DIGEST], data[len(MAGIC) + _DIGEST :]
    if not data.startswith(MAGIC) or hashlib.blake2b(body, digest_size=_DIGEST).digest() != digest:
        return {}
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError:
        return {}


def _replace(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it there; the folder ignores itself in git."""
    if any(folder.is_symlink() for folder in (path.parent, path.parent.parent)):
        raise OSError("the cache folder leads elsewhere")
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.parent.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".facts-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
