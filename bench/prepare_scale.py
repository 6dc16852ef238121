"""A hospital of 10 GB, made and prepared within the memory bound: rates and peak memory, on all cores.

Arguments: patients (60,000 by default), and a folder with 2 GB free (a temporary one by default). The raw tables are
removed afterwards. Text is counted from the lengths that the gzip members carry (docs/MOCK_HOSPITAL.md).
"""

import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import harness

PATIENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
FOLDER = sys.argv[2] if len(sys.argv) > 2 else None
PROGRAM = harness.ROOT / os.environ["SEMBLANCE_BENCH_BUILD"] / "bin" / "semblance"
MEMORY_MIB = 512
THREADS = os.cpu_count()


def text_bytes(path):
    """Bytes of text in a file of the mock hospital, without inflating it."""
    total = 0
    with open(path, "rb") as file:
        while head := file.read(32):
            packed, text = struct.unpack("<QQ", head[16:])
            total += text
            file.seek(packed - len(head), os.SEEK_CUR)
    return total


def run(*arguments):
    """CPU seconds, wall seconds and peak memory (MiB) of a command of ours."""
    start = time.perf_counter()
    process = subprocess.Popen([str(PROGRAM), *map(str, arguments), "--threads", str(THREADS), "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"bench/prepare_scale: semblance {arguments[0]} failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    results = harness.Results("prepare_scale", "MB", [], threads=THREADS)
    notes = []
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        made = run("mock-hospital", "--patients", PATIENTS, "--output", folder)
        sizes = {path.name: text_bytes(path) for path in pathlib.Path(folder).iterdir()}
        total = sum(sizes.values()) / 1e6
        packed = sum(path.stat().st_size for path in pathlib.Path(folder).iterdir()) / 1e6
        notes.append(f"{PATIENTS} patients: {total:.0f} MB of text in {packed:.0f} MB of files")
        recipe = harness.ROOT / "recipes" / "icu-stays.yaml"
        prepared = run("prepare", recipe, "--input", folder, "--output", f"{folder}/stays.csv",
                       "--memory-mib", MEMORY_MIB)
        with open(f"{folder}/stays.csv") as file:
            notes.append(f"stays.csv: {sum(1 for _ in file) - 1} rows; rows kept within --memory-mib {MEMORY_MIB}")
    for what, (cpu, wall, rss) in {"mock-hospital": made, "prepare icu-stays.yaml": prepared}.items():
        results.add(what, total, [cpu])
        notes.append(f"{what}: peak memory {rss:.0f} MiB, {wall:.0f} s of wall time, {total / wall:.0f} MB/s of wall time")
    results.finish({}, notes)


main()
