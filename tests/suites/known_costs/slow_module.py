"""Takes 40 ms to import."""

import time

end = time.perf_counter() + 0.04
time.sleep(0.038)
while time.perf_counter() < end:
    pass

VALUE = 1
