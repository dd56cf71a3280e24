import pytest

from modelkit.config import PHASES, REAL


@pytest.mark.parametrize("key", ["gpt2", "llama3", "tiny", "wide"])
def test_config_names_its_model(request, key):
    assert request.getfixturevalue(f"get_{key}_cfg_only").name == key


def test_real_models_are_larger(get_gpt2_cfg_only, get_tiny_cfg_only):
    assert get_gpt2_cfg_only.megabytes > get_tiny_cfg_only.megabytes


def test_gated_models_say_so(get_llama3_cfg_only):
    assert "gated" in get_llama3_cfg_only.tags


def test_phases():
    assert PHASES[-1] == "train"
    assert set(REAL) == {"gpt2", "llama3"}
