"""What the benchmarks share: timing, the machine, results on paper and on screen."""

import importlib.metadata
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def cpu_seconds(function, repeats):
    """CPU seconds (user and system) of each of `repeats` calls, after one call that does not count."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return seconds


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def head():
    text = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return text.stdout.strip() or "unknown"


COMMIT = head()  # when the benchmark began; the repository may move on while it runs


def commit():
    return COMMIT


def run_ours(*arguments):
    """Runs our benchmark program; it prints one JSON object a line."""
    program = ROOT / os.environ["SEMBLANCE_BENCH_BUILD"] / "bench" / arguments[0]
    done = subprocess.run([program, *map(str, arguments[1:])], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def store(name, record):
    """Keeps a benchmark's record, with the command that made it, as bench/results/<date>-<name>.json."""
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    arguments = [argument for argument in sys.argv[1:] if os.sep not in argument]  # a folder is the machine's own
    record = {"name": name, "command": " ".join(["bench/run", name, *arguments]), "commit": commit(), "machine": cpu_model(), **record}
    (folder / f"{time.strftime('%Y-%m-%d')}-{name}.json").write_text(json.dumps(record, indent=1) + "\n")


class Results:
    """Rates of us and the peers for one kind of work, in `unit` a CPU second."""

    def __init__(self, name, unit, packages, threads=1):
        self.name, self.unit, self.threads, self.rows = name, unit, threads, []
        self.versions = {package: importlib.metadata.version(package) for package in packages}

    def add(self, who, work, seconds):
        """work: in units, for each of the measured calls of `seconds`."""
        row = {
            "who": who,
            "median_s": statistics.median(seconds),
            "fastest_s": min(seconds),
            "slowest_s": max(seconds),
            "repeats": len(seconds),
            "rate": work / statistics.median(seconds),
        }
        self.rows.append(row)
        print(f"{who:44s} {row['rate']:12.4g} {self.unit}/s   median {row['median_s']:.4g} s"
              f" ({row['fastest_s']:.4g} to {row['slowest_s']:.4g}, {row['repeats']} times)", flush=True)
        return row["rate"]

    def finish(self, ratios, notes=()):
        print(f"{cpu_model()}; threads: {self.threads}; CPU seconds; " +
              ", ".join(f"{k} {v}" for k, v in self.versions.items()))
        for note in notes:
            print(note)
        store(self.name, {"threads": self.threads, "unit": self.unit, "versions": self.versions, "results": self.rows,
                          "ratios": ratios, "notes": list(notes)})
        for peer, ratio in ratios.items():
            print(f"RATIO {peer} {ratio:.4g}")
