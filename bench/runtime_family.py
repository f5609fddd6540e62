"""Sotto against LiteRT, interleaved in one run.

For each model, one and two threads, an idle machine and one whose other cores are
busy, both sides load the model in a process of their own and take turns; the
first turn goes to each in alternate rounds. Fresh processes then measure the first
inference from the file, and memory.
"""
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from machine import describe_machine
from processes import (Failure, Progress, Worker, busy_cores, environment_of, report_of)

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
COLD_RUNS = 5
PEER = (HERE / "peers/requirements.txt").read_text().split()[0]
# Tests of one feature, not networks.
NOT_NETWORKS = {"add_dynamic_shape", "call_once_mul", "multi_signature", "nested_while"}


def build(options):
    """The worker's path, built where it can be."""
    worker = options.build_dir / "bin/sotto-bench-runtime"
    if not (options.build_dir / "CMakeCache.txt").exists():
        command = ["cmake", "--preset", "release", "-B", options.build_dir,
                   "-DSOTTO_MODULES=base;proto;runtime;tests;bench"]
        run_quietly(command)
    run_quietly(["cmake", "--build", options.build_dir, "--target", "sotto-bench-runtime"])
    return worker


def run_quietly(command):
    done = subprocess.run([str(word) for word in command], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


def find_models(worker, peer, folder, pattern):
    """(name, path) of the shared networks and of ours."""
    run_quietly([worker, "models", folder])
    paths = sorted(folder.glob("*.tflite"))
    shared = pathlib.Path(os.environ.get("SOTTO_SHARED_DATA", ROOT / "../shared/data"))
    if (shared / "models").is_dir():
        paths += sorted((shared / "models").glob("*.tflite"))
    else:
        print(f"{shared / 'models'} is absent: our own MobileNets alone",
              file=sys.stderr)
    models = []
    for path in paths:
        name = path.stem if path.parent == folder or \
            not (folder / path.name).exists() else path.stem + "_shared"
        if path.stem in NOT_NETWORKS or not re.search(pattern, name):
            continue
        if peer:
            repaired = folder / f"{path.stem}_repaired.tflite"
            run_quietly([*peer, "repair", path, repaired])
            path = repaired if repaired.exists() else path
        models.append((name, path))
    return models


def statistics(times):
    times = sorted(times)
    return {"min_seconds": times[0] / 1e9, "seconds": times[len(times) // 2] / 1e9,
            "p95_seconds": times[(len(times) - 1) * 95 // 100] / 1e9}


def measure_invoke(sides, path, threads, busy, options):
    """One dictionary of statistics per side."""
    times = {name: [] for name in sides}
    with busy_cores(busy):
        workers = {}
        try:
            for name, command in sides.items():
                workers[name] = Worker([*command, "serve", path, threads])
            counts = {}
            for name, worker in workers.items():
                few = sorted(worker.times(3))[1]
                counts[name] = max(1, int(options.turn_ms * 1e6 / few))
                worker.times(max(1, counts[name] // 4))
            for turn in range(options.rounds):
                order = list(workers) if turn % 2 == 0 else list(reversed(workers))
                for name in order:
                    times[name] += workers[name].times(counts[name])
        finally:
            for worker in workers.values():
                worker.__exit__()
    return {name: statistics(t) for name, t in times.items()}


def median(values):
    return sorted(values)[len(values) // 2]


def measure_cold(sides, path, folder):
    """Medians of fresh processes; Sotto also with its cache of packed weights."""
    cache = folder / (path.stem + ".packed")
    commands = {name: [*command, "cold", path, 1] for name, command in sides.items()}
    commands["sotto_cached"] = [*sides["sotto"], "cold", path, 1, cache]
    report_of(commands["sotto_cached"])  # writes the cache
    reports = {name: [] for name in commands}
    for _ in range(COLD_RUNS):
        for name, command in commands.items():
            reports[name].append(report_of(command))
    cache.unlink(missing_ok=True)
    return {name: {key: median([r[key] for r in several]) for key in several[0]}
            for name, several in reports.items()}


class Table:
    """Prints rows as they come, unless JSON is wanted."""

    def __init__(self, silent, with_peer):
        self.silent, self.with_peer = silent, with_peer
        if silent:
            return
        machine = describe_machine()
        print(f"{machine['processor']}, {machine['cores']} cores, "
              f"{' '.join(machine['instructions'])}, load {machine['load_average']:.1f}")
        if with_peer:
            print(f"peer: {PEER}, XNNPACK on; ratio: its time by ours")
        print(f"{'':50} {'min':>9} {'median':>9} {'p95':>9}"
              + (f" {'peer min':>9} {'median':>9} {'p95':>9} {'ratio':>6} {'of min':>6}"
                 if with_peer else "") + "  ms", flush=True)

    def row(self, result):
        if self.silent:
            return

        def numbers(prefix):
            return " ".join(f"{result[prefix + k] * 1e3:9.4f}"
                            for k in ("min_seconds", "seconds", "p95_seconds"))
        text = f"{result['name']:50} {numbers('')}"
        if "ratio" in result:
            text += f" {numbers('peer_')} {result['ratio']:6.2f} {result['min_ratio']:6.2f}"
        print(text, flush=True)

    def cold(self, name, cold):
        if self.silent:
            return
        print(f"{name:50} first inference {cold['sotto']['first_ns'] / 1e6:.2f} ms, with "
              f"packed weights cached {cold['sotto_cached']['first_ns'] / 1e6:.2f} ms"
              + (f", peer {cold['litert']['first_ns'] / 1e6:.2f} ms"
                 if "litert" in cold else "")
              + f"; resident {cold['sotto']['resident_bytes'] / 1e6:.2f} MB"
              + (f", peer {cold['litert']['resident_bytes'] / 1e6:.2f} MB"
                 if "litert" in cold else ""), flush=True)


def cold_results(name, cold):
    """Results of the first inference, with and without the cache, with memory."""
    peer = cold.get("litert")
    results = []
    for kind, side in (("first", "sotto"), ("first_cached", "sotto_cached")):
        mine = cold[side]
        result = {"name": f"{name}/{kind}", "seconds": mine["first_ns"] / 1e9,
                  "load_seconds": mine["load_ns"] / 1e9,
                  "resident_bytes": mine["resident_bytes"],
                  "peak_bytes": mine["peak_bytes"], "arena_bytes": mine["arena_bytes"],
                  "packed_bytes": mine["packed_bytes"]}
        if peer:
            result["peer"] = PEER
            result["peer_seconds"] = peer["first_ns"] / 1e9
            result["peer_load_seconds"] = peer["load_ns"] / 1e9
            result["peer_resident_bytes"] = peer["resident_bytes"]
            result["peer_peak_bytes"] = peer["peak_bytes"]
            result["ratio"] = peer["first_ns"] / mine["first_ns"]
        results.append(result)
    return results


def run(options):
    worker = build(options)
    sides = {"sotto": [worker]}
    peer = None
    if options.peers:
        python = environment_of(HERE / "peers/requirements.txt", ROOT / "build/litert-venv")
        peer = [python, HERE / "peers/litert_worker.py"]
        sides["litert"] = peer
    results, failures, progress = [], [], Progress()
    with tempfile.TemporaryDirectory(prefix="sotto-bench-") as folder:
        folder = pathlib.Path(folder)
        progress.show("models")
        models = find_models(worker, peer, folder, options.only)
        progress.clear()
        if not models:
            raise Failure(f"no model matches '{options.only}'")
        table = Table(options.json, bool(peer))
        for number, (name, path) in enumerate(models):
            try:
                for threads in (1, 2):
                    for busy in (False, True):
                        label = f"{name}/{threads}t/{'busy' if busy else 'idle'}"
                        progress.show(f"{number + 1}/{len(models)} {label}")
                        measured = measure_invoke(sides, path, threads, busy, options)
                        result = {"name": label, **measured["sotto"]}
                        if peer:
                            theirs = measured["litert"]
                            result["peer"] = PEER
                            result.update({"peer_" + k: v for k, v in theirs.items()})
                            result["ratio"] = theirs["seconds"] / result["seconds"]
                            result["min_ratio"] = \
                                theirs["min_seconds"] / result["min_seconds"]
                        results.append(result)
                        progress.clear()
                        table.row(result)
                progress.show(f"{number + 1}/{len(models)} {name}/first")
                cold = measure_cold(sides, path, folder)
                progress.clear()
                table.cold(name, cold)
                results += cold_results(name, cold)
            except Failure as failure:
                progress.clear()
                failures.append(name)
                print(f"{name}: not measured: {failure}", file=sys.stderr)
    if not options.json:
        print_bars(results, bool(peer))
    if failures:
        raise Failure(f"{len(failures)} models were not measured: {', '.join(failures)}")
    return results


def bars(results):
    """(text, value, bar, whether larger is better) of the specification's bars."""
    by_name = {r["name"]: r for r in results}
    wanted = []
    for version in (1, 2):
        for kind, bar in (("f32", 1.1), ("int8", 1.2), ("uint8", 2.5)):
            result = by_name.get(f"mobilenet_v{version}_100_224_{kind}/1t/idle")
            if result and "ratio" in result:
                wanted.append((result["name"] + " ratio", result["ratio"], bar, True))
    for name, result in by_name.items():
        if name.endswith("/1t/idle") and "ratio" in result and \
                result["peer_seconds"] < 50e-6:
            wanted.append((name + " ratio (under 50 us)", result["ratio"], 1.5, True))
    for name, result in by_name.items():
        if name.endswith("/first") and "ratio" in result:
            wanted.append((name + " ratio", result["ratio"], 1.5, True))
    for name, result in by_name.items():
        if name.endswith("/first") and result.get("peer_resident_bytes", 0) > 0:
            wanted.append((name + " resident memory by the peer's",
                           result["resident_bytes"] / result["peer_resident_bytes"], 1.0,
                           False))
    cached = by_name.get("mobilenet_v2_100_224_int8/first_cached")
    if cached and "ratio" in cached:
        wanted.append((cached["name"] + " by the peer's", 1 / cached["ratio"], 0.5, False))
    for name, milliseconds in (("mobilenet_v1_100_224_f32", 12), ("mobilenet_v2_100_224_f32", 8),
                               ("mobilenet_v1_100_224_int8", 3.8),
                               ("mobilenet_v2_100_224_int8", 3.3), ("resnet8_int8", 0.10),
                               ("kws_int8", 0.05), ("toycar_int8", 0.008)):
        result = by_name.get(name + "/1t/idle")
        if result:
            wanted.append((result["name"] + " ms (on a 2.5 GHz AVX-512 VNNI core)",
                           result["seconds"] * 1e3, milliseconds, False))
    return wanted


def print_bars(results, with_peer):
    checked = bars(results)
    if not checked:
        return
    print("\nbars" + ("" if with_peer else " (those against the peer need --peers)"))
    missed = 0
    for text, value, bar, larger in checked:
        passed = value >= bar if larger else value <= bar
        missed += not passed
        verdict = "pass" if passed else f"MISS by {abs(value / bar - 1) * 100:.0f} %"
        print(f"  {text:72} {value:9.4g}  {'>=' if larger else '<='} {bar:<6g} {verdict}")
    ratios = [r["ratio"] for r in results if r["name"].endswith("/1t/idle") and "ratio" in r]
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"  geometric mean of the ratios, one thread, idle, {len(ratios)} models: {mean:.2f}")
    print(f"  {len(checked) - missed} of {len(checked)} passed")
