"""Takes 40 ms to import."""

import time

time.sleep(0.038)
end = time.thread_time() + 0.002
while time.thread_time() < end:
    pass

VALUE = 1
