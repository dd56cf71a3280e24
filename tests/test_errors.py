"""Errors carry fields, survive pickling, and know their exit code."""

from __future__ import annotations

import pickle

import pytest

from fixturescope import errors
from fixturescope.errors import (
    ConfigError,
    DocumentError,
    FixturescopeError,
    MeasureError,
    NothingToAnalyzeError,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UsageError("no such path"), "no such path"),
        (ConfigError("is broken", path="tox.ini"), "tox.ini: is broken"),
        (ConfigError("is broken", path="tox.ini", line=3), "tox.ini:3: is broken"),
        (ConfigError("is broken", line=3), "is broken"),
    ],
)
def test_text_names_the_place(error: FixturescopeError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FixturescopeError, 70),
        (UsageError, 2),
        (ConfigError, 2),
        (NothingToAnalyzeError, 3),
        (MeasureError, 4),
        (DocumentError, 2),
    ],
)
def test_exit_codes(kind: type[FixturescopeError], code: int) -> None:
    assert kind.exit_code == code


def test_every_error_is_in_the_table_above() -> None:
    kinds = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert kinds == {FixturescopeError, UsageError, ConfigError, NothingToAnalyzeError, MeasureError, DocumentError}


def test_pickling_keeps_every_field() -> None:
    copy = pickle.loads(pickle.dumps(ConfigError("is broken", path="tox.ini", line=3, hint="mend it")))
    assert type(copy) is ConfigError
    assert (copy.message, copy.path, copy.line, copy.hint) == ("is broken", "tox.ini", 3, "mend it")
    assert str(copy) == "tox.ini:3: is broken"
