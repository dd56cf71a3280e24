# ruff: noqa: INP001 - a script beside the pages that show what it makes
"""Make the README's pictures from the example: ``python docs/build_pictures.py [RUN]``.

Measures a copy of ``examples/models`` (or takes the folder of a run of it), and draws what the terminal says as SVG and,
where Chromium is there, the top of the page as PNG.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

import fixturescope
from fixturescope.report import Options

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 118


def main(arguments: list[str]) -> int:
    """Draw both."""
    with tempfile.TemporaryDirectory() as name:
        document = fixturescope.load(_run(Path(name), arguments) / "document.json")
        python = replace(document.python, path="python", chosen_by="the running interpreter")
        shown = replace(document, rootdir="examples/models", python=python)
        PICTURES.mkdir(exist_ok=True)
        text = fixturescope.render(shown, "terminal", Options(color=True, width=COLUMNS))
        (PICTURES / "terminal.svg").write_text(_drawn(f"$ fixturescope measure examples/models\n{text}"), "utf-8")
        page = Path(name) / "page.html"
        page.write_text(fixturescope.render(shown, "html"), "utf-8")
        _photograph(page, PICTURES / "page.png", Path(name) / "profile")
    return 0


def _run(folder: Path, arguments: list[str]) -> Path:
    if arguments:
        return Path(arguments[0])
    suite = folder / "models"
    shutil.copytree(ROOT / "examples" / "models", suite, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    command = [sys.executable, "-m", "fixturescope", "measure", str(suite), "--python", sys.executable, "--try", "2"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return suite / ".fixturescope" / "runs" / "latest"


def _drawn(text: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text))
    return console.export_svg(title="fixturescope", unique_id="fixturescope")


def _photograph(page: Path, target: Path, profile: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("there is no Chromium here: the picture of the page stays as it is\n")
        return
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    size = ("--window-size=1280,1500", f"--user-data-dir={profile}", f"--screenshot={target}")
    subprocess.run([chromium, *flags, *size, page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
