def test_one(popular_table):
    assert popular_table


def test_two():
    assert True


def test_three():
    assert True
