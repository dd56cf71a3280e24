"""Data that module-level code reads: what is read, what is refused and said to be, and what is not known."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import fixturescope
from fixturescope.analysis import data
from fixturescope.analysis.data import DataFiles, parse, text_of
from fixturescope.document import dump, from_graph
from tests.oracle import live

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX file system")

FACTORY = """
    import glob, json, os, pytest, yaml
    from pathlib import Path
    HERE = Path(__file__).parent
    def make(value, **options):
        @pytest.fixture(**options)
        def made(): return value
        return made
"""

FILES = {
    "data/b.json": '{"one": "module", "two": "session"}',
    "data/a.json": '{"three": "class"}',
    "data/c.yaml": "- &x {name: four}\n- *x\n",
    "data/deep/d.json": "5",
    "names.txt": "six\nseven\n",
}

KNOWN = {
    "json of a file that is opened": (
        "for name, scope in json.load(open(HERE / 'data/b.json')).items(): globals()[name] = make(1, scope=scope)",
        "one:module two:session",
    ),
    "json of a file in a with": (
        (
            "with (HERE / 'data' / 'a.json').open(encoding='utf-8') as file:\n"
            "    for name, scope in json.load(file).items(): globals()[name] = make(1, scope=scope)"
        ),
        "three:class",
    ),
    "json of a text": (
        "for name in json.loads((HERE / 'data/b.json').read_text()): globals()[name] = make(1)",
        "one:function two:function",
    ),
    "json of bytes": (
        "for name in json.loads((HERE / 'data/b.json').read_bytes()): globals()[name] = make(1)",
        "one:function two:function",
    ),
    "yaml with an alias": (
        "for entry in yaml.safe_load(open(HERE / 'data/c.yaml')): globals()[entry['name']] = make(1)",
        "four:function",
    ),
    "lines": (
        (
            "for line in open(HERE / 'names.txt'): globals()[line.strip()] = make(1)\n"
            "for line in (HERE / 'names.txt').read_text().splitlines(): globals()[line + '_'] = make(1)"
        ),
        "seven:function seven_:function six:function six_:function",
    ),
    "a listing, sorted": (
        "for n, name in enumerate(sorted(os.listdir(HERE / 'data'))): globals()[f'{n}_{name[0]}'] = make(1)",
        "0_a:function 1_b:function 2_c:function 3_d:function",
    ),
    "a listing in any order": (
        "for path in (HERE / 'data').iterdir(): globals()[path.stem] = make(path, scope='module' if path.is_dir() else 'class')",
        "a:class b:class c:class deep:module",
    ),
    "glob": (
        "for path in (HERE / 'data').glob('[a-b].json'): globals()[path.stem] = make(path)",
        "a:function b:function",
    ),
    "rglob": (
        "for path in sorted((HERE / 'data').rglob('*.json')): globals()[path.stem] = make(path)",
        "a:function b:function d:function",
    ),
    "a glob in folders": (
        "for path in (HERE / 'data').glob('*/*.json'): globals()[path.parent.name + path.stem] = make(path)",
        "deepd:function",
    ),
    "glob.glob": (
        (
            "for name in glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', '*.json')):\n"
            "    globals()[os.path.splitext(os.path.basename(name))[0]] = make(name)"
        ),
        "a:function b:function",
    ),
    "what is there": (
        (
            "if (HERE / 'data').is_dir() and os.path.isfile(HERE / 'names.txt'): there = make(1)\n"
            "if (HERE / 'nothing').exists(): not_there = make(1)"
        ),
        "there:function",
    ),
}


@pytest.mark.parametrize(("code", "expected"), KNOWN.values(), ids=KNOWN)
def test_what_pytest_registers_is_registered(code: str, expected: str, tmp_path: Path) -> None:
    conftest = f"{dedent(FACTORY)}{code}\n"
    root = live.draw(tmp_path.resolve(), {"pytest.ini": "[pytest]\n", "conftest.py": conftest, **FILES})
    live.draw(root, {"test_it.py": "def test_one(): pass\n"})
    with live.Pytest() as oracle:
        answer, graph, _ = live.compared(root, oracle)
    assert not answer.truth.errors
    theirs = sorted(d.name for d in answer.truth.registered if d.place and d.place.file == "conftest.py")
    ours = [fixture for fixture in graph.fixtures if fixture.origin == "generated"]
    assert " ".join(sorted(f"{fixture.name}:{fixture.scope}" for fixture in ours)) == expected
    assert sorted(fixture.name for fixture in ours) == theirs
    assert {fixture.certainty for fixture in ours} == {"certain"}
    assert not [d for d in graph.diagnostics if d.code == "FS003"]


NOT_KNOWN = {
    "a file that is used up": "file = open(HERE / 'names.txt')\nfile.read()\nfor line in file: globals()[line] = make(1)",
    "a glob that is used up": "found = (HERE / 'data').glob('*')\nlist(found)\nfor path in found: globals()[path.name] = make(1)",
    "a folder that compiled files come to": "for name in os.listdir(HERE): globals()[name] = make(1)",
    "a folder that a cache comes to": "for path in HERE.glob('*'): globals()[path.name] = make(1)",
    "a path from where pytest is started": "for name in json.load(open('data/b.json')): globals()[name] = make(1)",
    "json read in its own way": "for name in json.loads((HERE / 'data/b.json').read_text(), object_pairs_hook=dict): globals()[name] = make(1)",
    "a file that was written before": (
        "(HERE / 'made.json').write_text('[1]')\nfor name in json.loads((HERE / 'data/b.json').read_text()): globals()[name] = make(1)"
    ),
}


@pytest.mark.parametrize("code", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_what_is_not_known_is_said_to_be(code: str, tmp_path: Path) -> None:
    graph = analyzed(tmp_path, f"{dedent(FACTORY)}{code}\n")
    assert not [
        fixture.name for fixture in graph.fixtures if fixture.origin == "generated" and fixture.certainty == "certain"
    ]
    assert [d.code for d in graph.diagnostics if d.path == "conftest.py" and d.code == "FS003"]


REFUSED = {
    "a file outside": ("open(HERE.parent / 'secret.json')", "files outside the rootdir are not looked at"),
    "a file outside, round about": (
        "open(HERE / 'data' / '..' / '..' / 'secret.json')",
        "files outside the rootdir are not looked at",
    ),
    "a link that leads outside": ("open(HERE / 'link.json')", "files outside the rootdir are not looked at"),
    "a folder's link that leads outside": (
        "open(HERE / 'up' / 'secret.json')",
        "files outside the rootdir are not looked at",
    ),
    "a large file": ("open(HERE / 'large.json')", "more than 1000000 bytes of a data file are not read"),
}


@POSIX
@pytest.mark.parametrize(("opened", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_said_to_be(opened: str, why: str, tmp_path: Path) -> None:
    root = tmp_path / "suite"
    root.mkdir()
    (tmp_path / "secret.json").write_text('["secret"]')
    (root / "link.json").symlink_to(tmp_path / "secret.json")
    (root / "up").symlink_to(tmp_path)
    (root / "large.json").write_text(json.dumps(["x" * 1_000_000]))
    graph = analyzed(root, f"{dedent(FACTORY)}for name in json.load({opened}): globals()[name] = make(1)\n")
    assert not [fixture.name for fixture in graph.fixtures if fixture.origin == "generated"]
    assert [d.line for d in graph.diagnostics if d.code == "FS003" and why in d.message] == [8]


def analyzed(root: Path, conftest: str, *, cache: bool = False) -> fixturescope.FixtureGraph:
    live.draw(root, {"pytest.ini": "[pytest]\n", "conftest.py": conftest, "test_it.py": "def test_one(): pass\n"})
    if not (root / "data").exists():
        live.draw(root, FILES)
    return fixturescope.analyze(rootdir=root, cwd=root, python=sys.executable, environ={}, cache=cache)


def test_a_data_file_that_changes_changes_the_answer(tmp_path: Path) -> None:
    conftest = f"{dedent(FACTORY)}{KNOWN['json of a text'][0]}\n{KNOWN['glob'][0]}\n"
    names = []
    for content, more in (
        ('{"one": 1}', []),
        ('{"one": 1}', []),
        ('{"two": 1}', []),
        ('{"two": 1}', ["b.json", "a.json"]),
    ):
        for path in (tmp_path / "data").glob("*.json"):
            path.unlink()
        live.draw(tmp_path, {"data/b.json": content, **dict.fromkeys((f"data/{name}" for name in more[1:]), "1")})
        warm = analyzed(tmp_path, conftest, cache=True)
        cold = analyzed(tmp_path, conftest)
        assert dump(from_graph(warm)) == dump(from_graph(cold))
        names.append(" ".join(sorted(f.name for f in warm.fixtures if f.origin == "generated")))
    assert names == ["b one", "b one", "b two", "a b two"]


def test_what_runs_with_tests_looks_at_other_files(tmp_path: Path) -> None:
    tests = """
        from pathlib import Path
        def test_one(request):
            for path in (Path(__file__).parent / "data").glob("*.json"):
                request.getfixturevalue(path.stem)
    """
    live.draw(tmp_path, {**FILES, "test_it.py": tests})
    graph = fixturescope.analyze(rootdir=tmp_path, cwd=tmp_path, python=sys.executable, environ={}, cache=False)
    assert [request.certainty for request in graph.tests[0].requests if request.via == "getfixturevalue"] == [
        "possible"
    ]


# below the rootdir, and nowhere else


@pytest.fixture
def files(tmp_path: Path) -> DataFiles:
    live.draw(tmp_path / "root", FILES)
    return DataFiles(tmp_path / "root")


def at(tmp_path: Path, name: str) -> str:
    return str(tmp_path / "root" / name)


def test_kinds(files: DataFiles, tmp_path: Path) -> None:
    kinds = [
        files.kind(at(tmp_path, name))
        for name in ("names.txt", "data", "nothing", "..", "__pycache__", ".fixturescope/x")
    ]
    assert kinds == ["file", "folder", "nothing", None, None, None]


@POSIX
def test_what_is_no_regular_file_is_not_opened(files: DataFiles, tmp_path: Path) -> None:
    os.mkfifo(at(tmp_path, "fifo"))
    (tmp_path / "root" / "loop").symlink_to("loop")
    assert [files.read(at(tmp_path, name)) for name in ("fifo", "loop", "data", "nothing")] == [None] * 4


def test_what_is_read_in_all_is_bounded(files: DataFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.read(at(tmp_path, "names.txt")) == b"six\nseven\n"
    files._left = 12
    assert files.read(at(tmp_path, "names.txt")) is not None
    assert files.read(at(tmp_path, "names.txt")) is None
    assert files.refused == "more than 2 bytes of data files of one analysis are not read"
    monkeypatch.setattr(data, "MAX_NAMES", 4)
    assert files.matching(at(tmp_path, "data"), "**/*.json") is None
    assert files.refused == "more than 4 files are not looked through"


PATTERNS = [
    "*",
    "*.json",
    "?.json",
    "b.json",
    "nothing",
    "*/d.json",
    "**/*.json",
    "deep/*.json",
    "./a.json",
    "[!a].json",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_as_those_of_pathlib(pattern: str, files: DataFiles, tmp_path: Path) -> None:
    folder = tmp_path / "root" / "data"
    (folder / ".hidden.json").write_text("1")
    found = files.matching(str(folder), pattern)
    assert found is not None
    assert sorted(found) == sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))


@pytest.mark.parametrize(
    "pattern", ["**", "", "../*", "*/*", "**/*.pyc", "**/*.*", "**/x", "a**/b.json", "/etc/*", "*/"]
)
def test_patterns_that_are_not_followed(pattern: str, files: DataFiles, tmp_path: Path) -> None:
    assert files.matching(at(tmp_path, "data"), pattern) is None


@POSIX
def test_links_in_folders(files: DataFiles, tmp_path: Path) -> None:
    (tmp_path / "root/data/up").symlink_to(tmp_path)
    assert files.matching(at(tmp_path, "data"), "*/*.json") is None
    assert files.refused == "files outside the rootdir are not looked at"
    assert files.matching(at(tmp_path, "data"), "**/*.json") is None
    assert sorted(files.names(at(tmp_path, "data")) or ()) == ["a.json", "b.json", "c.yaml", "deep", "up"]
    (tmp_path / "root/data/broken").symlink_to("nowhere")
    assert files.matching(at(tmp_path, "data"), "broken") is None


# formats

BOMBS = {
    "json that nests": ("json", "[" * 100_000),
    "json with a huge number": ("json", "1" * 900_000),
    "toml that nests": ("toml", "x = " + "[" * 100_000),
    "yaml that nests": ("yaml", "[" * 90_000),
    "yaml that nests in blocks": ("yaml", "- " * 45_000 + "a"),
    "yaml that nests in keys": ("yaml", "? " * 45_000 + "a"),
    "yaml that laughs": ("yaml", "a: &a [1,1]\n" + "".join(f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi"))),
    "yaml that merges without end": (
        "yaml", "a: &a {x: 1}\n" + "".join(f"{c}: &{c} {{<<: [{', '.join([f'*{p}'] * 9)}]}}\n" for p, c in zip("abcdefgh", "bcdefghi"))
    ),
    "yaml with an object": ("yaml", "!!python/object/apply:os.system ['true']"),
    "yaml beyond the limit": ("yaml", "a: " + "x" * 100_000),
    "no json": ("json", "{"),
    "no toml": ("toml", "= 1"),
    "no yaml": ("yaml", "a: b: c"),
    "more than the limit": ("json", '"' + "x" * 1_000_000 + '"'),
}  # fmt: skip


@pytest.mark.parametrize(("form", "text"), BOMBS.values(), ids=BOMBS)
def test_what_says_nothing_or_too_much(form: str, text: str) -> None:
    assert parse(form, text) is None


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (b"a\r\nb\rc", None, "a\nb\nc"),
        ("é".encode(), None, None),
        ("é".encode(), "UTF-8", "é"),
        (b"\xef\xbb\xbfa", "utf-8-sig", "a"),
        (b"\xff", "utf8", None),
        (b"a", "latin-1", None),
    ],
)
def test_texts_that_are_the_same_on_every_machine(content: bytes, encoding: str | None, text: str | None) -> None:
    assert text_of(content, encoding) == text
