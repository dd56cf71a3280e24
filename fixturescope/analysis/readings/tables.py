"""What calls do to what they are given, as far as their names tell. What is not listed here is not known."""

from __future__ import annotations

MUTATORS = frozenset({
    "add", "append", "appendleft", "clear", "difference_update", "discard", "drop_all", "create_all", "extend",
    "extendleft", "flush", "insert", "intersection_update", "mkdir", "move_to_end", "pop", "popitem", "popleft",
    "put_nowait", "remove", "rename", "reset_mock", "reverse", "rmdir", "rotate", "save", "seek", "set", "set_cookie",
    "setdefault", "setattr", "setenv", "setitem", "sort", "subtract", "symlink_to", "symmetric_difference_update", "touch",
    "truncate", "unlink", "update", "write", "write_bytes", "write_text", "writelines", "__setattr__", "__setitem__",
    "__delitem__",
})  # fmt: skip
"""Methods that change what they are called on."""

READING_PREFIXES = ("as_", "count_", "find_", "get_", "has_", "is_", "iter_", "list_", "to_")
"""What the names of methods begin with that say they change nothing; what they return may be a part."""

READERS = frozenset({
    "absolute", "all", "any", "as_posix", "as_uri", "astimezone", "capitalize", "casefold", "copy", "count", "date",
    "decode", "deepcopy", "encode", "endswith", "exists", "expanduser", "find", "format", "fromkeys", "glob", "hex",
    "index", "is_absolute", "is_dir", "is_file", "is_symlink", "isalnum", "isalpha", "isdigit", "isdisjoint", "isoformat",
    "issubset", "issuperset", "items", "iterdir", "join", "keys", "lower", "lstrip", "match", "partition", "read_bytes",
    "read_text", "replace_with", "resolve", "rfind", "rglob", "rpartition", "rsplit", "rstrip", "split", "splitlines",
    "startswith", "stat", "strftime", "strip", "timestamp", "title", "total_seconds", "union", "upper", "values",
    "with_name", "with_suffix", "__contains__", "__eq__", "__len__", "__repr__", "__str__",
})  # fmt: skip
"""Methods that change nothing, and whose result is something new."""

PARTS = frozenset({"get", "__getitem__", "items", "values", "keys", "iterdir", "glob", "joinpath", "parent", "parents"})
"""Methods that change nothing, and whose result is a part of what they are called on."""

PURE_MODULES = frozenset({
    "bisect", "copy", "difflib", "fnmatch", "html", "inspect", "itertools", "json", "math", "operator", "pprint", "re",
    "shlex", "statistics", "string", "textwrap", "typing", "unicodedata",
})  # fmt: skip
"""Modules whose functions leave what they are given as it is."""

PURE = frozenset({
    "abs", "all", "any", "ascii", "asdict", "astuple", "bool", "bytes", "callable", "complex", "copy", "deepcopy", "dir",
    "divmod", "dump", "dumps", "float", "format", "frozenset", "fspath", "getsize", "hasattr", "hash", "hex", "id", "int",
    "isclose", "isinstance", "issubclass", "len", "list", "mean", "oct", "ord", "pformat", "pow", "pprint", "print",
    "range", "repr", "round", "set", "signature", "str", "sum", "tuple", "type",
    "approx", "fail", "raises", "skip", "warns", "xfail", "deprecated_call",
    "allclose", "array_equal", "isfile", "isdir", "exists", "basename", "dirname",
})  # fmt: skip
"""Functions, and methods of modules, that leave what they are given as it is, and give nothing of it away."""

SEEING_THROUGH = frozenset({
    "chain", "cast", "dict", "enumerate", "filter", "getattr", "iter", "map", "max", "min", "next", "reversed", "sorted",
    "vars", "zip", "join", "anext", "aiter", "Path", "PurePath", "islice",
})  # fmt: skip
"""Functions whose result is, or holds, what they are given or a part of it, and that leave it as it is."""

COPYING = frozenset({"chain", "dict", "enumerate", "filter", "islice", "join", "map", "reversed", "sorted", "zip"})
"""Those of them whose result is something new that holds what it is given, or parts of it."""

CHANGING = frozenset({"setattr", "delattr", "heappush", "heappop", "shuffle", "exec"})
"""Functions that change their first argument."""

RESTORING = frozenset({"object", "dict", "multiple", "setattr", "setitem", "delattr", "delitem", "spy"})
"""Methods of ``mock.patch``, ``monkeypatch`` and ``mocker`` that change their first argument and change it back."""

PATCHERS = frozenset({"monkeypatch", "mocker", "mock", "patch"})
"""What those are called."""

TEST_BOUND = frozenset({
    "applymarker", "cls", "function", "fixturenames", "instance", "keywords", "node", "_pyfuncitem",
})  # fmt: skip
"""Attributes of ``request`` that are of one test."""

MODULE_BOUND = frozenset({"module", "path", "fspath"})
"""Attributes of ``request`` that are the same for all tests of a module."""

WORLD = frozenset({
    "os.chdir", "os.putenv", "os.unsetenv", "os.umask", "os.environ.update", "random.seed", "np.random.seed",
    "numpy.random.seed", "torch.manual_seed", "locale.setlocale", "time.tzset", "signal.signal", "signal.alarm",
    "socket.setdefaulttimeout", "warnings.simplefilter", "warnings.filterwarnings", "logging.disable",
    "logging.basicConfig", "atexit.register", "sys.setrecursionlimit", "sys.settrace", "gc.disable", "gc.enable",
    "asyncio.set_event_loop", "asyncio.set_event_loop_policy", "decimal.setcontext",
})  # fmt: skip
"""Calls that change what the whole process sees."""

QUIET = frozenset({
    "print", "pprint", "sleep", "skip", "importorskip", "fail", "xfail", "warn", "debug", "info", "warning", "error",
    "exception", "log", "collect", "isinstance", "super", "time", "perf_counter", "wait",
})  # fmt: skip
"""Calls for whose effect nobody has to care."""

PATCHING = frozenset({"patch", "freeze_time", "travel", "time_machine", "RequestsMock", "mock_aws", "environ_patch"})
"""Calls that change something for a time."""

MOCKS = frozenset({"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec", "mock_open"})
"""Classes whose objects remember each call."""

IMPURE_ROOTS = frozenset({
    "os", "sys", "time", "random", "secrets", "uuid", "socket", "tempfile", "mock", "subprocess", "threading",
    "multiprocessing", "asyncio", "pytest", "logging", "shutil", "requests", "urllib", "http", "io", "signal", "warnings",
    "faker", "fake", "glob", "platform", "getpass", "inspect", "contextlib", "gc", "weakref",
})  # fmt: skip
"""Modules that read or change more than what they are given."""

IMPURE = frozenset({
    "open", "input", "now", "today", "utcnow", "time", "uuid1", "uuid4", "urandom", "getenv", "getcwd", "cwd", "home",
    "mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "Popen", "run", "check_output",
    "Thread", "Process", "Event", "Lock", "RLock", "Queue", "Barrier", "Semaphore", "socket", "random", "randint",
    "choice", "sample", "default_rng", "token_hex", "token_urlsafe", "read_text", "read_bytes", "exists", "iterdir",
    "StringIO", "BytesIO", "globals", "locals", "vars", "id", "object", "iter", "next", "count", "cycle", "connect",
    "Client", "TestClient", "AsyncClient", "Session", "ClientSession", "start", "CliRunner", "Runner", "test_client",
    "test_cli_runner", "create_engine", "get_event_loop", "new_event_loop", "environ", "importorskip", "import_module",
    "ExitStack", "Random", "Faker", "rand", "randn", "partial",
    "load_module", "getfixturevalue",
}) | MOCKS | PATCHING  # fmt: skip
"""Calls whose result differs from time to time, reads what may change, or is a thing with a state of its own."""

TEXTS = frozenset({
    "decode", "dumps", "encode", "format", "getvalue", "hexdigest", "isoformat", "join", "lower", "read_bytes",
    "read_text", "replace", "strftime", "strip", "title", "upper", "rstrip", "lstrip", "as_posix", "dedent", "hex",
})  # fmt: skip
"""Methods whose result is text, bytes or a number."""

PLAIN = frozenset({
    "str", "int", "float", "bool", "bytes", "complex", "frozenset", "len", "repr", "sum", "Decimal", "Fraction", "date",
    "datetime", "timedelta", "UUID", "dedent", "namedtuple", "type", "hash", "round", "fspath", "range",
})  # fmt: skip
"""Functions whose result nobody can change."""

ENDS = frozenset({"skip", "xfail", "fail", "exit", "importorskip"})
"""Functions of pytest that decide what becomes of a test."""

OUTSIDE_CALLS = frozenset({
    "now", "today", "utcnow", "uuid1", "uuid4", "urandom", "getenv", "getcwd", "cwd", "home", "mkdtemp", "mktemp", "mkstemp",
    "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "Popen", "check_output", "check_call", "socket", "open",
    "token_hex", "token_urlsafe", "connect", "create_engine", "urlopen", "iterdir", "makedirs", "mkdir", "copytree",
    "copyfile", "write_text", "write_bytes", "touch", "symlink_to", "unlink", "rmtree", "to_csv", "savefig", "create",
    "get_or_create", "update_or_create", "bulk_create", "create_batch", "insert", "execute", "executemany", "commit",
})  # fmt: skip
"""Calls of what is not in the process, or whose result differs from time to time."""

OUTSIDE_ENDING = "Factory"
"""What the names of classes end with that mostly write what they make into a database."""

OUTSIDE_ROOTS = ("os.environ", "time.", "random.", "secrets.", "subprocess.", "sys.argv", "socket.")
"""What the dotted names of others begin with."""

NO_OUTSIDE = frozenset({"time.sleep"})
"""What looks like one of them."""

INSTANCES = frozenset({"self", "cls"})
"""What the instance of a method is called."""

PATCH_FIXTURES = frozenset({"monkeypatch", "mocker", "class_mocker", "module_mocker", "session_mocker"})
"""Fixtures that patch; what is called on them is followed as on any other argument."""
