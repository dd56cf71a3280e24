"""A small kit for training models, with a heavy library below it: `engine` stands in for one such as torch."""
