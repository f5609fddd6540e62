#!/usr/bin/env python3
"""Fails when code that keeps secrets draws random numbers from anywhere but
crypto/rng.h: the engines of <random>, rand() and its kin, randomness of other
libraries. Tests are held to it too, so that none shows the wrong way.

Usage: randomness.py SOURCE_DIR
"""
import pathlib
import re
import subprocess
import sys

FOLDERS = ("client/", "crypto/", "model_store/", "privacy/", "secure_agg/",
           "server/rounds/", "tests/evil_server/", "watermark/")
# The one place that may ask the system, by way of libsodium.
HOME = "crypto/"
BANNED = re.compile(
    r"""\#\s*include\s*<random>
      | \#\s*include\s*[<"]absl/random/
      | \bmt19937(?:_64)?\b(?!") | \bminstd_rand0?\b | \branlux\w+
      | \bdefault_random_engine\b | \brandom_device\b
      | \b(?:linear_congruential|mersenne_twister|subtract_with_carry)_engine\b
      | \b(?:std::)?s?rand\s*\(
      | \b[dlm]rand48\s*\( | \brandom\s*\(\s*\) | \barc4random\w*\s*\(
      | \bstd::(?:shuffle|sample|random_shuffle)\b""", re.X)
SYSTEM = re.compile(r"\bgetrandom\s*\(|/dev/u?random|\bRAND_(?:priv_)?bytes\s*\("
                    r"|\brandombytes_\w+")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def breaches(name, text):
    code = COMMENT.sub(lambda m: "\n" * m.group(0).count("\n"), text)
    patterns = [BANNED] if name.startswith(HOME) else [BANNED, SYSTEM]
    for pattern in patterns:
        for match in pattern.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {match.group(0).strip()}; use crypto/rng.h"


def check_itself():
    """A rule that finds nothing in bad code would pass for ever."""
    bad = ["#include <random>", "std::mt19937 rng;", "std::mt19937_64 r(1);",
           "std::random_device d;", "int x = rand();", "srand(1);",
           "drand48()", "std::shuffle(a, b, c);", '"/dev/urandom"',
           "RAND_bytes(p, 1);", "std::default_random_engine e;"]
    good = ["// not std::mt19937", 'm.set_prg("mt19937");', "operand(x)",
            "SystemRng().Fill(x);", "#include <string>", "int random = 1;"]
    wrong = [text for text in bad if not list(breaches("privacy/a.cc", text))]
    wrong += [text for text in good if list(breaches("privacy/a.cc", text))]
    return [f"the rule itself is wrong about: {text}" for text in wrong]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = subprocess.run(
        ["git", "-C", str(root), "ls-files", "*.cc", "*.h", "*.c"],
        check=True, capture_output=True, text=True).stdout.split()
    files = [f for f in files if f.startswith(FOLDERS) and (root / f).exists()]
    found = check_itself()
    for name in files:
        found += breaches(name, (root / name).read_text())
    print("\n".join(found) or f"{len(files)} files draw from crypto/rng.h alone")
    return 1 if found or len(files) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
