"""``python -m fixturescope``."""

import sys

from fixturescope.cli import main

if __name__ == "__main__":
    sys.exit(main())
