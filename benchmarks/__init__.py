"""Programs that measure fixturescope itself, run by hand or by ``nox -s bench``. In: pinned suites; out: a table and JSON."""
