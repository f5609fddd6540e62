#!/usr/bin/env python3
"""Fails when a source file includes what its module may not.

Reads the include table of docs/architecture.md. Usage: layers.py SOURCE_DIR
"""
import pathlib
import re
import subprocess
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
# Third-party headers and where each may appear.
HOMES = {
    r"^(grpc|grpcpp)/": ("client/transport/", "server/rpc/", "tools/"),
    r"^curl/": ("client/transport/",),
    r"^sqlite3\.h$": ("base/sqlite",),
    r"^httplib\.h$": ("server/http/",),
    r"^(sodium\.h|sodium/|openssl/)": ("crypto/",),
    r"^flatbuffers/": ("runtime/", "model_store/", "proto/", "tests/", "tools/"),
    r"^hwy/": ("runtime/kernels/", "secure_agg/masking/"),
}
SYSTEM = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.M)


def read_table(architecture):
    section = architecture.split("## Who may include whom", 1)[1]
    rows = re.findall(r"^\| ([\w/]+) \| (.+?) \|$", section, re.M)
    return {name: [item.strip() for item in allowed.split(",")]
            for name, allowed in rows if name != "module"}


def module_of(path, table):
    """The longest table row that is a prefix of the path."""
    names = [n for n in table if path == n or path.startswith(n + "/")]
    return max(names, key=len) if names else None


def allowed(include, module, table, is_test):
    rules = table[module]
    if "anything" in rules:
        return True
    if include.startswith("sotto/"):
        include = "client/include/" + include
    if is_test and include.startswith("tests/support/"):
        return True
    # A test of the freestanding folders runs on the host.
    if is_test and module.startswith("runtime/"):
        rules = rules + table["runtime"] + ["runtime"]
    own = [module] + [r for r in rules if r != "nothing"]
    return any(include == r or include.startswith(r + "/") for r in own)


def breaches(root):
    table = read_table((root / "docs/architecture.md").read_text())
    files = subprocess.run(
        ["git", "-C", str(root), "ls-files", "*.cc", "*.h", "*.c"],
        check=True, capture_output=True, text=True).stdout.split()
    for name in files:
        path = root / name
        if not path.exists():
            continue
        text = path.read_text()
        module = module_of(name, table)
        if module is None:
            if "/" in name:
                yield f"{name}: its folder has no row in the include table"
            continue
        # Tests, and the fixtures that only they include.
        is_test = name.endswith("_test.cc") or \
            path.name.startswith("test_") and path.suffix == ".h" or \
            path.stem.endswith("_test_support")
        for include in INCLUDE.findall(text):
            target = module_of(include, table)
            if include.startswith("sotto/"):
                target = "client"
            if target is None:
                continue  # third party, or generated beside the source
            if not allowed(include, module, table, is_test):
                yield f"{name}: module {module} may not include {include}"
        for include in SYSTEM.findall(text):
            for pattern, homes in HOMES.items():
                if re.match(pattern, include) and not name.startswith(homes) \
                        and not is_test:
                    yield f"{name}: {include} belongs in {', '.join(homes)}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    found = list(breaches(root))
    print("\n".join(found) or "every include respects the table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
