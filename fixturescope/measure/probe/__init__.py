"""The child side of measuring: all that is ever loaded inside the project's own pytest, and nothing else.

In: a plan on the wire. Out: one JSON line a message, on the wire. There is nothing here yet.
May not live here: an import of anything but ``measure.wire``, the standard library and pytest.
"""
