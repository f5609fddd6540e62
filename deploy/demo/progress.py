"""A live line on a terminal, plain lines otherwise."""
import shutil
import sys
import threading
import time

BAR = 24


class Progress:
    """Prints step headings and lines; keeps one live line below them."""

    def __init__(self, stream=sys.stdout):
        self._stream = stream
        self._live = stream.isatty()
        self._lock = threading.Lock()
        self._line = ""
        self._start = time.monotonic()

    def _clear(self):
        if self._live and self._line:
            self._stream.write("\r\x1b[2K")

    def say(self, text=""):
        with self._lock:
            self._clear()
            self._stream.write(text + "\n")
            if self._live and self._line:
                self._stream.write(self._line)
            self._stream.flush()

    def step(self, number, title):
        self.end()
        elapsed = time.monotonic() - self._start
        self.say(f"\n[{number}/9] {title}  ({elapsed:.0f} s)")

    def bar(self, label, done, total, tail=""):
        """Shown only on a terminal: plain output gets lines from `say`."""
        if not self._live:
            return
        filled = int(BAR * done / max(total, 1))
        width = shutil.get_terminal_size().columns - 1
        with self._lock:
            self._clear()
            self._line = (f"  {label} [{'#' * filled}{'.' * (BAR - filled)}] "
                          f"{done}/{total} {tail}")[:width]
            self._stream.write(self._line)
            self._stream.flush()

    def end(self):
        with self._lock:
            self._clear()
            self._line = ""
            self._stream.flush()
