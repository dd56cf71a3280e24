"""How certain "unused" is: what could reach a fixture though nothing is seen to, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fixturescope.analysis.assemble import Identities
from fixturescope.analysis.dynamic import DynamicRequests
from fixturescope.analysis.finder import Collected
from fixturescope.analysis.makers import Makers
from fixturescope.analysis.nodes import CollectedTest, FixtureIdentity, Node
from fixturescope.analysis.parametrize import usefixtures
from fixturescope.analysis.read import Reader
from fixturescope.analysis.resolve import Resolution, matches
from fixturescope.analysis.suite import Suite
from fixturescope.model import Certainty


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that could use fixtures unseen: names that fit ``pattern``, below ``node`` if that is known."""

    pattern: str
    node: Node | None
    why: str
    folder: Path | None = None
    """Only fixtures of this folder's conftest are meant."""


class Certainties:
    """Answers whether a fixture is unused, why, and how certain that is."""

    def __init__(self, resolution: Resolution, doubts: list[Doubt], reach: dict[Node, int]) -> None:
        self._resolution = resolution
        self._doubts = doubts
        self._reach = reach
        self._through: dict[FixtureIdentity, str] = {}

    @classmethod
    def of(
        cls,
        suite: Suite,
        resolution: Resolution,
        dynamic: DynamicRequests,
        makers: Makers,
        identities: Identities,
        collected: Collected,
        reader: Reader,
        relative: Callable[[Path], str],
        unseen: Sequence[tuple[Path, int]],
    ) -> Certainties:
        """Gather all doubts of one analysis."""
        doubts = [
            Doubt(pattern, None, f"{place} asks for {pattern!r} by getfixturevalue")
            for pattern, place in resolution.patterns
        ]
        for request, module in dynamic.loose(suite.modules):
            doubts.append(
                Doubt(
                    request.pattern,
                    None,
                    f"{relative(module.path)}:{request.line} asks for {request.pattern!r} by getfixturevalue",
                )
            )
        for test in suite.tests:
            if test.hidden is not None:
                doubts.extend(_hidden(test))
        for file in collected.files:
            if file.path in reader.problems:
                doubts.append(Doubt("*", None, f"{relative(file.path)} {reader.problems[file.path]}"))
        for module in suite.modules:
            doubts.extend(
                Doubt("*", None, f"{relative(module.path)}:{issue.line} {issue.message}") for issue in module.issues
            )
            doubts.extend(
                Doubt("*", None, f"{relative(module.path)}:{note.line} {note.message}")
                for note in module.facts.unparsed
            )
        for resolved in resolution.tests:
            if resolved.unread_marks:
                doubts.append(
                    Doubt("*", resolved.test.node, f"{resolved.test.id} uses fixtures whose names are computed")
                )
            if resolved.parameters.unknown_names:
                doubts.append(
                    Doubt("*", resolved.test.node, f"{resolved.test.id} has parameters that may stand for fixtures")
                )
            doubts.extend(
                Doubt(
                    "*",
                    resolved.test.node,
                    f"{name!r}, which {resolved.test.id} needs, may be made at import of others",
                )
                for name, _ in resolved.closure.unknown
                if makers.may_make(resolved.test.node, name) and not _is_provided(suite, resolved.test.node, name)
            )
        reach: dict[Node, int] = {}
        for resolved in resolution.tests:
            for node in resolved.test.node.ancestors():
                reach[node] = reach.get(node, 0) + 1
        for folder, files in unseen:
            several = "s below" if files > 1 else " below"
            were = "were" if files > 1 else "was"
            doubts.append(
                Doubt("*", None, f"{files} test file{several} {relative(folder)} {were} not analyzed", folder)
            )
        made = cls(resolution, _distinct(doubts), reach)
        made._spread(identities.all)
        return made

    def _spread(self, identities: Iterable[FixtureIdentity]) -> None:
        """What an unused fixture asks for is in doubt as soon as that fixture is."""
        queue = [one for one in identities if not self._resolution.usage[one].items and self._own_doubts(one)]
        while queue:
            asker = queue.pop()
            for definition in asker.registrations:
                for name in definition.requests:
                    for answer in definition.node.visible(name):
                        one = answer.identity
                        if one is not asker and one not in self._through and not self._resolution.usage[one].items:
                            self._through[one] = f"{asker.first.name!r} asks for it, and {self.doubts(asker)[0]}"
                            queue.append(one)

    def unused(self, identity: FixtureIdentity) -> Certainty | None:
        """Return null when some test uses the fixture, else how certain it is that none does."""
        if self._resolution.usage[identity].items:
            return None
        return "possible" if self.doubts(identity) else "certain"

    def doubts(self, identity: FixtureIdentity) -> list[str]:
        """Return what could use a fixture that nothing is seen to use."""
        found = self._own_doubts(identity)
        return [*found, self._through[identity]] if identity in self._through else found

    def _own_doubts(self, identity: FixtureIdentity) -> list[str]:
        found = [
            doubt.why
            for doubt in self._doubts
            if matches(doubt.pattern, identity.first.name)
            and self._visible(identity, doubt.node)
            and (doubt.folder is None or identity.first.value.module.path.parent == doubt.folder)
        ]
        if not all(definition.certain for definition in identity.registrations):
            found.append("its definition stands under a condition that cannot be decided")
        return found

    def reason(self, identity: FixtureIdentity) -> str:
        """Return why a fixture is called unused, in a sentence or two; empty when it is used."""
        if self._resolution.usage[identity].items:
            return ""
        tests = sum(self._reach.get(definition.node, 0) for definition in identity.registrations)
        if not tests:
            text = "no test is collected where it is visible"
        elif identity.first.autouse:
            text = f"it is autouse, but each of the {_tests(tests)} in its reach gets another definition of {identity.first.name!r}"
        else:
            text = f"none of the {_tests(tests)} that could see it asks for it, directly or through another fixture"
        doubts = self.doubts(identity)
        return (
            text
            if not doubts
            else f"{text}; but {doubts[0]}" + (f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else "")
        )

    @staticmethod
    def _visible(identity: FixtureIdentity, node: Node | None) -> bool:
        return node is None or any(definition.node in node.ancestors() for definition in identity.registrations)


def _is_provided(suite: Suite, node: Node, name: str) -> bool:
    """Whether a ``pytest_generate_tests`` in force at a node may provide an argument."""
    above = set(node.ancestors())
    return any(hook.node in above and hook.may_provide(name) for hook in suite.hooks)


def _tests(count: int) -> str:
    return f"{count} test{'s' if count != 1 else ''}"


def _hidden(test: CollectedTest) -> list[Doubt]:
    """A test that does not run in this environment may run in another."""
    names = [*test.node.autouse_names(), *test.arguments, *usefixtures(test.marks)[0]]
    reached: dict[str, None] = dict.fromkeys(names)
    queue = list(reached)
    while queue:
        visible = test.node.visible(queue.pop())
        for request in visible[-1].requests if visible else ():
            if request not in reached:
                reached[request] = None
                queue.append(request)
    return [Doubt(name, test.node, f"{test.id} asks for it, but does not run here ({test.hidden})") for name in reached]


def _distinct(doubts: list[Doubt]) -> list[Doubt]:
    return list({(doubt.pattern, id(doubt.node), doubt.why, doubt.folder): doubt for doubt in doubts}.values())
