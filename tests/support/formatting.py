#!/usr/bin/env python3
"""Fails when a C or C++ file differs from what clang-format makes of it, is
longer than 500 lines, or holds a word that marks unfinished work.

Usage: formatting.py SOURCE_DIR
"""
import pathlib
import re
import subprocess
import sys

WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = subprocess.run(
        ["git", "-C", str(root), "ls-files", "*.cc", "*.h", "*.c"],
        check=True, capture_output=True, text=True).stdout.split()
    files = [f for f in files if (root / f).exists()]
    problems = []
    for name in files:
        text = (root / name).read_text()
        lines = text.count("\n")
        if lines > 500:
            problems.append(f"{name}: {lines} lines; split it")
        for match in WORDS.finditer(text):
            problems.append(f"{name}: {match.group(0)} marks unfinished work")
    result = subprocess.run(
        ["clang-format-14", "--dry-run", "--Werror", *files], cwd=root,
        capture_output=True, text=True)
    unformatted = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", result.stderr, re.M)))
    problems += [f"{name}: run clang-format-14 -i on it" for name in unformatted]
    print("\n".join(problems) or f"{len(files)} files are formatted")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
