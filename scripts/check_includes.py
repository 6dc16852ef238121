#!/usr/bin/env python3
"""Checks that includes run one way (docs/DESIGN.md): each folder may include only those listed here.

    scripts/check_includes.py [ROOT]                          directions and heavy headers
    scripts/check_includes.py [ROOT] --compile DATABASE       also: every header compiles alone, with the
                                                              flags of a compile_commands.json

Prints one line for each include that must not be; exit code 1 when there is any.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

# What each folder may include, beside itself.
ALLOWED = {
    "base": set(),
    "table": {"base"},
    "kernels": {"base"},
    "prepare": {"base", "table"},
    "trainer": {"base", "table", "kernels"},
    "generator": {"base", "table", "kernels", "trainer"},
    "evaluator": {"base", "table", "kernels"},
    "pipeline": {"base", "table", "prepare", "trainer", "generator", "evaluator"},
    "cli": {"base", "table", "kernels", "prepare", "trainer", "generator", "evaluator", "pipeline"},
}

# kernels/ stands alone: of base it sees the core only (no logging, files, HDF5 or ranks).
CORE = {f"base/{name}.hpp" for name in ("error", "philox", "host_device", "parallel", "device", "cuda_check")}

# Headers of other projects: the folders whose files may include them, and whether any header may. Where it may
# not, a header that only its own folder reaches still may: other folders must not pay for it.
HEAVY = [
    (re.compile(r"torch/|ATen/|c10/"), {"trainer"}, False),
    (re.compile(r"arrow/|parquet/"), {"table"}, False),
    (re.compile(r"mpi\.h"), {"base"}, False),
    (re.compile(r"xgboost/"), {"evaluator"}, False),
    (re.compile(r"CLI/"), {"cli"}, True),
    (re.compile(r"nlohmann/"), set(ALLOWED) - {"kernels"}, False),
    (re.compile(r"yaml-cpp/"), set(ALLOWED) - {"kernels"}, False),
    (re.compile(r"spdlog/"), {"base"}, False),
    (re.compile(r"hdf5\.h"), set(ALLOWED) - {"kernels"}, True),
]

# Text that several source files include with other definitions before it; not a header.
BODY = "_body.hpp"

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
SOURCES = {".hpp", ".cpp", ".cu", ".cuh"}


def files_of(root: Path):
    for top in [*ALLOWED, "tests", "bench"]:
        for path in sorted((root / top).rglob("*")):
            if path.suffix in SOURCES:
                yield path.relative_to(root)


def home_of(path: Path) -> str:
    """The source folder whose rules hold for a file: tests/table/x.cpp goes by those of table."""
    top = path.parts[0]
    if top == "tests" and len(path.parts) > 2 and path.parts[1] in ALLOWED:
        return path.parts[1]
    return top


def wrong_include(path: Path, bracket: str, name: str, root: Path) -> str:
    """Why the include must not be; "" when it may."""
    home, is_test = home_of(path), path.parts[0] in ("tests", "bench")
    if bracket == "<":
        for pattern, folders, in_headers in HEAVY:
            if not pattern.match(name) or is_test:
                continue
            if home not in folders:
                return f"<{name}> belongs to {', '.join(sorted(folders))} only"
        return ""
    if not (root / name).is_file():
        return f'"{name}" is not a path from the root of the repository'
    target = name.split("/")[0]
    if target == "tests":
        return "" if is_test else "only tests include tests"
    if target == "bench":
        return "" if path.parts[0] == "bench" else "only benchmarks include benchmarks"
    if target not in ALLOWED:
        return f'"{name}" is in no source folder'
    if home not in ALLOWED or target == home:  # bench/ and tests of no folder may include anything
        return ""
    if target not in ALLOWED[home]:
        return f"{home} may include {', '.join(sorted(ALLOWED[home])) or 'nothing else'}, not {target}"
    if home == "kernels" and not is_test and name not in CORE:
        return f"kernels sees the core of base only, and {name} is not in it"
    return ""


def includes_of(path: Path, root: Path):
    """Line number, bracket and name of each include."""
    for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, *found.groups()


def is_header(path: Path) -> bool:
    return path.suffix in (".hpp", ".cuh") and not path.name.endswith(BODY)


def check_directions(root: Path):
    for path in files_of(root):
        if path.suffix == ".hpp" and is_header(path) and "#pragma once" not in (root / path).read_text(encoding="utf-8"):
            yield f"{path}: has no #pragma once"
        for number, bracket, name in includes_of(path, root):
            why = wrong_include(path, bracket, name, root)
            if why:
                yield f"{path}:{number}: {why}"


def check_heavy_headers(root: Path):
    """A header that includes something heavy must not be reached from another folder."""
    included_by = {}  # path -> the source files and headers that include it
    heavy = []
    for path in files_of(root):
        if path.parts[0] not in ALLOWED:
            continue
        for number, bracket, name in includes_of(path, root):
            if bracket == '"':
                included_by.setdefault(Path(name), []).append(path)
            elif is_header(path) and any(p.match(name) and not in_headers for p, _, in_headers in HEAVY):
                heavy.append((path, number, name))
    for path, number, name in heavy:
        seen, waiting = {path}, [path]
        while waiting:
            for includer in included_by.get(waiting.pop(), []):
                if includer.parts[0] != path.parts[0]:
                    yield f"{path}:{number}: <{name}> is heavy, and {includer} of another folder gets it from here"
                    waiting.clear()
                    break
                if includer not in seen:
                    seen.add(includer)
                    waiting.append(includer)


def compile_flags(database: Path):
    """Include folders and definitions of all compilations together, in the order of their appearance."""
    flags, seen = [], set()
    for entry in json.loads(database.read_text()):
        if not entry["file"].endswith(".cpp"):
            continue
        words = shlex.split(entry["command"])
        for at, word in enumerate(words):
            if word in ("-isystem", "-idirafter", "-I"):
                flag = [word, os.path.join(entry["directory"], words[at + 1])]
            elif word.startswith(("-I", "-D")):
                flag = [word]
            else:
                continue
            if tuple(flag) not in seen:
                seen.add(tuple(flag))
                flags += flag
    return flags


def check_headers_alone(root: Path, database: Path):
    flags = compile_flags(database)
    headers = [p for p in files_of(root) if p.suffix == ".hpp" and is_header(p) and p.parts[0] in ALLOWED and p.name != "cuda_check.hpp"]

    def compile_one(header: Path):
        source = f'#include "{header}"\n#include "{header}"\n'  # twice: #pragma once must do its work
        command = ["g++", "-std=c++20", "-fsyntax-only", "-O0", f"-I{root}", *flags, "-x", "c++", "-"]
        result = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
        return "" if result.returncode == 0 else f"{header}: does not compile alone:\n{result.stderr}"

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(compile_one, headers))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--compile", type=Path, metavar="DATABASE", help="a compile_commands.json")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    problems = [*check_directions(root), *check_heavy_headers(root)]
    if arguments.compile:
        problems += check_headers_alone(root, arguments.compile)
    print("\n".join(problems) if problems else "includes: all well")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
