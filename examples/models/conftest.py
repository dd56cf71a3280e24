"""Fixtures of a suite for models: most of them stand in no ``def``, a loop registers what a factory makes."""

import json
from pathlib import Path

import pytest

from modelkit.config import CUSTOM, PHASES, REAL
from modelkit.session import Session


def session_fixture(config, phase, kind, scope):
    """Make the fixture of one model in one phase."""

    @pytest.fixture(scope=scope)
    def get_session():
        session = Session(config, phase)
        yield session
        session.close()

    return get_session


for kind, configs, scope in (("real", REAL, "session"), ("custom", CUSTOM, "function")):
    for key, config in configs.items():
        for phase in PHASES:
            globals()[f"get_{key}_{phase}_session"] = session_fixture(config, phase, kind, scope)

for key in (*REAL, *CUSTOM):
    globals()[f"get_{key}_cfg_only"] = pytest.fixture(scope="session", name=f"get_{key}_cfg_only")(
        lambda key=key: {**REAL, **CUSTOM}[key]
    )


@pytest.fixture
def trainer_config():
    """Read anew for each test, although no test changes it."""
    text = json.dumps({"steps": 3, "lr": 1e-3, "table": list(range(40_000))})
    return json.loads(text)


@pytest.fixture
def trainer(get_tiny_train_session, trainer_config):
    """A small model, ready to be trained."""
    session = get_tiny_train_session
    session.limit = trainer_config["steps"]
    return session


@pytest.fixture
def vocabulary():
    """Words with their numbers, built for each test from nothing but constants."""
    return {f"word{number}": number for number in range(60_000)}


@pytest.fixture(autouse=True)
def workdir(tmp_path, monkeypatch):
    """Every test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Path(tmp_path)


@pytest.fixture(scope="session")
def reference_run(get_gpt2_train_session):
    """Expensive, and nobody asks for it."""
    return [get_gpt2_train_session.step() for _ in range(100)]


@pytest.fixture(scope="session")
def reference_report(reference_run):
    """Only this uses ``reference_run``, and no test uses this: a chain that is dead whole."""
    return len(reference_run)
