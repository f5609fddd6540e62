"""Bytes of a stripped program that runs a model: with every kernel, and with
those of one network (sotto_select_operators)."""
import pathlib
import shutil
import subprocess
import tempfile

from processes import Failure
from runtime_family import run_quietly

PROGRAMS = {"every operator": "sotto-size-all", "MobileNet v2": "sotto-size-mobilenet"}


def stripped_sizes(program):
    """(bytes of the file, of its code and constants) without symbols."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "program"
        shutil.copy(program, copy)
        run_quietly(["strip", copy])
        table = subprocess.run(["size", copy], capture_output=True, text=True)
        if table.returncode != 0:
            raise Failure(f"size {copy}: {table.stderr.strip()}")
        return copy.stat().st_size, int(table.stdout.splitlines()[1].split()[0])


def run(options):
    if not (options.build_dir / "CMakeCache.txt").exists():
        run_quietly(["cmake", "--preset", "release", "-B", options.build_dir,
                     "-DSOTTO_MODULES=base;proto;runtime;tests;bench"])
    run_quietly(["cmake", "--build", options.build_dir, "--target", *PROGRAMS.values()])
    results, whole = [], None
    if not options.json:
        print(f"{'kernels of':20}{'file bytes':>12}{'text bytes':>12}{'of all':>8}")
    for name, program in PROGRAMS.items():
        file_bytes, text_bytes = stripped_sizes(options.build_dir / "bin" / program)
        whole = whole or file_bytes
        results.append({"name": name, "bytes": file_bytes, "text_bytes": text_bytes,
                        "ratio": file_bytes / whole})
        if not options.json:
            print(f"{name:20}{file_bytes:12}{text_bytes:12}{file_bytes / whole:8.2f}")
    return results
