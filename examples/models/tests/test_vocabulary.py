import pytest


@pytest.mark.parametrize("number", range(12))
def test_each_word_has_its_number(vocabulary, number):
    assert vocabulary[f"word{number}"] == number


def test_all_words(vocabulary):
    assert len(vocabulary) == 60_000
