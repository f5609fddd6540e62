"""Processes of a benchmark: workers that answer lines, busy loops, installs."""
import contextlib
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import venv


class Failure(Exception):
    """The benchmark cannot go on; the text says why."""


class Worker:
    """Loads a model, then answers each count with that many times."""

    def __init__(self, command):
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.hello = self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            message = self.process.stderr.read().strip().splitlines()
            raise Failure(f"{' '.join(self.command)}: "
                          f"{message[-1] if message else 'ended'}")
        return json.loads(line)

    def times(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return self._answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def report_of(command):
    """The JSON that a process prints."""
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        message = done.stderr.strip().splitlines()
        raise Failure(f"{' '.join(command)}: "
                      f"{message[-1] if message else done.returncode}")
    return json.loads(done.stdout)


@contextlib.contextmanager
def busy_cores(wanted):
    """Keeps every core but the first busy while it is open."""
    loops = []
    try:
        cores = sorted(os.sched_getaffinity(0))
        for core in cores[1:] if wanted else []:
            loops.append(subprocess.Popen(
                [sys.executable, "-c",
                 f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"],
                stderr=subprocess.DEVNULL))
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def environment_of(requirements, folder):
    """The Python of a virtual environment that has `requirements`."""
    wanted = hashlib.sha256(pathlib.Path(requirements).read_bytes()).hexdigest()
    stamp, python = folder / "requirements.sha256", folder / "bin/python"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {requirements} in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        done = subprocess.run([python, "-m", "pip", "install", "--quiet",
                               "--disable-pip-version-check", "-r", requirements])
        if done.returncode != 0:
            raise Failure("the peers cannot be installed")
        stamp.write_text(wanted)
    return python


class Progress:
    """One line on a terminal; nothing elsewhere."""

    def __init__(self):
        self.shown = sys.stderr.isatty()

    def show(self, text):
        if self.shown:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self):
        self.show("")
