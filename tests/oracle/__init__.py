"""The oracle: what pytest itself resolves, and how far `fixturescope analyze` agrees with it.

In: pinned real suites (`suites.toml`). Out: truth dumps, comparisons, a table. Nothing here is imported by the package,
and `dump_plugin.py` imports the standard library and pytest alone, since it runs inside each suite's own environment.
"""
