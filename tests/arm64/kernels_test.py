#!/usr/bin/env python3
"""Cross-builds the kernels for 64-bit Arm and runs their tests in an emulator.

  kernels_test.py --source ROOT --build FOLDER          the vector kernels' tests
  kernels_test.py --source ROOT --build FOLDER --all    those of every kernel

The 8-bit tests run twice: on a processor with the dot product instructions and
on one without; the others, which do not use these, once. Exit status 77: the cross-compiler or the emulator is missing.
An emulator says that results are right, nothing of speed.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
VECTOR = ["cpu_f32_test", "cpu_hybrid_test", "cpu_int8_test"]
PLAIN = ["nn", "elementwise", "movement", "reduction", "recurrent", "vision",
         "signal"]
# The second has no dot product instructions.
PROCESSORS = ["max", "cortex-a57"]


def checked(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n"
                 f"{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, type=pathlib.Path)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    emulator = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if emulator is None or shutil.which("aarch64-linux-gnu-g++") is None:
        print("no cross-compiler or no emulator for 64-bit Arm: skipped")
        return SKIPPED

    project = (args.source / "tests/arm64").resolve()
    build = args.build.resolve()
    os.chdir(project)
    checked("cmake", "--preset", "arm64", "-B", build)
    names = VECTOR + ([f"{name}_kernels_test" for name in PLAIN] if args.all else [])
    checked("cmake", "--build", build, "--target", *names)
    for name in names:
        for processor in PROCESSORS if name == "cpu_int8_test" else PROCESSORS[:1]:
            lines = checked(emulator, "-cpu", processor, build / "tests" / name,
                            "--gtest_brief=1").splitlines()
            print(f"{name} on {processor}: {lines[-1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
