def test_sub(shadowed_in_sub):
    pass
