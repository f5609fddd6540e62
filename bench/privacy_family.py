"""Noise on updates: draws, the rotation, and a device's whole encoding."""
import json
import re
import subprocess

from machine import describe_machine
from processes import Failure
from runtime_family import run_quietly

MODULES = ("base", "crypto", "privacy", "bench")
TARGET = "sotto-bench-privacy"


def build_target(options, modules, target):
    """The program's path; the modules it needs join what the folder builds."""
    cache = options.build_dir / "CMakeCache.txt"
    chosen = re.search(r"^SOTTO_MODULES:\w+=(.*)$", cache.read_text(), re.M) \
        if cache.exists() else None
    present = [m for m in chosen.group(1).split(";") if m] if chosen else []
    missing = [m for m in modules if m not in present]
    if missing:
        run_quietly(["cmake", "--preset", "release", "-B", options.build_dir,
                     "-DSOTTO_MODULES=" + ";".join(present + missing)])
    run_quietly(["cmake", "--build", options.build_dir, "--target", target])
    return options.build_dir / "bin" / target


def run(options):
    worker = build_target(options, MODULES, TARGET)
    if not options.json:
        machine = describe_machine()
        print(f"{machine['processor']}, one core of {machine['cores']}, "
              f"load {machine['load_average']:.1f}")
        print(f"{'least of ' + str(options.rounds):40}{'ms':>10}{'ns a value':>12}"
              f"{'values a second':>17}")
    results = []
    with subprocess.Popen([worker, "--repeat", str(options.rounds)], text=True,
                          stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            result = json.loads(line)
            if not re.search(options.only, result["name"]):
                continue
            results.append(result)
            if not options.json:
                print(f"{result['name']:40}{result['seconds'] * 1e3:10.2f}"
                      f"{result['ns_per_value']:12.2f}"
                      f"{result['values'] / result['seconds']:17.3g}", flush=True)
    if process.returncode != 0:
        raise Failure(f"{worker} exited with {process.returncode}")
    return results
