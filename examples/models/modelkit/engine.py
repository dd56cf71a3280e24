"""Stands in for a heavy library: slow to import, and large.

Where torch is installed and MODELKIT_ENGINE=torch is set, torch itself does the work.
"""

import os
import time

if os.environ.get("MODELKIT_ENGINE") == "torch":
    import torch

    def zeros(size):
        """Return a tensor of so many bytes."""
        return torch.zeros(size, dtype=torch.uint8)

else:
    time.sleep(0.25)  # what its import takes
    _TABLES = bytearray(16 << 20)  # and what it keeps

    def zeros(size):
        """Return so many bytes."""
        return bytearray(size)
