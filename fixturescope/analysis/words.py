"""The words of a function, as ``relevance`` defines them, and where its flow goes: read off a libcst tree."""

from __future__ import annotations

from functools import cache

import libcst as cst

_LAYOUT = frozenset({
    "lpar", "rpar", "comma", "semicolon", "dot", "equal", "colon", "lbracket", "rbracket", "lbrace", "rbrace", "header", "footer",
    "leading_lines", "lines_after_decorators", "trailing_whitespace", "asname", "names", "operator", "relative",
})  # fmt: skip
"""Fields that hold layout, or names that an import binds: no words of interest."""


@cache
def _child_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(
        name for name in kind.__dataclass_fields__ if name not in _LAYOUT and not name.startswith("whitespace")
    )


_NO_NODE = (str, bool, type(None), type(cst.MaybeSentinel.DEFAULT))


def _children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Return the child nodes that code is made of. libcst's own visitors cost ten times as much, most of it on layout."""
    found: list[cst.CSTNode] = []
    for name in _child_fields(type(node)):
        child = getattr(node, name)
        kind = type(child)
        if kind is tuple or kind is list:
            found.extend(part for part in child if type(part) not in _NO_NODE)
        elif kind not in _NO_NODE:
            found.append(child)
    return found


class Words:
    """The words of a piece of code, as ``relevance`` defines them, and which of them are read or called."""

    def __init__(self, code: cst.CSTNode) -> None:
        self.words: set[str] = set()
        self.reads: set[str] = set()
        self.calls: set[str] = set()
        stack = [code]
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind is cst.Name:
                self.words.add(node.value)  # type: ignore[attr-defined]
                self.reads.add(node.value)  # type: ignore[attr-defined]
            elif kind is cst.Attribute:
                self.words.add(node.attr.value)  # type: ignore[attr-defined]
                stack.append(node.value)  # type: ignore[attr-defined]
            elif kind is cst.Import or kind is cst.ImportFrom:
                self._import(node)  # type: ignore[arg-type]
            else:
                if kind is cst.Call and isinstance(node.func, cst.Name):  # type: ignore[attr-defined]
                    self.calls.add(node.func.value)  # type: ignore[attr-defined]
                elif kind in _KEYWORD_OF:
                    self.words.add(_KEYWORD_OF[kind])
                stack.extend(_children(node))

    def _import(self, node: cst.Import | cst.ImportFrom) -> None:
        """Names in an import: each is a word; one after a dot is not read."""
        if isinstance(node, cst.ImportFrom) and node.module is not None:
            parts = dotted(node.module).split(".")
            self.words.update(parts)
            self.reads.update(parts[:1] if not node.relative else ())
        for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
            parts = [*dotted(alias.name).split("."), *filter(None, [alias_of(alias)])]
            self.words.update(parts)
            self.reads.update((parts[0], parts[-1]) if alias_of(alias) else parts[:1])


_KEYWORD_OF: dict[type, str] = {
    cst.Yield: "yield",
    cst.Return: "return",
    cst.FunctionDef: "def",
    cst.ClassDef: "class",
    cst.Lambda: "lambda",
}


class Flow:
    """Yields and returns of one function's own scope."""

    def __init__(self, body: cst.BaseSuite) -> None:
        self.yields = False
        self.yields_value = False
        self.returns_value = False
        stack: list[cst.CSTNode] = [body]
        while stack:
            node = stack.pop()
            if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda):
                continue
            if isinstance(node, cst.Yield):
                self.yields = True
                self.yields_value |= isinstance(node.value, cst.From) or not is_none(node.value)
            elif isinstance(node, cst.Return):
                self.returns_value |= not is_none(node.value)
            stack.extend(_children(node))


def is_none(node: cst.CSTNode | None) -> bool:
    """Return whether a value is missing or a literal None."""
    return node is None or (isinstance(node, cst.Name) and node.value == "None")


def dotted(node: cst.CSTNode) -> str:
    """Return the dotted text of a chain of names."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    parts.append(node.value if isinstance(node, cst.Name) else "?")
    return ".".join(reversed(parts))


def alias_of(alias: cst.ImportAlias) -> str | None:
    """Return the name after ``as``, if there is one."""
    return alias.asname.name.value if alias.asname is not None and isinstance(alias.asname.name, cst.Name) else None
