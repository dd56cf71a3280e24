"""What one file says of its fixtures and tests, as plain data: the hand-over from the reading of files to the linking."""

from __future__ import annotations

from typing import Literal

import msgspec

UseKind = Literal["mutates", "escapes", "calls", "gives", "part"]
"""What a function does with a value: ``gives`` hands it on as its own, ``part`` reads one part of it, or all (``*``)."""

OwnKind = Literal["test_bound", "alters", "outside", "imports", "constant", "calls", "mutates"]
"""What a function does, whatever it is given."""

WHOLE = "*"
"""The part that is all of it."""


class Use(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a function does with the value of an argument, or of ``request.getfixturevalue("name")``."""

    name: str
    kind: UseKind
    line: int
    detail: str


class Own(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a function does."""

    kind: OwnKind
    line: int
    detail: str


class Function(msgspec.Struct, frozen=True, array_like=True):
    """One test or fixture function."""

    name: str
    line: int
    digest: str
    statements: int
    """How many it has, those in blocks included."""
    unread: tuple[str, ...]
    """Arguments that it does not read, unless a decorator that is not known does."""
    uses: tuple[Use, ...]
    own: tuple[Own, ...]
    hands_out: bool
    """Whether it returns or yields a value."""
    is_immutable: bool
    """Whether nobody can change the value that it hands out."""
    parts: tuple[str, ...]
    """The parts that its value is put together from, in its own source: ``.db``, ``['db']``, ``[0]``."""
    incomplete: str | None = None
    """Why not all of it could be read."""


class ModuleImport(msgspec.Struct, frozen=True, array_like=True):
    """A module-level import whose names one function alone reads."""

    module: str
    line: int
    reader: int
    """Line of that function."""


class File(msgspec.Struct, frozen=True, array_like=True):
    """One file."""

    functions: tuple[Function, ...] = ()
    imports: tuple[ModuleImport, ...] = ()
    problem: str | None = None
    """Why it could not be read, or not all of it."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(File)


def encode(file: File) -> bytes:
    """Return it as MessagePack."""
    return _encoder.encode(file)


def decode(data: bytes) -> File:
    """Return what ``encode`` wrote."""
    return _decoder.decode(data)
