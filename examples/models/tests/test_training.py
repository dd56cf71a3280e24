import pytest


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_training_counts_steps(trainer, steps):
    for _ in range(steps):
        trainer.step()
    assert trainer.steps == steps


def test_the_limit_is_the_configured_one(trainer, trainer_config):
    assert trainer.limit == trainer_config["steps"]


class TestWide:
    def test_phase(self, get_wide_train_session):
        assert get_wide_train_session.phase == "train"

    def test_weights(self, get_wide_train_session):
        assert len(get_wide_train_session.weights) == 4 << 20

    def test_setup(self, get_wide_setup_session):
        assert get_wide_setup_session.steps == 0


@pytest.mark.parametrize("phase", ["init", "train"])
def test_real_model(request, phase):
    session = request.getfixturevalue(f"get_gpt2_{phase}_session")
    assert session.phase == phase


def test_large_real_model(get_llama3_train_session):
    assert len(get_llama3_train_session.weights) == 96 << 20
