"""What is encoded decodes to itself, and what is none of ours is an error."""

from __future__ import annotations

import dataclasses
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixturescope.measure import wire

KINDS = typing.get_args(wire.Message)

texts = st.text(max_size=8)
sites = st.builds(wire.Site, size=st.integers(0, 2**50), allocations=st.integers(0, 99), stack=st.tuples(texts))
st.register_type_strategy(wire.Site, sites)
st.register_type_strategy(float, st.floats(0, 1e6))
st.register_type_strategy(
    wire.Round,
    st.builds(wire.Round, order=st.integers(0, 9), gpu=st.none() | st.just(({"device": "torch:cuda:0", "peak": 1},))),
)


@given(st.one_of([st.from_type(kind) for kind in KINDS]))
@settings(max_examples=200, deadline=None)
def test_round_trip(message: wire.Message) -> None:
    line = wire.encode(message)
    assert line.count(b"\n") == 1
    assert wire.decode(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"null", b'{"message":"Boo"}', b'{"message":"Goodbye","x":1}', b"\xff", b'{"message":']
)
def test_what_is_no_message(line: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(line)


@given(st.lists(st.sampled_from([b"one\n", b"two\n", b"th", b"ree\n", b"\n"]), max_size=9))
def test_lines_do_not_depend_on_the_pieces(pieces: list[bytes]) -> None:
    together = b"".join(pieces)
    lines = wire.Lines()
    found = [line for piece in pieces for line in lines.feed(piece)]
    assert found == [line for line in together[: together.rfind(b"\n") + 1].split(b"\n") if line]


def test_every_nested_message_is_named() -> None:
    """A field that holds messages and is not in the table would come back as plain dictionaries."""
    nested = set()
    for kind in (*KINDS, wire.Definition):
        for name, hint in typing.get_type_hints(kind).items():
            parts = [hint, *typing.get_args(hint)]
            if any(dataclasses.is_dataclass(part) for part in parts):
                nested.add((kind, name))
    assert nested == set(wire._NESTED)
