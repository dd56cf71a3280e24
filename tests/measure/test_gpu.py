"""What a fixture holds on a device, from libraries that are not there, in exact numbers."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from fixturescope.measure.probe.gpu import Meter, initialised
from fixturescope.measure.probe.gpu.driver import CudaDriver
from fixturescope.measure.probe.gpu.nvml import Nvml
from fixturescope.model import GpuMemory
from tests.measure import fake_gpu
from tests.measure.fake_gpu import (
    MIB,
    CudaLibrary,
    Cupy,
    JaxArray,
    JaxClient,
    JaxDevice,
    Memory,
    Pynvml,
    TensorFlow,
    TorchBackend,
    TorchMps,
)

PID = 4711


def nothing() -> None:
    """A fixture that does nothing."""


def no_import(name: str) -> Any:
    raise ImportError(f"No module named '{name}'")


def not_loaded() -> Any:
    raise OSError("libcuda.so.1: cannot open shared object file")


def measured(
    modules: Mapping[str, Any],
    setup: Callable[[], None] = nothing,
    teardown: Callable[[], None] = nothing,
    *,
    library: CudaLibrary | None = None,
    environment: Mapping[str, str] | None = None,
) -> Meter:
    """A meter after one set-up and one teardown."""
    meter = Meter(
        modules,
        driver=CudaDriver(not_loaded if library is None else lambda: library),
        nvml=Nvml(no_import, lambda: PID, environment or {}),
    )
    meter.before()
    setup()
    meter.after_setup()
    teardown()
    meter.after_teardown()
    return meter


def row(device: str, **sizes: int | None) -> dict[str, Any]:
    return {"device": device, **dict.fromkeys(("allocated", "reserved", "peak", "leaked", "process")), **sizes}


# ------------------------------------------------------------------------------------------------------------- torch


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_torch_counts_from_what_was_there_before(kind: str) -> None:
    memory = Memory()
    memory.allocate(10 * MIB)
    memory.allocate(90 * MIB)
    memory.free(90 * MIB)  # the earlier peak of 100 MiB is none of the fixture's
    backend = TorchBackend([memory])

    def setup() -> None:
        memory.allocate(2 * MIB)
        memory.allocate(200 * MIB)
        memory.free(200 * MIB)
        memory.allocate(1000)  # a block of 1024

    meter = measured(fake_gpu.torch(**{kind: backend}), setup, lambda: memory.free(2 * MIB))  # type: ignore[arg-type]

    assert meter.rows() == [
        row(f"torch:{kind}:0", allocated=2 * MIB + 1024, reserved=112 * MIB, peak=202 * MIB, leaked=1024)
    ]
    assert meter.reason is None
    assert backend.synchronized == [0, 0, 0]


def test_rows_are_those_of_the_model() -> None:
    (one,) = measured(fake_gpu.torch(cuda=TorchBackend([Memory()]))).rows()
    assert tuple(one) == GpuMemory.__struct_fields__
    assert GpuMemory(**one) == GpuMemory(device="torch:cuda:0", allocated=0, reserved=0, peak=0, leaked=0)


def test_several_devices_and_those_never_used_are_left_out_and_not_opened() -> None:
    memories = [Memory(), Memory(), Memory(), Memory()]
    memories[1].allocate(MIB)
    backend = TorchBackend(memories)

    def setup() -> None:
        memories[0].allocate(3 * MIB)
        memories[3].allocate(MIB)
        memories[1].free(MIB)
        memories[1].empty_cache()

    meter = measured(fake_gpu.torch(cuda=backend), setup, lambda: memories[3].free(MIB))

    assert meter.rows() == [
        row("torch:cuda:0", allocated=3 * MIB, reserved=3 * MIB, peak=3 * MIB, leaked=3 * MIB),
        row("torch:cuda:1", allocated=-MIB, reserved=-MIB, peak=0, leaked=-MIB),
        row("torch:cuda:3", allocated=MIB, reserved=MIB, peak=MIB, leaked=0),
    ]
    assert set(backend.synchronized) == {0, 1, 3}


def test_a_library_that_holds_nothing_has_one_row_of_zeros() -> None:
    meter = measured(fake_gpu.torch(cuda=TorchBackend([Memory(), Memory()])))
    assert meter.rows() == [row("torch:cuda:0", allocated=0, reserved=0, peak=0, leaked=0)]


def test_a_library_that_the_fixture_imports_counts_from_nothing() -> None:
    modules: dict[str, Any] = {}
    memory = Memory()

    def setup() -> None:
        modules.update(fake_gpu.torch(cuda=TorchBackend([memory]), cuda_version="12.8"))
        memory.allocate(5 * MIB)
        memory.free(5 * MIB)
        memory.allocate(MIB)

    meter = measured(modules, setup)
    assert meter.rows() == [row("torch:cuda:0", allocated=MIB, reserved=5 * MIB, peak=5 * MIB, leaked=MIB)]


def test_a_device_that_the_fixture_initialises_counts_from_nothing() -> None:
    memory = Memory()
    backend = TorchBackend([memory], initialized=False)

    def setup() -> None:
        backend.initialized = True
        memory.allocate(MIB)

    meter = measured(fake_gpu.torch(cuda=backend, cuda_version="12.8"), setup, lambda: memory.free(MIB))
    assert meter.rows() == [row("torch:cuda:0", allocated=MIB, reserved=MIB, peak=MIB, leaked=0)]


def test_mps_has_no_peak_and_counts_from_its_first_use() -> None:
    memory = Memory()
    mps = TorchMps(memory)
    meter = measured(fake_gpu.torch(mps=mps), lambda: memory.allocate(4 * MIB), lambda: memory.free(4 * MIB))
    assert meter.rows() == [row("torch:mps:0", allocated=4 * MIB, reserved=4 * MIB, leaked=0)]
    assert meter.notes == ("torch keeps no peak on MPS",)
    assert mps.synchronized == 2  # not before there was anything to wait for


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        ({}, "no accelerator library was loaded"),
        ({"torch": None}, "no accelerator library was loaded"),
        (fake_gpu.torch(), "torch is loaded and has no device"),
        (fake_gpu.torch(cuda_version="12.8"), "torch is loaded and has not initialised a device"),
        (fake_gpu.torch(hip_version="6.2"), "torch is loaded and has not initialised a device"),
        (fake_gpu.torch(mps=TorchMps(Memory())), "torch is loaded and has no device"),
        (fake_gpu.jax(), "jax is loaded and has not initialised a device"),
        (fake_gpu.jax(cpu=JaxClient(JaxDevice(stats=False))), "jax is loaded and has no device"),
        (fake_gpu.jax(METAL=JaxClient(JaxDevice(stats=False))), "jax says nothing of its devices' memory"),
        ({"cupy": Cupy(CudaLibrary(False))}, "cupy is loaded and has not initialised a device"),
        (
            {"cupy": SimpleNamespace(), "cupy_backends.cuda.api.runtime": SimpleNamespace(is_hip=True)},
            "cupy is loaded and runs on ROCm, where it is not known what it holds",
        ),
        (TensorFlow(made=False).modules(), "tensorflow is loaded and has not initialised a device"),
        (TensorFlow(initialized=False).modules(), "tensorflow is loaded and has not initialised a device"),
        (TensorFlow().modules(), "tensorflow is loaded and has no device"),
        (
            {**fake_gpu.torch(), **fake_gpu.jax()},
            "torch is loaded and has no device; jax is loaded and has not initialised a device",
        ),
        ({"torch": MagicMock(), "torch.cuda": MagicMock()}, "torch is loaded and has no device"),
    ],
)
def test_why_there_is_nothing(modules: dict[str, Any], reason: str) -> None:
    meter = measured(modules)
    assert meter.rows() == []
    assert meter.reason == reason
    assert meter.notes == ()


# --------------------------------------------------------------------------------------------------------------- jax


def test_jax_tells_a_peak_that_rose_above_the_earlier_one() -> None:
    first, second = JaxDevice(0), JaxDevice(1, pool=0)
    for device in (first, second):
        device.memory.allocate(50 * MIB)
        device.memory.free(40 * MIB)
    arrays = (JaxArray(), JaxArray(deleted=True))

    def setup() -> None:
        first.memory.allocate(60 * MIB)
        second.memory.allocate(100)  # a block of 256

    modules = fake_gpu.jax(cpu=JaxClient(JaxDevice()), cuda=JaxClient(first, second, arrays=arrays))
    meter = measured(modules, setup, lambda: first.memory.free(60 * MIB))

    assert meter.rows() == [
        row("jax:cuda:0", allocated=60 * MIB, reserved=0, peak=60 * MIB, leaked=0),
        row("jax:cuda:1", allocated=256, reserved=0, leaked=256),
    ]
    assert meter.notes == (
        "pynvml raised ImportError: No module named 'pynvml'",
        "jax cannot start its peak anew, and it did not rise above the earlier one",
    )
    assert arrays[0].waited == 3


def test_jax_that_starts_its_backend_in_the_fixture_counts_from_nothing() -> None:
    device, idle = JaxDevice(0), JaxDevice(1)
    modules = {**fake_gpu.jax(), "pynvml": Pynvml([(PID, 1)])}

    def setup() -> None:
        modules["jax._src.xla_bridge"]._backends["rocm"] = JaxClient(device, idle)
        device.memory.allocate(MIB)

    meter = measured(modules, setup)
    assert meter.rows() == [
        row("jax:rocm:0", allocated=MIB, reserved=1000 * MIB, peak=MIB, leaked=MIB),
        row("jax:rocm:1", allocated=0, reserved=1000 * MIB, peak=0, leaked=0),
    ]
    assert modules["pynvml"].calls == 0  # NVIDIA's driver knows nothing of ROCm


def test_jax_figures_that_are_not_known_are_null() -> None:
    stats = {"bytes_in_use": 7, "peak_bytes_in_use": -1, "pool_bytes": -1}
    device = SimpleNamespace(id=0, local_hardware_id=None, memory_stats=lambda: stats)
    meter = measured(fake_gpu.jax(tpu=JaxClient(device)))  # type: ignore[arg-type]
    assert meter.rows() == [row("jax:tpu:0", allocated=0, leaked=0)]


# -------------------------------------------------------------------------------------------------------------- cupy


def test_cupy_reads_each_device_whose_context_is_open() -> None:
    library = CudaLibrary(True, False, True)
    cupy = Cupy(library)
    cupy.memories[0].allocate(MIB)

    def setup() -> None:
        cupy.memories[0].allocate(100)
        cupy.memories[2].allocate(2 * MIB)

    meter = measured({"cupy": cupy}, setup, lambda: cupy.memories[2].free(2 * MIB), library=library)

    assert meter.rows() == [
        row("cupy:cuda:0", allocated=512, reserved=512, leaked=512),
        row("cupy:cuda:2", allocated=2 * MIB, reserved=2 * MIB, leaked=0),
    ]
    assert "cupy keeps no peak" in meter.notes
    assert set(cupy.synchronized) == {0, 2}


def test_cupy_without_a_context_is_not_asked() -> None:
    library = CudaLibrary(False, False)
    meter = measured({"cupy": Cupy(library)}, library=library)
    assert meter.reason == "cupy is loaded and has not initialised a device"


# -------------------------------------------------------------------------------------------------------- tensorflow


@pytest.mark.parametrize(("eager", "synchronized"), [(True, 3), (False, 0)])
def test_tensorflow_has_no_reserved(eager: bool, synchronized: int) -> None:
    memory = Memory(256)
    memory.allocate(9 * MIB)
    memory.free(9 * MIB)
    tensorflow = TensorFlow(Memory(256), memory, eager=eager)

    def setup() -> None:
        memory.allocate(3 * MIB)
        memory.free(2 * MIB)

    meter = measured(tensorflow.modules(), setup)
    assert meter.rows() == [row("tensorflow:GPU:1", allocated=MIB, peak=3 * MIB, leaked=MIB)]
    assert tensorflow.synchronized == synchronized


def test_a_gpu_that_tensorflow_has_split_has_no_second_witness() -> None:
    pynvml = Pynvml([(PID, 1)])
    tensorflow = TensorFlow(Memory(), Memory(), visible=1)
    meter = measured({**tensorflow.modules(), "pynvml": pynvml}, lambda: tensorflow.memories["GPU:1"].allocate(512))
    assert meter.rows() == [row("tensorflow:GPU:1", allocated=512, peak=512, leaked=512)]
    assert pynvml.calls == 0


# ---------------------------------------------------------------------------------------------------- several, raising


def test_several_libraries_have_a_row_each() -> None:
    library = CudaLibrary(True)
    memory, device, cupy, other = Memory(), JaxDevice(pool=0), Cupy(library), Memory(256)
    modules = {
        **fake_gpu.torch(cuda=TorchBackend([memory])),
        **fake_gpu.jax(cuda=JaxClient(device)),
        "cupy": cupy,
        **TensorFlow(other).modules(),
        "pynvml": Pynvml([(1, 5 * MIB), (PID, 300 * MIB)]),
    }

    def setup() -> None:
        for part, size in ((memory, 1), (device.memory, 2), (cupy.memories[0], 3), (other, 4)):
            part.allocate(size * MIB)
        modules["pynvml"].devices[0] = [(1, 90 * MIB), (PID, 310 * MIB)]

    meter = measured(modules, setup, library=library)
    shared = {"process": 10 * MIB}
    assert meter.rows() == [
        row("torch:cuda:0", allocated=MIB, reserved=MIB, peak=MIB, leaked=MIB, **shared),
        row("jax:cuda:0", allocated=2 * MIB, reserved=0, peak=2 * MIB, leaked=2 * MIB, **shared),
        row("cupy:cuda:0", allocated=3 * MIB, reserved=3 * MIB, leaked=3 * MIB, **shared),
        row("tensorflow:GPU:0", allocated=4 * MIB, peak=4 * MIB, leaked=4 * MIB, **shared),
    ]
    assert modules["pynvml"].open == 0


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            RuntimeError("CUDA error: device-side assert\ntrace"),
            "torch raised RuntimeError: CUDA error: device-side assert",
        ),
        (AttributeError("memory_allocated"), "torch raised AttributeError: memory_allocated"),
        (Unspeakable(), "torch raised Unspeakable: (no text)"),
    ],
)
def test_a_library_that_raises_becomes_a_reason(error: Exception, words: str) -> None:
    backend = TorchBackend([Memory()])
    backend.error = error
    meter = measured(fake_gpu.torch(cuda=backend))
    assert meter.rows() == []
    assert meter.reason == words


def test_a_library_that_raises_leaves_the_others_their_figures() -> None:
    backend, device = TorchBackend([Memory()]), JaxDevice()
    backend.error = RuntimeError("out of order")
    meter = measured({**fake_gpu.torch(cuda=backend), **fake_gpu.jax(rocm=JaxClient(device))})
    assert meter.rows() == [row("jax:rocm:0", allocated=0, reserved=0, leaked=0)]
    assert meter.reason is None
    assert meter.notes[0] == "torch raised RuntimeError: out of order"


def test_what_raised_before_set_up_has_no_figures_even_if_it_answers_later() -> None:
    backend = TorchBackend([Memory()])
    backend.error = RuntimeError("busy")

    def setup() -> None:
        backend.error = None

    meter = measured(fake_gpu.torch(cuda=backend), setup)
    assert meter.rows() == []
    assert meter.reason == "torch raised RuntimeError: busy"


def test_what_raises_after_teardown_leaves_the_figures_of_set_up() -> None:
    memory = Memory()
    backend = TorchBackend([memory])

    def teardown() -> None:
        backend.error = RuntimeError("gone")

    meter = measured(fake_gpu.torch(cuda=backend), lambda: memory.allocate(MIB), teardown)
    assert meter.rows() == [row("torch:cuda:0", allocated=MIB, reserved=MIB, peak=MIB)]
    assert "torch raised RuntimeError: gone" in meter.notes


def test_a_peak_that_could_not_be_started_anew_is_null_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.allocate(MIB)
    backend = TorchBackend([memory])
    monkeypatch.setattr(backend, "reset_peak_memory_stats", MagicMock(side_effect=RuntimeError("not today")))
    meter = measured(fake_gpu.torch(cuda=backend, hip_version="6.2"))
    assert meter.rows() == [row("torch:cuda:0", allocated=0, reserved=0, leaked=0)]
    assert meter.notes == ("torch raised RuntimeError: not today",)


def test_a_mock_in_place_of_a_figure_becomes_a_reason() -> None:
    backend = MagicMock(is_initialized=lambda: True, device_count=lambda: 1)
    meter = measured(fake_gpu.torch(cuda=backend))
    assert meter.reason == "torch raised TypeError: a number of bytes was expected, not MagicMock"


def test_warnings_of_a_library_are_not_the_project_s(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = TorchBackend([Memory()])

    def device_count() -> int:
        warnings.warn("old", FutureWarning, stacklevel=1)
        return 1

    monkeypatch.setattr(backend, "device_count", device_count)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("error")
        meter = measured(fake_gpu.torch(cuda=backend))
    assert seen == []
    assert meter.reason is None


def test_set_up_that_raised_has_no_reading_and_teardown_that_raised_no_leak() -> None:
    memory = Memory()
    meter = Meter(fake_gpu.torch(cuda=TorchBackend([memory])), driver=CudaDriver(not_loaded), nvml=Nvml(no_import))
    meter.before()
    assert meter.rows() == []
    assert meter.reason == "nothing was read after set-up"
    memory.allocate(MIB)
    meter.after_setup()
    assert meter.rows() == [row("torch:cuda:0", allocated=MIB, reserved=MIB, peak=MIB)]


# -------------------------------------------------------------------------------------------------------------- nvml


def nvml_delta(
    before: list[tuple[int, int | None]],
    after: list[tuple[int, int | None]],
    *,
    place: int = 0,
    names: tuple[str, ...] = ("H100", "H100", "H100"),
    environment: Mapping[str, str] | None = None,
) -> int | None:
    """``process`` of CUDA's device 0 where NVML shows processes on its device ``place``, and nobody on two others."""
    pynvml = Pynvml([], [], [], names=names)
    pynvml.devices[place] = before
    memory = Memory()
    memory.allocate(MIB)

    def setup() -> None:
        pynvml.devices[place] = after

    modules = {**fake_gpu.torch(cuda=TorchBackend([memory])), "pynvml": pynvml}
    (one,) = measured(modules, setup, environment=environment).rows()
    process: int | None = one["process"]
    return process


@pytest.mark.parametrize(
    ("before", "after", "process"),
    [
        ([(PID, 500 * MIB)], [(PID, 520 * MIB)], 20 * MIB),
        ([], [(PID, 520 * MIB)], 520 * MIB),  # the driver lists a process once it has a context
        ([(PID, 5), (PID, 6)], [(PID, 15), (PID, 26)], 30),  # two instances of MIG
        ([(1, 500)], [(1, 900)], None),  # a container that sees the host's ids
        ([(PID, None)], [(PID, None)], None),  # the driver does not tell
    ],
)
def test_the_driver_s_own_figure(
    before: list[tuple[int, int | None]], after: list[tuple[int, int | None]], process: int | None
) -> None:
    assert nvml_delta(before, after) == process


@pytest.mark.parametrize(
    ("place", "names", "environment", "process"),
    [
        (2, ("H100",) * 3, {"CUDA_VISIBLE_DEVICES": "2,0"}, 7),
        (2, ("H100",) * 3, {"CUDA_VISIBLE_DEVICES": " GPU-2aaa"}, 7),
        (2, ("H100",) * 3, {"CUDA_VISIBLE_DEVICES": "0"}, None),
        (0, ("H100",) * 3, {"CUDA_VISIBLE_DEVICES": "GPU-"}, None),  # names three
        (0, ("H100",) * 3, {"CUDA_VISIBLE_DEVICES": "MIG-0aaa"}, None),
        (0, ("H100",) * 3, {"CUDA_VISIBLE_DEVICES": "9,0"}, None),  # CUDA stops at what it does not know
        (0, ("T4", "H100", "H100"), {}, None),  # CUDA puts the fastest first
        (0, ("T4", "H100", "H100"), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, 7),
    ],
)
def test_which_of_the_driver_s_devices_is_cuda_s_first(
    place: int, names: tuple[str, ...], environment: dict[str, str], process: int | None
) -> None:
    assert nvml_delta([(PID, 1)], [(PID, 8)], place=place, names=names, environment=environment) == process


def test_the_driver_is_asked_only_about_what_a_library_has_opened_on_cuda() -> None:
    pynvml = Pynvml([(PID, 1)])
    modules = {**fake_gpu.torch(cuda=TorchBackend([Memory()]), hip_version="6.2"), "pynvml": pynvml}
    measured({"pynvml": pynvml})
    measured({**fake_gpu.torch(cuda_version="12.8"), "pynvml": pynvml})
    measured(modules)
    assert pynvml.calls == 0


def test_a_driver_that_fails_leaves_the_figures_of_the_library() -> None:
    pynvml = Pynvml([(PID, 1)])
    pynvml.error = RuntimeError("Driver/library version mismatch")
    memory = Memory()

    def setup() -> None:
        memory.allocate(MIB)
        pynvml.error = None  # and what was held before is still not known

    meter = measured({**fake_gpu.torch(cuda=TorchBackend([memory])), "pynvml": pynvml}, setup)
    assert meter.rows() == [row("torch:cuda:0", allocated=MIB, reserved=MIB, peak=MIB, leaked=MIB)]
    assert meter.notes == ("pynvml raised RuntimeError: Driver/library version mismatch",)


# ------------------------------------------------------------------------------------------------------- initialised


@pytest.mark.parametrize(
    ("modules", "library", "words"),
    [
        ({}, None, None),
        (fake_gpu.torch(cuda_version="12.8"), CudaLibrary(False, initialized=False), None),
        (fake_gpu.torch(cuda_version="12.8"), CudaLibrary(False), "the CUDA driver is initialised"),
        ({}, CudaLibrary(True, False, True), "a CUDA context is open on device 0, 2"),
        (fake_gpu.torch(cuda=TorchBackend([Memory()])), None, "torch has initialised CUDA"),
        (fake_gpu.torch(xpu=TorchBackend([Memory()])), None, "torch has initialised XPU"),
        (fake_gpu.jax(), None, None),
        (fake_gpu.jax(cpu=JaxClient()), None, "jax has started its backends (cpu)"),
        (TensorFlow(initialized=False).modules(), None, None),
        (TensorFlow().modules(), None, "tensorflow has initialised its context"),
        ({"cupy": SimpleNamespace()}, CudaLibrary(True), "a CUDA context is open on device 0"),
        (
            {**fake_gpu.torch(cuda=TorchBackend([Memory()])), **fake_gpu.jax(cuda=JaxClient(), cpu=JaxClient())},
            CudaLibrary(True),
            "a CUDA context is open on device 0; torch has initialised CUDA; jax has started its backends (cuda, cpu)",
        ),
        (
            {"torch": object(), "torch.cuda": SimpleNamespace()},
            None,
            "torch raised AttributeError: 'types.SimpleNamespace' object has no attribute 'is_initialized'",
        ),
    ],
)
def test_what_a_fork_could_not_use(modules: dict[str, Any], library: CudaLibrary | None, words: str | None) -> None:
    assert initialised(modules, driver=CudaDriver(not_loaded if library is None else lambda: library)) == words


# ------------------------------------------------------------------------------------------------- what is loaded when

LOADED = """
import sys
before = set(sys.modules)
from fixturescope.measure.probe import gpu
print(sorted(one.partition(".")[0] for one in set(sys.modules) - before))
before = set(sys.modules)
meter = gpu.Meter()
meter.before()
meter.after_setup()
meter.after_teardown()
print([meter.rows(), meter.reason, meter.notes, gpu.initialised()])
print(sorted(set(sys.modules) - before))
"""


def output_of(script: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # it loads much itself
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ
    ).stdout


def test_it_loads_the_standard_library_and_itself_and_in_use_nothing() -> None:
    imported, answer, later = output_of(LOADED).splitlines()
    assert set(eval(imported)) <= {*sys.stdlib_module_names, "fixturescope"}
    assert eval(answer) == [[], "no accelerator library was loaded", (), None]
    assert later == "[]"


def test_a_driver_that_is_not_loaded_is_not_loaded_by_asking() -> None:
    script = "from fixturescope.measure.probe.gpu.driver import CudaDriver; print(CudaDriver().contexts())"
    assert output_of(script) == "None\n"
