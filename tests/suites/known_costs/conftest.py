"""Fixtures whose costs are known: they sleep so long, and allocate so many bytes.

Sizes are of the payload alone; what the interpreter puts around it is some hundred bytes.
"""

import ctypes
import functools
import mmap
import time

import pytest

MIB = 1 << 20


def burn(seconds):
    """Sleep for most of it, and work for the rest: what the machine does beside it changes neither."""
    work = min(seconds, 0.002)
    if seconds > work:
        time.sleep(seconds - work)
    end = time.thread_time() + work
    while time.thread_time() < end:
        pass


# ------------------------------------------------------------------------------------------------------------------ time


@pytest.fixture
def empty():
    pass


@pytest.fixture
def sleeps():
    burn(0.03)


@pytest.fixture(scope="session")
def base():
    burn(0.02)
    yield
    burn(0.01)


@pytest.fixture(scope="module")
def left(base):
    burn(0.01)
    yield
    burn(0.005)


@pytest.fixture(scope="class")
def right(base):
    burn(0.015)


@pytest.fixture
def diamond(left, right):
    burn(0.005)
    yield
    burn(0.02)


@pytest.fixture
def asks_by_name(request):
    burn(0.01)
    request.getfixturevalue("sleeps")
    burn(0.01)


@pytest.fixture
def late_finalizer(request):
    burn(0.005)
    request.addfinalizer(lambda: burn(0.015))


@pytest.fixture(params=["short", "long"])
def parametrized(request):
    burn(0.01 if request.param == "short" else 0.04)


@pytest.fixture(scope="session")
def imports_slowly():
    import slow_module

    return slow_module.VALUE


@functools.cache
def table():
    burn(0.05)
    return bytearray(4 * MIB)


@pytest.fixture
def cached_at_first_call():
    return len(table())


@pytest.fixture
def unused():
    burn(0.02)


@pytest.fixture(autouse=True, scope="session")
def always():
    burn(0.003)


for number in range(20):

    def make(number=number):
        @pytest.fixture(name=f"leaf_{number}")
        def leaf():
            burn(0.001)

        return leaf

    globals()[f"leaf_{number}"] = make()


@pytest.fixture
def fan_out(request):
    for each in range(20):
        request.getfixturevalue(f"leaf_{each}")
    burn(0.004)


# ---------------------------------------------------------------------------------------------------------------- memory

leaks = []


@pytest.fixture
def peak_only():
    return len(bytearray(10 * MIB)) + len(bytearray(6 * MIB))


@pytest.fixture(scope="session")
def retains():
    yield bytearray(8 * MIB)


@pytest.fixture
def on_top(retains):
    temporary = bytearray(3 * MIB)
    kept = bytearray(2 * MIB)
    del temporary
    return kept


@pytest.fixture
def leaking():
    leaks.append(bytearray(5 * MIB))


@pytest.fixture
def freed_in_teardown():
    held = [bytearray(7 * MIB)]
    yield held
    held.clear()


@pytest.fixture
def by_numpy():
    import numpy

    return numpy.ones(1_000_000, dtype="float64")


@pytest.fixture
def by_mmap():
    return mmap.mmap(-1, 16 * MIB)


@pytest.fixture
def by_malloc():
    """Allocated without any Python object."""
    api = ctypes.pythonapi
    api.PyMem_RawMalloc.restype = ctypes.c_void_p
    api.PyMem_RawMalloc.argtypes = [ctypes.c_size_t]
    api.PyMem_RawFree.argtypes = [ctypes.c_void_p]
    block = api.PyMem_RawMalloc(12 * MIB)
    yield block
    api.PyMem_RawFree(block)


@pytest.fixture
def many_small_objects():
    return [bytes(100) for _ in range(50_000)]


@pytest.fixture
def thousands_of_dicts():
    return [{} for _ in range(30_000)]


@pytest.fixture
def cyclic_garbage():
    for _ in range(4):
        one = [bytearray(MIB)]
        one.append(one)


@pytest.fixture
def asks_for_memory(request):
    first = bytearray(MIB)
    request.getfixturevalue("retains")
    second = bytearray(2 * MIB)
    return first, second
