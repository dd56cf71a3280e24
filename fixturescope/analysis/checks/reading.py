"""FS0xx: what could not be read, parsed or evaluated. What is not known is said, so that silence is never "none"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from fixturescope.analysis.checks.base import Check, Example
from fixturescope.analysis.checks.context import CheckContext, Place
from fixturescope.analysis.collect import scope_of
from fixturescope.analysis.mro import has_unknown_base
from fixturescope.analysis.nodes import CollectedTest, Definition
from fixturescope.analysis.values import Constant, FixtureValue, Value
from fixturescope.analysis.values import Sequence as Items
from fixturescope.model import NOT_IMPORTED, Diagnostic

_UNPARSED = ("cannot be decoded", "reading it crashes")
"""How the reader's problems begin that are no problems of reading."""

_OUTLINE = re.compile(r"(?:parser error: )?error at \d+:\d+: ")
"""libcst counts lines and columns of the outline; the note's own line is that of the file."""


def _problems(context: CheckContext, *, unparsed: bool) -> Iterator[tuple[Place, str]]:
    known = {diagnostic.path for diagnostic in context.reported}
    for path, problem in context.problems.items():
        shown = context.relative(path)
        if context.in_project(path) and problem.startswith(_UNPARSED) is unparsed and shown not in known:
            yield Place(shown, 1), problem


class CouldNotParse(Check):
    """fixturescope parses each file with libcst, as the newest Python reads it. Where a statement does not parse, the
    other statements of the file still count; a file in an unknown encoding counts for nothing. Fixtures and tests in
    what was left out are missing from every answer, so "unused" is never more than possible while this stands.

    Mend the file. If pytest is not meant to collect it (a template, test data), keep pytest away from it:
    `collect_ignore` in a `conftest.py`, `norecursedirs` or another name.
    """

    code = "FS001"
    name = "could not parse"
    severity = "error"
    summary = "A file or a statement of it is not valid Python."
    GOOD: ClassVar[Example] = {"test_sum.py": "def test_sum(total=3):\n    assert total == 1 + 2\n"}
    BAD: ClassVar[Example] = {
        "test_sum.py": "def test_sum(total=:  # FS001\n    assert total == 1 + 2\n\n\ndef test_other():\n    pass\n"
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for place, problem in _problems(context, unparsed=True):
            yield self.say(place, f"{place.path} {problem}")
        for module in context.modules:
            first = {note.line: note.message for note in reversed(module.facts.unparsed)}
            for line, message in sorted(first.items()):
                yield self.say(Place(context.relative(module.path), line), _OUTLINE.sub("", message))


class CouldNotRead(Check):
    """A file or folder that pytest would collect from could not be read: a broken link, no permission, a FIFO, a loop
    of links, or more bytes than the setting `limits.max_file_bytes` allows. What it holds is missing from every
    answer.

    Give fixturescope the permission that pytest has, remove the broken link, or raise the limit.
    """

    code = "FS002"
    name = "could not read"
    severity = "warning"
    summary = "A file or folder of the suite could not be read."
    GOOD: ClassVar[Example] = {"test_sum.py": "def test_sum():\n    assert 3 == 1 + 2\n"}
    BAD: ClassVar[Example] = {
        "fixturescope.toml": 'ignore = ["FS003"]\n[limits]\nmax_file_bytes = 60\n',
        "test_short.py": "def test_short():\n    pass\n",
        "test_long.py": "# FS002\ndef test_long():\n    assert 1 + 1 + 1 + 1 + 1 + 1 + 1 == 7\n",
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``; what looks for the files reports more of these itself."""
        for place, problem in _problems(context, unparsed=False):
            yield self.say(place, f"{place.path} {problem}")


class CouldNotEvaluate(Check):
    """fixturescope runs nothing of your project, so it cannot know what is computed: a loop over values from a file
    that registers fixtures, `getfixturevalue` with a computed name, `usefixtures(*names())`, a base class that is
    made by a call, a hook that decides what is collected (`pytest_pycollect_makeitem`, `pytest_ignore_collect`), a
    plugin that is installed without its source. Each such place is said, and whatever it could affect is called
    *possible* instead of *certain*.

    Nothing has to be done. Where the answer matters, write the names out as literals or constants.
    """

    code = "FS003"
    name = "could not evaluate"
    severity = "info"
    summary = "Something that bears on fixtures is decided at run time."
    GOOD: ClassVar[Example] = {
        "test_shapes.py": """\
import pytest


@pytest.fixture
def circle():
    return "o"


@pytest.mark.parametrize("name", ["circle"])
def test_shape(request, name):
    assert request.getfixturevalue("circle") == "o"
"""
    }
    BAD: ClassVar[Example] = {
        "test_shapes.py": """\
import os

import pytest


@pytest.fixture
def circle():
    return "o"


def test_shape(request, circle):
    assert request.getfixturevalue(os.environ["SHAPE"]) == circle  # FS003
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        yield from self._modules(context)
        yield from self._definitions(context)
        yield from self._tests(context)
        yield from self._requests(context)
        yield from self._classes(context)
        for plugin in context.suite.unread:
            yield self.say(
                Place(context.inifile, 1),
                f"plugin {plugin.name} has no source that can be read: its fixtures are not known",
            )
        for name in context.missing:
            yield self.say(Place(context.inifile, 1), f"plugin {name} is not installed in the target environment")

    def _modules(self, context: CheckContext) -> Iterator[Diagnostic]:
        for module in dict.fromkeys(context.suite.modules):
            path = context.relative(module.path)
            for issue in module.issues:
                yield self.say(Place(path, issue.line), issue.message)
            if module.failed is not None:
                message = f"{NOT_IMPORTED} ({module.failed}): the rest of it is not known"
                yield self.say(Place(path, max(module.frame.line, 1)), message, certain=False)
            binding = module.frame.names.get("pytest_plugins")
            if binding is not None and not _is_named(context.evaluator.force(binding.value)):
                yield self.say(Place(path, binding.line), "the names in pytest_plugins are not known")
        for hook in context.suite.hooks:
            if hook.names is None and not hook.is_known:
                yield self.say(
                    Place(hook.path, hook.line), "which arguments this pytest_generate_tests parametrizes is not known"
                )

    def _definitions(self, context: CheckContext) -> Iterator[Diagnostic]:
        for identity in context.own:
            value = identity.first.value
            what = [name for name in ("scope", "autouse", "name") if _is_unknown(context, value, name)]
            if value.incomplete:
                what.append("options")
            if what:
                text = f"fixture {identity.first.name!r}: its {' and '.join(what)} cannot be known before it runs"
                yield self.say(context.place(identity.first), text, fixture=identity.id)

    def _tests(self, context: CheckContext) -> Iterator[Diagnostic]:
        for group in context.tests:
            resolved = group[0]
            path = context.place(resolved.test).path
            module = resolved.test.node.module
            own = resolved.test.function.module if resolved.test.function is not None else None
            for mark in resolved.unread_marks:
                inherited = module is not own and module is not None and own is not None
                place = context.place(resolved.test) if inherited or not mark.line else Place(path, mark.line)
                yield self.say(place, "the names that usefixtures asks for are not known")
            if resolved.parameters.unknown_names:
                yield self.say(context.place(resolved.test), "the names that parametrize provides are not known")

    def _requests(self, context: CheckContext) -> Iterator[Diagnostic]:
        askers: list[Definition | CollectedTest] = [identity.first for identity in context.own]
        askers.extend(group[0].test for group in context.tests)
        for asker in askers:
            for request in context.requests_of(asker):
                if request.name is None:
                    yield self.say(Place(context.place(asker).path, request.line), _asked(request.pattern))
        for request, module in context.loose:
            if request.name is None and module.in_project:
                yield self.say(Place(context.relative(module.path), request.line), _asked(request.pattern))

    def _classes(self, context: CheckContext) -> Iterator[Diagnostic]:
        for node, value in context.classes():
            if has_unknown_base(context.evaluator, value):
                path: Path = value.module.path
                text = f"a base class of {node.qualname} is not known: tests and fixtures that it has are missing"
                yield self.say(Place(context.relative(path), value.facts.line), text)


def _is_named(value: Value) -> bool:
    items = value.items if isinstance(value, Items) else (value,)
    return all(isinstance(item, Constant) and (item.value is None or isinstance(item.value, str)) for item in items)


def _is_unknown(context: CheckContext, value: FixtureValue, option: str) -> bool:
    given = value.options.get(option)
    if given is None:
        return False
    if option == "scope":
        return scope_of(value)[1] == "dynamic"
    return not isinstance(given, Constant) and (option == "name" or context.evaluator.truth(given) is None)


def _asked(pattern: str) -> str:
    shape = "" if pattern == "*" else f" (it looks like {pattern!r})"
    return f"the name that getfixturevalue asks for is not known{shape}"
