"""A training session: weights that are loaded, set up, trained."""

import time


class Session:
    """One model in one phase."""

    def __init__(self, config, phase):
        from modelkit import engine  # slow: only what trains needs it

        time.sleep(config.seconds)
        self.config = config
        self.phase = phase
        self.weights = engine.zeros(config.megabytes << 20)
        self.steps = 0
        self.log = []

    def step(self):
        """Train one step."""
        self.steps += 1
        return self.steps

    def close(self):
        """Give the weights back."""
        self.weights = None
