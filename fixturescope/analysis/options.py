"""The part of pytest's command line that an ``addopts`` can hold and that bears on what is collected.

In: words (``addopts``, ``PYTEST_ADDOPTS``, paths), as pytest's own argparse would see them. Out: `Options`, frozen.
pytest knows every option because the plugins that declare them are loaded; we know those of pytest itself, those of
widely used plugins, and whatever the caller adds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fixturescope.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLUGIN_OPTIONS: Mapping[str, bool] = {
    option: takes_value
    for takes_value, options in {
        True: """
            -n --numprocesses --maxprocesses --max-worker-restart --dist --tx --rsyncdir --rsyncignore --px
            --testrunuid
            --cov --cov-report --cov-config --cov-fail-under --cov-context
            --ds --dc --django-debug-mode --liveserver
            --asyncio-mode --timeout --timeout-method --session-timeout --reruns --reruns-delay --only-rerun
            --rerun-except
            --html --css --json-report-file --count --repeat-scope --splits --group --durations-path
            --random-order-bucket
            --random-order-seed --randomly-seed --hypothesis-profile --hypothesis-seed --hypothesis-verbosity
            --benchmark-sort --benchmark-columns --benchmark-group-by --benchmark-json --benchmark-storage
            --benchmark-compare
            --record-mode --vcr-record --vcr-record-mode --block-network-allowed-hosts --allow-hosts
            --mpl-baseline-path
            --mypy-ini-file --mypy-config-file --driver --base-url --browser --alluredir
            --gherkin-terminal-reporter-file
            --doctest-ufunc --remote-data --flake-finder-ignore --typeguard-packages --jaxtyping-packages
            --beartype-packages
            --cucumberjson --log-format-cli --emoji-mode --memray-bin-path --most-allocations --stacks --sw-file
        """,
        False: """
            -f --looponfail --boxed --forked --no-cov --no-cov-on-fail --cov-append --cov-branch --cov-reset
            --reuse-db --create-db --nomigrations --no-migrations --migrations --fail-on-template-vars
            --random-order --randomly-dont-reset-seed --randomly-dont-reorganize --self-contained-html --json-report
            --benchmark-only --benchmark-skip --benchmark-disable --benchmark-enable --benchmark-autosave
            --benchmark-quiet
            --disable-socket --allow-unix-socket --force-enable-socket --block-network --mpl --mypy --flake8
            --black --isort
            --pylint --ruff --ruff-format --sugar --no-sugar --picked --testmon --nbval --nbval-lax --memray
            --spec --randomize
            --doctest-plus --doctest-rst --doctest-only --doctest-cython --arraydiff --open-files --clarity-hide-lines
            --disable-warnings-summary --snapshot-update --inline-snapshot-fix --strict-fixtures --headed
            --allow-network
        """,
    }.items()
    for option in options.split()
}
"""Options of widely used plugins → whether a value follows as a word of its own."""

_VALUES = """
    -c --config-file --rootdir --confcutdir --basetemp --ignore --ignore-glob --deselect --import-mode
    --maxfail --max-warnings
    -k -m -p -o --override-ini -W --pythonwarnings -r --tb --show-capture --color --code-highlight --capture
    --durations
    --durations-min --verbosity --pastebin --junitxml --junit-xml --junitprefix --junit-prefix --doctest-glob
    --doctest-report
    --lfnf --last-failed-no-failures --cache-show --assert --log-level --log-format --log-date-format --log-cli-level
    --log-cli-format --log-cli-date-format --log-file --log-file-mode --log-file-level --log-file-format
    --log-file-date-format --log-auto-indent --log-disable --pdbcls --debug --resultlog --result-log
    --lsof-output --xfail-tb
"""
_FLAGS = """
    -x --exitfirst --strict-config --strict-markers --strict --collectonly --collect-only --co --pyargs --noconftest
    --keepduplicates --keep-duplicates --collect-in-virtualenv --continue-on-collection-errors --markers
    --fixtures --funcargs
    --fixtures-per-test --no-fold-skipped --force-short-summary --no-header --no-summary --disable-warnings
    --disable-pytest-warnings -l --showlocals --no-showlocals -v --verbose -q --quiet -s --full-trace
    --fulltrace --runxfail
    --pdb --trace --doctest-modules --doctest-ignore-import-errors --doctest-continue-on-failure --lf
    --last-failed --ff
    --failed-first --nf --new-first --cache-clear --setuponly --setup-only --setupshow --setup-show
    --setupplan --setup-plan
    --sw --stepwise --sw-skip --stepwise-skip --sw-reset --stepwise-reset --version -V -h --help --trace-config --lsof
    --runpytest --disable-plugin-autoload --no-print-logs --nomemray
"""
_OPTIONAL_VALUE = frozenset(
    {"--cache-show", "--debug", "--cov", "--allow-hosts", "--mypy-config-file", "--typeguard-packages"}
)
"""``nargs="?"``: the next word is a value only when it is no option."""

_KNOWN: Mapping[str, bool] = {**dict.fromkeys(_VALUES.split(), True), **dict.fromkeys(_FLAGS.split(), False)}
_SAME = {
    "-c": "--config-file",
    "-o": "--override-ini",
    "--keepduplicates": "--keep-duplicates",
}


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the words ask for. Values are as written; paths are not resolved."""

    positional: tuple[str, ...] = ()
    config_file: str | None = None
    rootdir: str | None = None
    confcutdir: str | None = None
    import_mode: str = "prepend"
    ignore: tuple[str, ...] = ()
    ignore_glob: tuple[str, ...] = ()
    deselect: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    """Each ``-p`` in order, ``no:`` included."""
    override_ini: tuple[str, ...] = ()
    keyword: str = ""
    """``-k``: it takes tests out of the run, but not out of the collection."""
    mark: str = ""
    """``-m``, likewise."""
    asyncio_mode: str | None = None
    doctest_glob: tuple[str, ...] = ()
    doctest_modules: bool = False
    pyargs: bool = False
    noconftest: bool = False
    keep_duplicates: bool = False
    collect_in_virtualenv: bool = False
    disable_plugin_autoload: bool = False
    unknown: tuple[str, ...] = ()
    """Options that nobody we know declares; the word after one is taken to be its value, not a path."""


def parse_options(
    words: Sequence[str],
    *,
    source: str,
    known: Mapping[str, bool] = PLUGIN_OPTIONS,
    unknown_take_value: bool = True,
    path: str | None = None,
) -> Options:
    """Parse words as pytest's argparse would.

    Args:
        words: Words of a command line.
        source: Where they come from, for messages (``addopts``).
        known: Options of plugins → whether each takes a value.
        unknown_take_value: Whether the word after an option that nobody declares is its value. While pytest looks for
            the rootdir no plugin is loaded, and such a word is a path to it.
        path: The configuration file, for messages.

    Raises:
        ConfigError: An option of pytest's own lacks its value, or has one that pytest refuses.
    """
    pairs, positional, unknown = _Words(
        words, {**known, **_KNOWN}, default=unknown_take_value, source=source, path=path
    ).parse()
    many: dict[str, list[str]] = {}
    for option, value in pairs:
        many.setdefault(_SAME.get(option, option), []).append(value)

    def every(name: str) -> tuple[str, ...]:
        return tuple(many.get(name, ()))

    def last(name: str) -> str | None:
        return many[name][-1] if name in many else None

    import_mode = last("--import-mode") or "prepend"
    if import_mode not in ("prepend", "append", "importlib"):
        raise ConfigError(
            f"{source}: --import-mode {import_mode!r} is not one of prepend, append, importlib",
            path=path,
            hint="pytest would refuse it too: correct the value",
        )
    return Options(
        positional=tuple(positional),
        config_file=last("--config-file"),
        rootdir=last("--rootdir"),
        confcutdir=last("--confcutdir"),
        import_mode=import_mode,
        ignore=every("--ignore"),
        ignore_glob=every("--ignore-glob"),
        deselect=every("--deselect"),
        plugins=tuple(value.strip() for value in every("-p")),
        override_ini=_overrides(pairs),
        keyword=last("-k") or "",
        mark=last("-m") or "",
        asyncio_mode=last("--asyncio-mode"),
        doctest_glob=every("--doctest-glob"),
        doctest_modules="--doctest-modules" in many,
        pyargs="--pyargs" in many,
        noconftest="--noconftest" in many,
        keep_duplicates="--keep-duplicates" in many,
        collect_in_virtualenv="--collect-in-virtualenv" in many,
        disable_plugin_autoload="--disable-plugin-autoload" in many,
        unknown=tuple(unknown),
    )


def _overrides(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    strict = {
        "--strict-config": "strict_config=true",
        "--strict-markers": "strict_markers=true",
        "--strict": "strict=true",
    }
    found = (value if _SAME.get(option, option) == "--override-ini" else strict.get(option) for option, value in pairs)
    return tuple(item for item in found if item is not None)


class _Words:
    """Splits words into (option, value) pairs, positional words and unknown options."""

    def __init__(
        self, words: Sequence[str], known: Mapping[str, bool], *, default: bool, source: str, path: str | None
    ) -> None:
        self._words = list(words)
        self._known = known
        self._default = default
        self._source = source
        self._path = path
        self._index = 0
        self._unknown: list[str] = []

    def parse(self) -> tuple[list[tuple[str, str]], list[str], list[str]]:
        pairs: list[tuple[str, str]] = []
        positional: list[str] = []
        while self._index < len(self._words):
            word = self._words[self._index]
            self._index += 1
            if word == "--":
                positional.extend(self._words[self._index :])
                break
            if not _is_option(word, self._known):
                positional.append(word)
            elif word.startswith("--"):
                option, equals, value = word.partition("=")
                takes_value = self._takes_value(option)
                pairs.append((option, value if equals or not takes_value else self._following(option)))
            else:
                pairs.extend(self._short(word[1:]))
        return pairs, positional, self._unknown

    def _short(self, rest: str) -> list[tuple[str, str]]:
        """``-vvx`` is three flags; ``-n4`` and ``-pno:x`` are an option with its value."""
        pairs: list[tuple[str, str]] = []
        while rest:
            option, rest = f"-{rest[0]}", rest[1:]
            if self._takes_value(option):
                value = rest.removeprefix("=").strip() if rest else self._following(option)
                return [*pairs, (option, value)]
            pairs.append((option, ""))
        return pairs

    def _takes_value(self, option: str) -> bool:
        if option not in self._known:
            self._unknown.append(option)
        return self._known.get(option, self._default)

    def _following(self, option: str) -> str:
        """Take the next word as a value, unless it is an option itself."""
        if self._index < len(self._words) and not _is_option(self._words[self._index], self._known):
            self._index += 1
            return self._words[self._index - 1]
        if option in _KNOWN and option not in _OPTIONAL_VALUE:
            raise ConfigError(
                f"{self._source}: {option} expects a value",
                path=self._path,
                hint="pytest would refuse it too: give it a value, or take it away",
            )
        return ""


def _is_option(word: str, known: Mapping[str, bool]) -> bool:
    """Argparse's rule: a dash starts an option, but ``-``, negative numbers and words with a space are values."""
    if not word.startswith("-") or word == "-":
        return False
    if word in known or word.partition("=")[0] in known:
        return True
    if not word.startswith("--") and known.get(word[:2]):
        return True  # a short option with its value in the same word
    if word[1:].replace(".", "", 1).isdigit():
        return False
    return " " not in word
