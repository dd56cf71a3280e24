"""What to change first: each kind of advice is one class in a file of this folder, and one line in ``KINDS``.

In: a ``Document``. Out: ``Advice``, the one that saves most first.
May not live here: reading source (that is ``document.readings``), trying changes, and strings of any format.
"""

from __future__ import annotations

from fixturescope.document import Document
from fixturescope.model import Advice


def advise(document: Document) -> tuple[Advice, ...]:
    """Return what to change, the safest and what saves most first."""
    del document
    return ()
