"""The host side of measuring: starts probes in the project's own interpreter and collects what they report.

In: a ``FixtureGraph`` and settings. Out: the same graph, annotated with ``Measurement``s. There is nothing here yet.
May not live here: reading source, rendering; and no import in this file, since it runs inside the probe's process too.
"""
