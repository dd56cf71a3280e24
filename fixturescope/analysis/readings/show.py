"""Expressions as people recognise them: ``cart.items.append``, ``make_app()``."""

from __future__ import annotations

from fixturescope.analysis import facts as f

LONGEST = 80
"""Characters of what is shown."""


def show(node: f.Expr) -> str:
    """Return an expression, cut where it is long; what stands in brackets is left out, except for one constant."""
    text = _show(node)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _show(node: f.Expr) -> str:
    if isinstance(node, f.Name):
        return node.id
    if isinstance(node, f.Attr):
        return f"{_show(node.value)}.{node.attr}"
    if isinstance(node, f.Call):
        inside = "" if not node.args else _show_argument(node.args)
        return f"{_show(node.func)}({inside})"
    if isinstance(node, f.Index):
        return (
            f"{_show(node.value)}[{node.index.value!r}]"
            if isinstance(node.index, f.Const)
            else f"{_show(node.value)}[…]"
        )
    if isinstance(node, f.Const):
        return repr(node.value)
    if isinstance(node, f.Star):
        return f"*{_show(node.value)}"
    if isinstance(node, f.Map):
        return "{…}" if node.items else "{}"
    if isinstance(node, f.Seq):
        brackets = {"list": "[]", "set": "{}"}.get(node.kind, "()")
        return f"{brackets[0]}{'…' if node.items else ''}{brackets[1]}"
    return "…"


def _show_argument(args: tuple[f.Arg, ...]) -> str:
    first = args[0].value
    plain = isinstance(first, f.Name | f.Attr) or (isinstance(first, f.Const) and len(repr(first.value)) <= 30)
    if not plain or args[0].keyword is not None:
        return "…"
    return _show(first) if len(args) == 1 else f"{_show(first)}, …"


def dotted(node: f.Expr) -> str:
    """Return ``a.b.c`` of names and attributes; empty for anything else."""
    if isinstance(node, f.Name):
        return node.id
    if isinstance(node, f.Attr):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def last_name(node: f.Expr) -> str:
    """Return the last name of what is called: ``c`` of ``a.b().c``."""
    return node.attr if isinstance(node, f.Attr) else node.id if isinstance(node, f.Name) else ""
