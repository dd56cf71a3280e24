def test_region(region_label):
    assert region_label == "region: north"


def test_overridden(overridden):
    assert overridden == "near"


def test_extended(extended, popular_table):
    assert popular_table
    assert extended == ["root", "near"]
