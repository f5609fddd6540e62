#!/usr/bin/env python3
"""Runs int8 models in the micro interpreter, on a simulated Cortex-M or as the
host's build of the same program, and compares the outputs, byte by byte, with
the host's reference interpreter. Sizes of arenas and of the interpreter's text
may move by 3 percent, either way.

Exit status 77: the cross-compiler or the simulator is missing.
"""
import argparse
import pathlib
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TOLERANCE = 0.03
MACHINES = {"cortex-m4": "mps2-an386", "cortex-m7": "mps2-an500"}
MODELS = ["hello_world_int8", "kws_int8", "person_detect_int8", "toycar_int8"]

# Measured 2026-11-21, GCC 12.2: bytes of the arena, and of the interpreter's
# text without kernels. Tensors have pointers: a 64-bit host takes more.
CORTEX_M = {"small": 720, "hello_world_int8": 480, "kws_int8": 16848,
            "person_detect_int8": 55904, "toycar_int8": 1120}
HOST = {"small": 832, "hello_world_int8": 592, "kws_int8": 16960,
        "person_detect_int8": 56016, "toycar_int8": 1232}
TEXT = {"cortex-m4": 7294, "cortex-m7": 7288, "host": 12983}
# What they must stay below whatever else happens.
ARENA_BARS = {"kws_int8": 17000, "person_detect_int8": 70000,
              "toycar_int8": 1600}
TEXT_BARS = {"cortex-m4": 16000, "cortex-m7": 16000, "host": 24000}


class Failure(Exception):
    pass


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: status {done.returncode}\n"
                      f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def close(what, got, expected, bar):
    print(f"  {what}: {got} bytes")
    if abs(got - expected) > TOLERANCE * expected:
        raise Failure(f"{what} is {got} bytes, recorded are {expected}: moved by "
                      f"more than {TOLERANCE:.0%}")
    if got >= bar:
        raise Failure(f"{what} is {got} bytes, the bar is {bar}")


def text_bytes(size_tool, library):
    lines = run(size_tool, library).splitlines()[1:]
    return sum(int(line.split()[0]) for line in lines)


def simulated(args, program, words):
    line = ",".join(["enable=on,target=native",
                     *(f"arg={w}" for w in [program, *words])])
    return ["qemu-system-arm", "-machine", MACHINES[args.cpu], "-display", "none",
            "-monitor", "none", "-serial", "none", "-semihosting-config", line,
            "-kernel", args.build / program]


def shared_models(source):
    folder = os.environ.get("SOTTO_SHARED_DATA", source.parent / "shared/data")
    return pathlib.Path(folder) / "models"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu", required=True)
    for name in ("source", "build", "reference"):
        parser.add_argument("--" + name, required=True, type=pathlib.Path)
    parser.add_argument("--program")
    parser.add_argument("--archive", default="")
    parser.add_argument("--cascade-models", help="writes the cascade's networks")
    args = parser.parse_args()
    args.source = args.source.resolve()
    recorded, size_tool = HOST, "size"
    command = [args.program]
    if args.cpu != "host":
        for tool in ("arm-none-eabi-g++", "qemu-system-arm"):
            if shutil.which(tool) is None:
                print(f"skipped: {tool} is not installed")
                return SKIPPED
        recorded, size_tool = CORTEX_M, "arm-none-eabi-size"
        args.build.mkdir(parents=True, exist_ok=True)
        run(args.cascade_models, args.build / "generated")
        run("cmake", "--preset", args.cpu, "-B", args.build,
            f"-DSOTTO_CASCADE={args.build}/generated",
            cwd=args.source / "runtime/micro/cortex_m")
        run("cmake", "--build", args.build, "--target", "run_model", "cascade",
            "-j2")
        said = run(*simulated(args, "cascade", []), timeout=60)
        if "recogniser ran 3 times in 24 frames" not in said:
            raise Failure(f"the cascade said: {said}")
        print("  cascade:", said.splitlines()[-1])
        args.archive = args.build / "libmicro.a"
    if args.archive:
        close("interpreter", text_bytes(size_tool, args.archive),
              TEXT[args.cpu], TEXT_BARS[args.cpu])
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        small = work / "small.tflite"
        run(args.reference, "--small", small)
        models = [("small", small)]
        for name in MODELS:
            path = shared_models(args.source) / f"{name}.tflite"
            if path.exists():
                models.append((name, path))
            else:
                print(f"  {name}: skipped, {path} is absent")
        for name, path in models:
            files = [work / "model.tflite", work / "in", work / "out"]
            shutil.copyfile(path, files[0])
            run(args.reference, files[0], files[1], work / "want")
            if args.cpu != "host":
                command = simulated(args, "run_model", files)
                files = []
            said = run(*command, *files, timeout=240)
            if (work / "out").read_bytes() != (work / "want").read_bytes():
                raise Failure(f"{name}: outputs differ from the host's")
            arena = int(said.split("arena ")[1].split()[0])
            close(f"{name}: outputs equal, arena", arena, recorded[name],
                  ARENA_BARS.get(name, 1 << 30))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)
