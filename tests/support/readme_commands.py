#!/usr/bin/env python3
"""Fails when the README names a program, subcommand, flag or file that is not.

Every `console` block of README.md is read: a command of ours must exist, its
subcommands must answer --help, and its flags must be in that help.
Usage: readme_commands.py SOURCE_DIR BINARY_DIR
"""
import pathlib
import re
import shlex
import subprocess
import sys

PROGRAMS = ("sotto", "sotto-device", "sotto-coordinator", "sotto-watermark")


def commands(text):
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        joined = block.replace("\\\n", " ")
        for line in joined.splitlines():
            if line.startswith("$ "):
                yield line[2:].split(" #")[0].strip()


def check(words, root, binaries):
    program = pathlib.PurePath(words[0]).name
    if words[0].startswith(("deploy/", "tests/", "bench/", ".ci/")):
        if not (root / words[0]).is_file():
            return f"{words[0]} does not exist"
        text = (root / words[0]).read_text()
        if words[0] == "deploy/quickstart":
            text += (root / "deploy/demo/arguments.py").read_text()
        for flag in [w.split("=")[0] for w in words[1:] if w.startswith("--")]:
            if flag not in text:
                return f"{words[0]} knows no {flag}"
        return None
    if program not in PROGRAMS:
        return None
    subcommands = []
    for word in words[1:]:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        subcommands.append(word)
    while True:
        result = subprocess.run([binaries / "bin" / program, *subcommands, "--help"],
                                capture_output=True, text=True)
        if result.returncode == 0 or not subcommands:
            break
        subcommands.pop()
    if result.returncode != 0:
        return f"{program} {' '.join(subcommands)} --help exits {result.returncode}"
    for flag in [w.split("=")[0] for w in words[1:] if w.startswith("--")]:
        if flag not in result.stdout:
            return f"{program} {' '.join(subcommands)} knows no {flag}"
    return None


def main():
    root, binaries = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
    text = (root / "README.md").read_text()
    found = list(commands(text))
    problems = [f"`{c}`: {p}" for c in found
                if (p := check(shlex.split(c), root, binaries))]
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        if not (root / link).exists():
            problems.append(f"link {link} leads nowhere")
    if not found:
        problems.append("README.md shows no command")
    print("\n".join(problems) or f"{len(found)} commands of the README hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
