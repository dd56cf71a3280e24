"""All that we know of pytest beyond its public interface, for 7.4 to 9.2: no other file of ours names ``_pytest``."""

from __future__ import annotations

import contextlib
import copy
import functools
import os
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple, Protocol

import pytest
from _pytest.fixtures import FixtureDef, FixtureManager, FixtureRequest
from _pytest.scope import Scope

PSEUDO_FUNCTION = "get_direct_param_fixture_func"
"""The function behind a directly parametrized name."""

_INVENTED = re.compile(r"_(?:xunit|unittest)_(?:(setup_module|setup_function|setup_class|setup_method|setUpClass)_)?")
"""How names begin that pytest invents for ``setup_module`` and ``setUpClass`` styles, and for what it does beside them."""

MAX_UNWRAPS = 100


class Place(NamedTuple):
    """Where a function is written; ``line`` is that of its ``def`` or ``lambda``, None where there is no source."""

    file: str | None
    line: int | None
    function: str
    module: str


Method = Callable[[Any, Any], Any]
"""``FixtureDef.execute`` or ``FixtureDef.finish``: takes the definition and the request."""


class Listener(Protocol):
    """Is told of what pytest does with fixtures; takes part in none of it."""

    def execute(self, fixturedef: Any, proceed: Callable[[], Any]) -> Any:
        """Pytest wants a fixture's value: return what ``proceed`` returns."""

    def finish(self, fixturedef: Any, proceed: Callable[[], Any]) -> Any:
        """Pytest tears a fixture down."""

    def requested(self, asker: Any, fixturedef: Any) -> None:
        """A fixture (None: a test) got another."""


# ---------------------------------------------------------------------------------------------------------- definitions


def key_of(fixturedef: Any) -> str:
    """Return what names a definition in every process that collects the same suite."""
    xunit = xunit_name(fixturedef)
    if xunit is not None:
        return f"xunit:{xunit}@{fixturedef.baseid}"
    place = locate(fixturedef.func)
    return f"{place.file or place.module}:{place.line or place.function}:{fixturedef.argname}@{fixturedef.baseid}"


def is_pseudo(fixturedef: Any) -> bool:
    """Return whether a definition is pytest's own device: a direct parameter, ``request``."""
    function = getattr(fixturedef, "func", None)  # that of `request` had none before pytest 9
    if function is None or getattr(function, "__name__", "") == PSEUDO_FUNCTION or fixturedef.argname == "request":
        return True
    invented = _INVENTED.match(fixturedef.argname)
    return invented is not None and invented[1] is None


def xunit_name(fixturedef: Any) -> str | None:
    """Return the ``setup_module``, ``setUpClass`` and so on that pytest made a fixture of; None for any other fixture."""
    invented = _INVENTED.match(fixturedef.argname)
    return invented[1] if invented is not None else None


def all_definitions(session: pytest.Session) -> list[Any]:
    """Return every definition that pytest knows after collection."""
    manager: Any = session._fixturemanager
    by_name = getattr(manager, "_arg2fixturedefs", None)  # up to pytest 9.1
    if by_name is not None:
        return [one for defs in by_name.values() for one in defs]
    tables = (manager._arg2node2fixturedefs, manager._arg2nodeid2fixturedefs)
    return [one for table in tables for by_place in table.values() for defs in by_place.values() for one in defs]


def visible(session: pytest.Session, name: str, node: pytest.Item | pytest.Collector) -> Sequence[Any]:
    """Return the definitions of a name that a node sees, the one that it gets last."""
    manager: Any = session._fixturemanager
    try:
        return manager.getfixturedefs(name, node) or ()
    except (AttributeError, TypeError):  # pytest before 8.1 wants the node id
        return manager.getfixturedefs(name, node.nodeid) or ()


def locate(function: Any) -> Place:
    """Find the ``def`` or ``lambda`` that a function was made from, below any wrappers."""
    real = _unwrap(function)
    code = getattr(real, "__code__", None)
    if code is None:  # an instance with a `__call__` written in Python
        code = getattr(getattr(type(real), "__call__", None), "__code__", None)  # noqa: B004 - it is asked for its code
    name = str(getattr(real, "__name__", type(real).__name__))
    module = str(getattr(real, "__module__", None) or "")
    if not isinstance(code, CodeType):
        return Place(None, None, name, module)
    path = Path(code.co_filename)
    file = os.path.normpath(path.absolute()) if path.is_file() else None
    line = _def_line(file, code.co_firstlineno, code.co_name) if file else None
    return Place(file, line, name, module)


def real_function(function: Any) -> Any:
    """Return what a function was made from, below any wrappers: the same object wherever it is registered."""
    return _unwrap(function)


def _unwrap(function: Any) -> Any:
    for _ in range(MAX_UNWRAPS):
        inner = _one_layer_less(function)
        if inner is None or inner is function:
            break
        function = inner
    return function


def _one_layer_less(function: Any) -> Any:
    if isinstance(function, functools.partial):
        return function.func
    own = getattr(function, "__func__", None)
    if own is not None and not isinstance(function, type):
        return own
    wrapped_by_pytest = getattr(getattr(function, "__pytest_wrapped__", None), "obj", None)
    if wrapped_by_pytest is not None:
        return wrapped_by_pytest
    unwrapper = getattr(type(function), "_get_wrapped_function", None)
    if unwrapper is not None:
        return unwrapper(function)
    return getattr(function, "__wrapped__", None)


def _def_line(path: str, first: int, name: str) -> int | None:
    """Return the line of the ``def`` or ``lambda`` of a code object that begins at line ``first``, its decorators' first."""
    lines = _lines(path)
    if first < 1 or first > len(lines):
        return None
    if name == "<lambda>":
        return first if "lambda" in lines[first - 1] else None
    begins, at = True, None
    try:
        for token in tokenize.generate_tokens(iter(lines[first - 1 :]).__next__):
            if token.type == tokenize.NAME and at is not None and token.string != "def":
                return at if token.string == name else None
            if token.type == tokenize.NAME and begins and token.string in ("async", "def"):
                at = first - 1 + token.start[0]
            elif token.type == tokenize.NAME and begins:
                return None  # neither a decorator nor a function: the file is another than the one that was loaded
            if token.type not in (tokenize.INDENT, tokenize.COMMENT, tokenize.NL):
                begins = token.type == tokenize.NEWLINE
    except (tokenize.TokenError, SyntaxError, StopIteration):
        pass
    return None


@functools.lru_cache(maxsize=16)
def _lines(path: str) -> list[str]:
    try:
        with tokenize.open(path) as stream:
            return stream.readlines()
    except (OSError, SyntaxError, ValueError):
        return []


# -------------------------------------------------------------------------------------------------------------- changing


def on_registered(look: Callable[[Any], None]) -> Callable[[], None]:
    """Let ``look(manager)`` see definitions once they are registered, and before pytest asks for their scope.

    Returns:
        What puts pytest's own methods back, unless somebody else has put theirs around ours.
    """
    kind: Any = FixtureManager
    before = {"parsefactories": kind.parsefactories, "getfixtureinfo": kind.getfixtureinfo}

    @functools.wraps(before["parsefactories"])
    def parsed(self: Any, *args: Any, **kwargs: Any) -> None:
        before["parsefactories"](self, *args, **kwargs)
        look(self)

    @functools.wraps(before["getfixtureinfo"])
    def resolved(self: Any, *args: Any, **kwargs: Any) -> Any:
        look(self)  # plugins register fixtures without parsing anything
        return before["getfixtureinfo"](self, *args, **kwargs)

    ours = {"parsefactories": parsed, "getfixtureinfo": resolved}
    for name, method in ours.items():
        setattr(kind, name, method)

    def undo() -> None:
        for name, method in ours.items():
            if getattr(kind, name) is method:
                setattr(kind, name, before[name])

    return undo


def named(manager: Any, name: str) -> list[Any]:
    """Return the definitions of a name that are registered by now."""
    return [one for defs in _lists_of(manager, name) for one in defs]


def set_scope(fixturedef: Any, scope: str) -> None:
    """Give a definition another scope; closures, items and the order of tests that are made later follow it."""
    fixturedef._scope = Scope(scope)


def drop_autouse(manager: Any, fixturedef: Any) -> bool:
    """Let nobody get a definition who does not ask for its name; return whether it was autouse."""
    node = getattr(fixturedef, "node", None)
    tables = [
        (getattr(manager, "_node_autousenames", {}), node),
        (getattr(manager, "_nodeid_autousenames", {}), fixturedef.baseid),
    ]
    for table, place in tables:
        names = table.get(place, [])
        if fixturedef.argname in names:
            at = (
                len(names) - 1 - names[::-1].index(fixturedef.argname)
            )  # of the ini file's `usefixtures`: the first ones
            del names[at]
            return True
    return False


def forget(manager: Any, fixturedef: Any) -> None:
    """Take a definition out, as if it had not been found: another one of its name comes to the fore."""
    drop_autouse(manager, fixturedef)
    for defs in _lists_of(manager, fixturedef.argname):
        defs[:] = [one for one in defs if one is not fixturedef]


def _lists_of(manager: Any, name: str) -> list[list[Any]]:
    by_name = getattr(manager, "_arg2fixturedefs", None)  # up to pytest 9.1
    if by_name is not None:
        return [by_name[name]] if name in by_name else []
    tables = (manager._arg2node2fixturedefs, manager._arg2nodeid2fixturedefs)
    return [defs for table in tables for defs in table.get(name, {}).values()]


# ---------------------------------------------------------------------------------------------------------------- items


def test_id(item: pytest.Item) -> str:
    """Return the node id of an item without its parameters."""
    name = getattr(item, "originalname", None)
    return item.nodeid if name is None or item.parent is None else f"{item.parent.nodeid}::{name}"


def closure(item: pytest.Item) -> dict[str, Sequence[Any]]:
    """Return name → definitions that an item sees, the one that it gets last; empty for what is no function."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None or not isinstance(item, pytest.Function):
        return {}
    reachable = set(info.names_closure)
    return {name: defs for name, defs in info.name2fixturedefs.items() if defs and name in reachable}


def closure_identity(item: pytest.Item) -> int:
    """Return what is the same for items that share one closure."""
    return id(getattr(item, "_fixtureinfo", item))


def ambient_names(item: pytest.Function) -> tuple[str, ...]:
    """Return the names that come to a test without standing in its arguments: autouse, ``usefixtures``."""
    info = item._fixtureinfo
    return tuple(name for name in info.initialnames if name not in info.argnames)


def parameter_of(item: pytest.Item, name: str) -> tuple[int, object] | None:
    """Return which parameter of a fixture an item sets up, by number, and its value; None where it is not parametrized."""
    spec = getattr(item, "callspec", None)
    if spec is None or name not in spec.params:
        return None
    return spec.indices.get(name, 0), spec.params[name]


def parameter_ids(item: pytest.Item) -> tuple[str, ...]:
    """Return the ids of an item's parameters, in the order of their ``parametrize`` calls."""
    spec = getattr(item, "callspec", None)
    return () if spec is None else tuple(str(one) for one in spec._idlist)


def parameter_id(item: pytest.Item, name: str) -> str | None:
    """Return the id that pytest shows for the parameter of one fixture of an item; its number where several share one."""
    parameter = parameter_of(item, name)
    if parameter is None:
        return None
    ids, names = parameter_ids(item), parametrized_names(item)
    return ids[names.index(name)] if len(ids) == len(names) else str(parameter[0])


def parametrized_names(item: pytest.Item) -> tuple[str, ...]:
    """Return the names that an item's parameters are for, in the order of their ``parametrize`` calls."""
    spec = getattr(item, "callspec", None)
    return () if spec is None else tuple(spec.indices)  # before pytest 8, `params` has the indirect ones first


def make_items(collector: Any, name: str) -> list[pytest.Function]:
    """Make tests at a module or class that use one fixture and nothing else, one a parameter.

    The function becomes an attribute of the module or class, since pytest looks it up there: only for a process that
    nobody else uses.
    """

    @pytest.mark.usefixtures(name)
    def fixturescope_synthetic(*_: object) -> None:
        """Stand where a test of this place would."""

    setattr(collector.obj, fixturescope_synthetic.__name__, fixturescope_synthetic)
    return list(collector._genfunctions(fixturescope_synthetic.__name__, fixturescope_synthetic))


def renew(item: pytest.Function) -> None:
    """Make an item as it was before its first set-up."""
    item._initrequest()
    if item.cls is not None:  # it gets another instance of its class
        vars(item).pop("_instance", None)
        vars(item).pop("_obj", None)
        with contextlib.suppress(Exception):  # a class that cannot be made says so in the set-up, as ever
            _ = item.obj  # fixtures look at it, by its private name even


def sibling(item: pytest.Function) -> pytest.Function:
    """Return a test like this one: what comes next, when this one is torn down and all around it is to stay."""
    return copy.copy(item)


def tear_all_down(session: pytest.Session) -> None:
    """Tear down what is still set up, as at the end of a session."""
    state: Any = session._setupstate
    state.teardown_exact(None)


def test_of(request: Any) -> pytest.Item:
    """Return the test that a request is made for, whatever its scope."""
    item: pytest.Item = request._pyfuncitem
    return item


def on_fill(item: pytest.Function, fill: Callable[[Any], None]) -> None:
    """Let ``fill(request)`` set fixtures up where pytest would set up all that the item needs."""
    request: Any = item._request
    request._fillfixtures = functools.partial(fill, request)


# ------------------------------------------------------------------------------------------------------------- listening


def wrap(*, execute: Callable[[Method], Method], finish: Callable[[Method], Method]) -> Callable[[], None]:
    """Put other functions in the place of ``FixtureDef.execute`` and ``FixtureDef.finish``.

    Args:
        execute: Takes pytest's own method and returns the other one. Pytest calls it for every value that it wants,
            also for those that are there already.
        finish: The same for teardown. It is called for fixtures that are not set up, too.

    Returns:
        What puts pytest's own methods back, unless somebody else has put theirs around ours.
    """
    kind: Any = FixtureDef
    before = {"execute": kind.execute, "finish": kind.finish}
    ours = {"execute": execute(before["execute"]), "finish": finish(before["finish"])}
    for name, method in ours.items():
        setattr(kind, name, method)

    def undo() -> None:
        for name, method in ours.items():
            if getattr(kind, name) is method:
                setattr(kind, name, before[name])

    return undo


def is_cached(fixturedef: Any) -> bool:
    """Return whether a fixture is set up, or failed to be, and is to be torn down."""
    return fixturedef.cached_result is not None


def listen(listener: Listener) -> Callable[[], None]:
    """Tell a listener of all fixtures, until the function that is returned is called."""
    request_kind: Any = FixtureRequest
    get = request_kind._get_active_fixturedef

    def around_execute(execute: Method) -> Method:
        def heard_execute(self: Any, request: Any) -> Any:
            return listener.execute(self, functools.partial(execute, self, request))

        return heard_execute

    def around_finish(finish: Method) -> Method:
        def heard_finish(self: Any, request: Any) -> Any:
            if not is_cached(self):
                return finish(self, request)
            return listener.finish(self, functools.partial(finish, self, request))

        return heard_finish

    def heard_get(self: Any, argname: str) -> Any:
        fixturedef = get(self, argname)
        listener.requested(getattr(self, "_fixturedef", None), fixturedef)
        return fixturedef

    unwrap = wrap(execute=around_execute, finish=around_finish)
    request_kind._get_active_fixturedef = heard_get

    def undo() -> None:
        unwrap()
        request_kind._get_active_fixturedef = get

    return undo


def collectors_above(items: Iterable[pytest.Item]) -> Iterator[pytest.Collector]:
    """Give each collector of a suite once."""
    seen: set[int] = set()
    for item in items:
        for node in item.listchain()[:-1]:
            if id(node) not in seen and isinstance(node, pytest.Collector):
                seen.add(id(node))
                yield node
