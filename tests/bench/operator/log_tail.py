"""What an operator logs from now on, each line read once: reading all of it at every look would take the processor that is measured."""

import json
import time

LOOK_S = 0.01


class LogTail:
    def __init__(self, operator):
        self._file = open(operator.log.name, encoding="utf-8")
        self._file.seek(0, 2)
        self._part = ""

    def lines(self):
        """The complete lines that have come since."""
        text = self._part + self._file.read()
        *whole, self._part = text.split("\n")
        return [json.loads(line) for line in whole]

    def until(self, what, is_it, seconds=30):
        """The first line that is it; what comes with it in one look is passed over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.lines():
                if is_it(line):
                    return line
            time.sleep(LOOK_S)
        raise AssertionError(f"not within {seconds} s: {what}")

    def quiet(self, seconds=0.3):
        """Until nothing was written for so long."""
        last = time.monotonic()
        while time.monotonic() < last + seconds:
            time.sleep(LOOK_S)
            if any("object" in line for line in self.lines()):
                last = time.monotonic()
