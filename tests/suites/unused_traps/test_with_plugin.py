pytest_plugins = ["late_plugin"]


def test_late(used_late_plugin):
    pass
