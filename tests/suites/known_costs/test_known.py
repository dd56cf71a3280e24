"""Tests that use the fixtures of ``conftest.py``; what they test is of no interest."""

import time

import pytest


def test_time(empty, sleeps, diamond, asks_by_name, late_finalizer, imports_slowly, cached_at_first_call, fan_out):
    pass


def test_params(parametrized):
    pass


def test_memory(
    peak_only,
    retains,
    on_top,
    leaking,
    freed_in_teardown,
    by_numpy,
    by_mmap,
    by_malloc,
    many_small_objects,
    thousands_of_dicts,
    cyclic_garbage,
    asks_for_memory,
):
    pass


class TestClass:
    @pytest.fixture(scope="class")
    def of_a_class(self):
        time.sleep(0.012)

    @pytest.fixture
    def sleeps(self, sleeps):
        """Overrides, and asks for what it overrides."""
        time.sleep(0.006)

    def test_in_class(self, of_a_class, sleeps):
        pass
