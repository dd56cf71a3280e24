"""What a training session is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SessionConfig:
    """The configuration of one session: which model, and how large."""

    name: str
    kind: str  # real, custom
    megabytes: int
    seconds: float = 0.0
    tags: tuple = field(default_factory=tuple)


REAL = {
    "gpt2": SessionConfig("gpt2", "real", 48, 0.06),
    "llama3": SessionConfig("llama3", "real", 96, 0.12, ("gated",)),
}
CUSTOM = {
    "tiny": SessionConfig("tiny", "custom", 1, 0.002),
    "wide": SessionConfig("wide", "custom", 4, 0.004),
}
PHASES = ("init", "setup", "train")
