"""Fixtures that go wrong, each in its own way, and one that does not."""

import ctypes
import faulthandler
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest


@pytest.fixture
def well():
    return 1


@pytest.fixture
def raises():
    raise ValueError("no such shop")


@pytest.fixture
def needs_one_that_raises(raises):
    pass


@pytest.fixture
def skips():
    pytest.skip("only on Sundays")


@pytest.fixture
def fails():
    pytest.fail("it was not to be")


@pytest.fixture
def hangs():
    time.sleep(3600)


@pytest.fixture
def hangs_in_native_code():
    ctypes.CDLL(None).pause()


@pytest.fixture
def exits():
    sys.exit(3)


@pytest.fixture
def leaves():
    os._exit(0)


@pytest.fixture
def leaves_with_a_code():
    os._exit(7)


@pytest.fixture
def kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def terminates_itself():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def segfaults():
    faulthandler._sigsegv()


@pytest.fixture
def overflows_the_stack():
    sys.setrecursionlimit(10**7)

    def deeper(n):
        return deeper(n + 1) + 1

    # ctypes calls back through C frames, which no interpreter keeps off the C stack
    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
    holder = []
    holder.append(callback(lambda n: holder[0](n + 1)))
    holder[0](0)


@pytest.fixture
def out_of_memory():
    return [bytearray(64 << 20) for _ in range(1000)]


@pytest.fixture
def leaves_a_process():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])


@pytest.fixture
def leaves_a_daemon():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3601)"], start_new_session=True)


@pytest.fixture
def leaves_a_thread():
    threading.Thread(target=time.sleep, args=(3600,), daemon=True, name="sleeper").start()


@pytest.fixture
def leaves_a_thread_that_is_no_daemon():
    threading.Thread(target=time.sleep, args=(3600,), name="stayer").start()


@pytest.fixture
def teardown_raises():
    yield
    raise RuntimeError("cannot close")


@pytest.fixture
def teardown_hangs():
    yield
    time.sleep(3600)


@pytest.fixture
def forks_without_end():
    for _ in range(400):
        if os.fork() == 0:
            time.sleep(3600)
            os._exit(0)
    time.sleep(3600)


@pytest.fixture
def reads_stdin():
    return sys.stdin.read(), os.read(0, 1)


@pytest.fixture
def floods():
    for _ in range(200):
        os.write(1, b"x" * 65536)
        print("y" * 65536)


@pytest.fixture
def changes_folder(tmp_path):
    os.chdir(tmp_path)


@pytest.fixture
def deletes_its_folder():
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    shutil.rmtree(folder)


@pytest.fixture
def deletes_the_temporary_folder():
    shutil.rmtree(tempfile.gettempdir())


@pytest.fixture
def ignores_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGABRT):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(3600)


@pytest.fixture
def changes_environment():
    os.environ.clear()


@pytest.fixture
def mocks_time(monkeypatch):
    for name in ("time", "monotonic", "perf_counter", "perf_counter_ns", "sleep"):
        monkeypatch.setattr(time, name, lambda *_: 0)
    return 1


@pytest.fixture
def mocks_os_and_gc(monkeypatch):
    def broken(*_, **__):
        raise AssertionError("mocked")

    for module, names in ((gc, ("collect", "disable")), (os, ("getpid", "read", "write", "fork", "waitpid", "open"))):
        for name in names:
            monkeypatch.setattr(module, name, broken)


@pytest.fixture
def traces():
    sys.settrace(lambda *_: None)


@pytest.fixture
def needs_a_server():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    socket.create_connection(("127.0.0.1", port))


@pytest.fixture(scope="session")
def only_once():
    if hasattr(sys, "fixturescope_was_here"):
        raise RuntimeError("there can be only one")
    sys.fixturescope_was_here = True


@pytest.fixture
def closes_descriptors():
    os.closerange(3, 64)


@pytest.fixture
def raises_an_odd_error():
    class Odd(BaseException):
        def __str__(self):
            raise RuntimeError("not even a text")

    raise Odd


@pytest.fixture
def needs_another_of_the_test():
    """Works only where ``opens_the_shop`` was set up before."""
    assert os.environ.get("SHOP") == "open"


@pytest.fixture
def opens_the_shop(monkeypatch):
    monkeypatch.setenv("SHOP", "open")
