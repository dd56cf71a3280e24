"""Literals: their value is what Python makes of them, and None where Python would refuse them."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fixturescope.analysis.literals import float_value, int_value, string_value, unescape

STRINGS = [
    "''", '""', "'a'", '"a"', "'''a'b'''", '"""a"b\n"""', "r'\\n'", "R'\\\\'", "u'a'", "U'ä'", "b'a'", "B'\\x41'", "rb'\\x41'", "Br'\\n'",
    "'\\n\\t\\r\\a\\b\\f\\v\\\\\\'\\\"'", "'\\0'", "'\\101'", "'\\1018'", "'\\777'", "'\\x41'", "'\\xe9'", "'\\u00e9'", "'\\U0001F600'",
    "'\\N{LATIN SMALL LETTER A}'", "'\\N{em dash}'", "'a\\\nb'", "'\\q'", "'\\8'", "b'\\u0041'", "b'\\N{DASH}'", "b'\\U0001F600'", "b'\\q'",
    "b'\\377'", "'ä€😀'", "r'\\u0041'", "'\\\\x41'", "'\\x41\\\\\\x42'", "b'\\\n'",
]  # fmt: skip


@pytest.mark.parametrize("literal", STRINGS)
def test_strings_are_what_python_says(literal: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert string_value(literal) == ast.literal_eval(literal)


@pytest.mark.parametrize(
    "literal",
    [
        "'\\N{no such name}'",
        "'\\U00110000'",
        "'\\UFFFFFFFF'",
        "b'ä'",
        "b'€'",
        "b'\\777'",
        "no quotes",
        "'open",
        "'a\"",
        "",
    ],
)
def test_strings_without_a_value(literal: str) -> None:
    assert string_value(literal) is None


def test_unescape_leaves_a_text_without_backslash_alone() -> None:
    text = "nothing to do"
    assert unescape(text) is text
    assert unescape("\\x41") == "A"
    assert unescape("\\N{no such name}") is None


@example("''", "")
@given(st.text(st.sampled_from("\\xuUN{}0178abnrt'\"\n é€"), max_size=12), st.sampled_from(["", "r", "b", "rb", "u"]))
def test_any_string_that_python_takes(body: str, prefix: str) -> None:
    literal = f"{prefix}'''{body}'''"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = ast.literal_eval(literal)
        except (SyntaxError, ValueError):
            return
    tokens = tokenize.generate_tokens(io.StringIO(literal).readline)
    if [token.type for token in tokens].count(tokenize.STRING) != 1:
        return  # two literals side by side: two quotes between three and three
    found = string_value(literal)
    assert found == expected or (
        found is None and "b" in prefix and max(ast.literal_eval(f"u{literal[len(prefix) :]}"), default="") > "\xff"
    )


@pytest.mark.parametrize(
    "literal",
    ["0", "00", "1", "1_000", "0x_ff", "0XFF", "0o17", "0b101", "9223372036854775807", "0x7fffffffffffffff"],
)
def test_integers_are_what_python_says(literal: str) -> None:
    assert int_value(literal) == ast.literal_eval(literal)


@pytest.mark.parametrize("literal", ["9223372036854775808", "0777", "9" * 5000, "0x10000000000000000", "a"])
def test_integers_without_a_value(literal: str) -> None:
    assert int_value(literal) is None


@pytest.mark.parametrize("literal", ["1.0", "1.", ".5", "1e3", "1_0.5e-1_0", "1e400"])
def test_floats_are_what_python_says(literal: str) -> None:
    assert float_value(literal) == ast.literal_eval(literal)


def test_floats_without_a_value() -> None:
    assert float_value("1.0.0") is None
