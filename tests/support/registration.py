#!/usr/bin/env python3
"""Fails when a test, fuzzer or source file exists but no CMakeLists.txt lists it.

Usage: registration.py SOURCE_DIR
"""
import pathlib
import re
import subprocess
import sys


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    listed = subprocess.run(["git", "-C", str(root), "ls-files"], check=True,
                            capture_output=True, text=True).stdout.split("\n")
    files = [f for f in listed if f and (root / f).exists()]
    build = {f: (root / f).read_text() for f in files
             if f.endswith("CMakeLists.txt") or f.endswith(".cmake")}
    words = {}
    for name, text in build.items():
        folder = str(pathlib.PurePath(name).parent)
        for word in re.findall(r"[\w./${}+-]+\.(?:cc|c|py|sh)\b", text):
            word = word.replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
            word = re.sub(r"^\$\{(CMAKE_SOURCE_DIR|PROJECT_SOURCE_DIR)\}/", "/", word)
            path = word[1:] if word.startswith("/") else f"{folder}/{word}"
            words[str(pathlib.PurePosixPath(path)).removeprefix("./")] = name
    missing = [f for f in files
               if f.endswith((".cc", ".c")) and f not in words]
    missing += [f for f in files if f.startswith("tests/") and f.endswith("_test.py")
                and f not in words]
    for name in missing:
        print(f"{name}: no CMakeLists.txt lists it")
    # A folder holds something, and a module says what it is for.
    for module in ("crypto", "runtime", "training", "privacy", "secure_agg",
                   "model_store", "watermark", "client", "server"):
        if any(f.startswith(module + "/") for f in files) and \
                f"{module}/README.md" not in files:
            missing.append(module)
            print(f"{module}/README.md is missing")
    if not missing:
        print(f"all {len(words)} listed sources exist and none is left out")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
