"""The check of GPU figures, where there is no GPU, and with libraries that are not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import gpu_check
from tests.measure import fake_gpu
from tests.measure.fake_gpu import MIB, Memory, TorchBackend

ROOT = Path(__file__).parents[2]


class Tensor:
    """Holds its bytes as long as it lives."""

    def __init__(self, memory: Memory, size: int) -> None:
        self._memory, self._size = memory, size
        memory.allocate(size)

    def __del__(self) -> None:
        self._memory.free(self._size)


def torch(memory: Memory, *, off: int = 0) -> dict[str, Any]:
    """A torch that can allocate, and takes so many bytes more than it should."""
    backend = TorchBackend([memory])
    modules = fake_gpu.torch(cuda=backend, cuda_version="12.8")
    modules["torch"] = SimpleNamespace(
        uint8="uint8",
        cuda=SimpleNamespace(is_available=lambda: True, empty_cache=memory.empty_cache),
        empty=lambda size, dtype, device: Tensor(memory, size + off),
    )
    return modules


def loaded(modules: dict[str, Any], name: str) -> Any:
    if name not in modules:
        raise ImportError(f"No module named '{name}'")
    return modules[name]


def test_nothing_installed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu_check.main({}, lambda name: loaded({}, name)) == 0
    assert capsys.readouterr().out == (
        "not run: torch cannot be imported (No module named 'torch')\n"
        "not run: jax cannot be imported (No module named 'jax')\n"
        "not run: cupy cannot be imported (No module named 'cupy')\n"
    )


def test_libraries_without_a_device_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    def no_driver() -> int:
        raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")

    modules = {
        "torch": SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False)),
        "jax": SimpleNamespace(local_devices=lambda: [SimpleNamespace(platform="cpu")]),
        "cupy": SimpleNamespace(cuda=SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=no_driver))),
    }
    assert gpu_check.main(modules, lambda name: loaded(modules, name)) == 0
    assert capsys.readouterr().out == (
        "not run: torch has no CUDA or ROCm device\n"
        "not run: jax has no device but the CPU\n"
        "not run: cupy has no device (cudaErrorNoDevice: no CUDA-capable device is detected)\n"
    )


@pytest.mark.parametrize(
    ("block", "off", "code", "verdicts"),
    [
        (512, 0, 0, ["ok", "ok", "ok"]),
        (1, 0, 0, ["ok", "ok", "ok"]),
        (512, 512, 1, ["OFF", "OFF", "OFF"]),
        (512, -1024, 1, ["OFF", "OFF", "OFF"]),
        (2 * MIB, 0, 1, ["OFF", "OFF", "OFF"]),
    ],
)
def test_figures_against_known_sizes(
    block: int, off: int, code: int, verdicts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    modules = torch(Memory(block), off=off)
    assert gpu_check.main(modules, lambda name: loaded(modules, name)) == code
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("torch:cuda:0")]
    assert [line.split()[-1] for line in lines] == verdicts


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    modules = torch(Memory(512))
    gpu_check.main(modules, lambda name: loaded(modules, name))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line[0] in ("device", "torch:cuda:0")] == [
        ["device", "figure", "known", "measured", "difference", "allowed"],
        ["torch:cuda:0", "allocated", "92275689", "92276224", "535", "1024", "ok"],
        ["torch:cuda:0", "peak", "142607337", "142607872", "535", "1536", "ok"],
        ["torch:cuda:0", "leaked", "25165825", "25166336", "511", "512", "ok"],
    ]


def test_a_library_that_measures_nothing_is_not_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    modules = torch(Memory())
    modules["torch.cuda"].error = RuntimeError("no figures")
    assert gpu_check.main(modules, lambda name: loaded(modules, name)) == 1
    assert "torch: nothing was measured: torch raised RuntimeError: no figures\n" in capsys.readouterr().out


def test_the_program_says_that_it_was_not_run() -> None:
    script = "import sys; sys.modules.update(dict.fromkeys(['torch', 'jax', 'cupy'])); from benchmarks import gpu_check; sys.exit(gpu_check.main())"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.partition(" cannot")[0] for line in result.stdout.splitlines()] == [
        "not run: torch",
        "not run: jax",
        "not run: cupy",
    ]
