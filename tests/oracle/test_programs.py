"""The evaluator against Python: what a module registers is what we say it registers, or we say that we do not know.

``--generated-programs 5000`` makes that many new ones.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import types
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixturescope.analysis.collect import fixture_arguments, scope_of
from fixturescope.analysis.frames import Module
from fixturescope.analysis.resolve import matches
from fixturescope.analysis.values import Collection, Constant, FixtureValue, Unknown, current
from tests.analysis.helpers_evaluate import contradicts, draw
from tests.oracle import programs

DEFAULT = 150
"""How many programs an ordinary run of the tests sees: always the same ones."""


def test_what_a_module_registers_is_known_or_said_to_be_unknown(request: pytest.FixtureRequest) -> None:
    asked: int | None = request.config.getoption("--generated-programs")

    @settings(
        max_examples=asked or DEFAULT,
        derandomize=asked is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs.PROGRAMS, st.booleans())
    def same(program: str, _: bool) -> None:
        source = f"{programs.PRELUDE}\n{program}\n"
        real = run(source)
        drawn = draw({"module.py": source})
        problems = differences(drawn.module("module"), drawn.linker.evaluator, real)
        assert not problems, "\n".join([*problems, program])

    same()


def run(source: str) -> tuple[dict[str, Any], bool]:
    """Return what Python makes of a module, and whether it came to its end."""
    module = types.ModuleType("module")
    sys.modules["module"] = module
    try:
        exec(source, module.__dict__)
    except Exception:  # noqa: BLE001 - a module at random may raise anything
        return module.__dict__, False
    finally:
        del sys.modules["module"]
    return module.__dict__, True


def differences(module: Module, evaluator: Any, real: tuple[dict[str, Any], bool]) -> list[str]:
    """Return what we say of a module and Python does not."""
    namespace, whole = real
    if not whole:
        return []  # what raises at import is not collected, and nothing hangs on what stood before it
    found = []
    theirs = {name: value for name, value in namespace.items() if _is_fixture(value)}
    for name, binding in module.frame.names.items():
        value = current(binding.value)
        if isinstance(value, FixtureValue):
            if binding.certain:
                found += _unlike(name, value, theirs.get(name), evaluator)
        elif binding.certain and name in namespace and isinstance(value, Constant | Collection):
            wrong = contradicts(evaluator.lookup(module.frame, name), namespace[name])
            found += [f"{name}: {wrong}"] if wrong else []
    for name in theirs.keys() - module.frame.names.keys():
        if not any(matches(pattern.pattern, name) for pattern in module.patterns):
            found.append(f"{name}: registered, and nothing was said of it")
    return found


def _is_fixture(value: object) -> bool:
    return hasattr(value, "_fixture_function_marker") or hasattr(value, "_pytestfixturefunction")


def _unlike(name: str, value: FixtureValue, real: Any, evaluator: Any) -> list[str]:
    if real is None:
        return [f"{name}: not registered"]
    if hasattr(real, "_fixture_function_marker"):
        marker, function = real._fixture_function_marker, real._get_wrapped_function()
    else:  # before pytest 8.4
        marker, function = real._pytestfixturefunction, real.__pytest_wrapped__.obj
    found = []
    scope, scope_is = scope_of(value)
    if scope_is != "dynamic" and scope != marker.scope:
        found.append(f"{name}: scope {scope}, not {marker.scope}")
    params = value.options.get("params")
    if params is not None and params != Constant(None) and not isinstance(current(params), Unknown):
        wrong = contradicts(params, marker.params)
        size = None if marker.params is None else len(marker.params)
        if (wrong and not isinstance(current(params), Collection)) or evaluator.size(params) not in (None, size):
            found.append(f"{name}: params {wrong}")
    requested = fixture_arguments(value, bound=False)
    arguments = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    if list(requested) != arguments:
        found.append(f"{name}: requests {requested}, not {arguments}")
    with contextlib.suppress(AttributeError, TypeError):
        line = function.__code__.co_firstlineno
        ours = value.function.facts.line  # type: ignore[attr-defined]
        if function.__code__.co_filename == "<string>" and ours != line and function.__name__ != "<lambda>":
            decorators = len(value.function.facts.decorators)  # type: ignore[attr-defined]
            if ours != line + decorators:
                found.append(f"{name}: line {ours}, not {line}")
    return found
