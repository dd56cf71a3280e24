"""Facts as bytes and back: any program that the forms can express survives."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from helpers_evaluate import facts_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixturescope.analysis import facts as f

NAMES = st.sampled_from(["a", "fixture", "ä", "x" * 40])
LINES = st.integers(0, 2**31)
TEXTS = st.text(max_size=8)  # Hypothesis makes no lone surrogates by default, and extract lets none through
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        f.Const,
        st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXTS),
    ),
    st.builds(f.Bytes, st.binary(max_size=8)),
    st.builds(f.Name, NAMES),
    st.builds(f.Opaque, NAMES),
)


def _tuples(inner: st.SearchStrategy[Any], size: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=size).map(tuple)


def _maybe(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), inner)


def _params(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _tuples(st.builds(f.Param, NAMES, st.sampled_from(["pos", "arg", "*", "kw", "**"]), _maybe(inner)))


def _expressions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    gens = _tuples(st.builds(f.Gen, inner, inner, _tuples(inner)), 2)
    return st.one_of(
        st.builds(f.Attr, inner, NAMES),
        st.builds(f.Call, inner, _tuples(st.builds(f.Arg, inner, _maybe(NAMES), st.sampled_from(["", "*", "**"])))),
        st.builds(f.Seq, st.sampled_from(["list", "tuple", "set"]), _tuples(inner)),
        st.builds(f.Star, inner),
        st.builds(f.Map, _tuples(st.tuples(_maybe(inner), inner))),
        st.builds(f.Bin, st.sampled_from(["+", "or"]), inner, inner),
        st.builds(f.Cmp, inner, _tuples(st.tuples(st.sampled_from(["<", "is not"]), inner))),
        st.builds(f.Unary, st.sampled_from(["not", "-"]), inner),
        st.builds(f.Cond, inner, inner, inner),
        st.builds(f.Index, inner, inner),
        st.builds(f.Slice, _maybe(inner), _maybe(inner), _maybe(inner)),
        st.builds(f.FStr, _tuples(inner)),
        st.builds(f.Comp, st.sampled_from(["list", "dict"]), _maybe(inner), inner, gens),
        st.builds(f.Lambda, _params(inner), inner, LINES),
        st.builds(f.Walrus, NAMES, inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _expressions, max_leaves=6)
SMALL: st.SearchStrategy[Any] = st.one_of(
    st.builds(f.Import, _tuples(st.tuples(NAMES, _maybe(NAMES))), LINES),
    st.builds(f.FromImport, NAMES, st.integers(0, 3), _maybe(_tuples(st.tuples(NAMES, _maybe(NAMES)))), LINES),
    st.builds(f.Assign, _tuples(EXPRESSIONS), EXPRESSIONS, LINES),
    st.builds(f.AugAssign, EXPRESSIONS, NAMES, EXPRESSIONS, LINES),
    st.builds(f.Del, _tuples(EXPRESSIONS), LINES),
    st.builds(f.ExprStmt, EXPRESSIONS, LINES),
    st.builds(f.Return, _maybe(EXPRESSIONS), LINES),
    st.builds(f.Yield, _maybe(EXPRESSIONS), LINES, st.booleans()),
    st.builds(f.Raise, _maybe(EXPRESSIONS), LINES),
    st.builds(f.Jump, st.sampled_from(["break", "continue"]), LINES),
)


def _statements(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    block = _tuples(inner, 2)
    decorators = _tuples(st.builds(f.Decorator, EXPRESSIONS, LINES), 2)
    return st.one_of(
        st.builds(f.If, EXPRESSIONS, block, block, LINES),
        st.builds(f.For, EXPRESSIONS, EXPRESSIONS, block, block, LINES),
        st.builds(f.While, EXPRESSIONS, block, block, LINES),
        st.builds(f.Try, block, _tuples(st.builds(f.Handler, _maybe(EXPRESSIONS), _maybe(NAMES), block), 2), block, block, LINES),
        st.builds(f.With, _tuples(st.tuples(EXPRESSIONS, _maybe(EXPRESSIONS))), block, LINES),
        st.builds(
            f.Match, EXPRESSIONS,
            _tuples(st.builds(f.Case, _maybe(_tuples(EXPRESSIONS)), _tuples(NAMES), _maybe(EXPRESSIONS), block), 2), LINES,
        ),
        st.builds(f.Declare, NAMES, NAMES, LINES),
        st.builds(f.Global, _tuples(NAMES), st.booleans(), LINES),
        st.builds(
            f.Function, NAMES, LINES, _params(EXPRESSIONS), decorators, st.booleans(), _tuples(NAMES), _tuples(NAMES), _maybe(block),
            st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(), _maybe(TEXTS),
        ),
        st.builds(f.Class, NAMES, LINES, _tuples(EXPRESSIONS), _tuples(NAMES), decorators, block),
    )  # fmt: skip


STATEMENTS = st.recursive(SMALL, _statements, max_leaves=5)
MODULES = st.builds(
    f.ModuleFacts,
    _tuples(STATEMENTS),
    _tuples(st.tuples(LINES, _tuples(NAMES))),
    _tuples(st.builds(f.Note, LINES, TEXTS)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(MODULES)
def test_what_was_encoded_comes_back(facts: f.ModuleFacts) -> None:
    back = f.decode(f.encode(facts))
    assert back == facts
    assert f.encode(back) == f.encode(facts)


def test_facts_of_real_code_come_back() -> None:
    facts = facts_of("""
        import pytest  # fixturescope: ignore[FS101]
        from . import helper as h

        @pytest.fixture(params=[1, 2.5, "x", b"y", None, True, 2**70, float("inf")])
        def made(request):
            "What it makes."
            yield request.param

        class TestIt(h.Base, metaclass=type):
            def test_it(self, made): assert made
    """)
    assert f.decode(f.encode(facts)) == facts
    assert facts.ignores == ((2, ("FS101",)),)


def test_values_keep_their_types() -> None:
    body = tuple(f.ExprStmt(f.Const(value), 1) for value in (True, 1, 1.0, "1", None))
    back = f.decode(f.encode(f.ModuleFacts(body)))
    assert [type(s.value.value) for s in back.body] == [bool, int, float, str, type(None)]  # type: ignore[union-attr]


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x90\x90", b"\xa1x", b"\x93\x91\x92\xcc\xff\x01\x90\x90"])
def test_bytes_that_are_no_facts(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        f.decode(data)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_damaged_facts_are_refused_or_are_facts(data: st.DataObject) -> None:
    """Whatever the bytes are."""
    good = f.encode(facts_of("import pytest\nx = [1, 2]\n@pytest.fixture\ndef made(): return x\n"))
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + data.draw(st.binary(max_size=3)) + good[at + data.draw(st.integers(0, 3)) :]
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        assert isinstance(f.decode(bad), f.ModuleFacts)


def test_a_text_that_is_no_utf8_is_refused() -> None:
    good = f.encode(f.ModuleFacts((f.ExprStmt(f.Const("text"), 1),)))
    with pytest.raises(msgspec.DecodeError):
        f.decode(good.replace(b"text", b"t\xc0xt"))
