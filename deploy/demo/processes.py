"""Child processes whose standard output is JSON lines; ended by id, always."""
import atexit
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

_children = []


class Failure(Exception):
    """A step could not be done; the message says what and where to look."""


def run(arguments, env=None, cwd=None, ok=(0,), timeout=600):
    """Runs to the end; returns (exit code, stdout). Failure names the command."""
    arguments = [str(a) for a in arguments]
    try:
        result = subprocess.run(arguments, capture_output=True, text=True, cwd=cwd,
                                env={**os.environ, **(env or {})}, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"`{' '.join(arguments)}` did not end in {timeout} s") from error
    if result.returncode not in ok:
        raise Failure(f"`{' '.join(arguments)}` exited {result.returncode}:\n"
                      f"{(result.stderr or result.stdout).strip()[-2000:]}")
    return result.returncode, result.stdout


def run_json(arguments, **options):
    """As `run`, for commands with --json: returns the parsed object."""
    _, text = run(arguments, **options)
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(f"`{' '.join(map(str, arguments))}` printed no JSON: {text[:300]}") from error


class Child:
    """A long-running process. `events` collects its JSON lines; `on_event` is
    called in the reader's thread, before the next line is read."""

    def __init__(self, name, arguments, log_path, on_event=None, env=None):
        self.name = name
        self.events = []
        self._on_event = on_event
        self._condition = threading.Condition()
        self._log = open(log_path, "ab")
        self.log_path = pathlib.Path(log_path)
        self.process = subprocess.Popen(
            [str(a) for a in arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._log,
            env={**os.environ, **(env or {})})
        _children.append(self)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._log.write(line)
            self._log.flush()
            try:
                event = json.loads(line)
            except ValueError:
                continue
            event["at"] = time.monotonic()
            if self._on_event:
                self._on_event(self, event)
            with self._condition:
                self.events.append(event)
                self._condition.notify_all()

    def wait_for(self, predicate, timeout, what):
        """The first event, past or future, for which `predicate` holds."""
        deadline = time.monotonic() + timeout
        seen = 0
        with self._condition:
            while True:
                for event in self.events[seen:]:
                    if predicate(event):
                        return event
                seen = len(self.events)
                if self.process.poll() is not None and not self._reader.is_alive():
                    raise Failure(f"{self.name} ended with {self.process.returncode} "
                                  f"before {what}; see {self.log_path}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failure(f"{self.name}: no {what} within {timeout} s; "
                                  f"see {self.log_path}")
                self._condition.wait(min(left, 0.2))

    def last(self, predicate):
        with self._condition:
            for event in reversed(self.events):
                if predicate(event):
                    return event
        return None

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=10):
        """SIGTERM, then SIGKILL; returns the exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
        code = self.process.wait()
        self._reader.join(timeout=5)
        self.process.stdout.close()
        self._log.close()
        if self in _children:
            _children.remove(self)
        return code


@atexit.register
def stop_all():
    for child in list(_children):
        if child.alive():
            child.process.send_signal(signal.SIGTERM)
    for child in list(_children):
        child.stop(timeout=5)
