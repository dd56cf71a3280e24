"""Helpers that ask on behalf of tests."""


def fetch(request, name):
    return request.getfixturevalue(name)


def dead_asked_by_plain(dead_asked_by_plain_function):
    return dead_asked_by_plain_function
