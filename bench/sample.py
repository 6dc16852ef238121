"""Rows a CPU second of `semblance generate`, the whole command: Adult with the default network, and a wide table.

    bench/run sample [--rows 1000000]

One thread, Parquet written, start-up counted. The wide table is made up: 60 columns of categories, 40 of numbers.
SDV's TVAE samples Adult beside it (into memory; what it learned does not change its rate, so one epoch will do).
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import tempfile

import numpy as np
import pandas as pd

import adult
import harness
from train import peer_python, peer_versions

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER_ROWS = 200_000

PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd, torch
torch.set_num_threads(1)
from sdv.metadata import Metadata
from sdv.single_table import TVAESynthesizer
table, rows = pd.read_csv(sys.argv[1]), int(sys.argv[2])
model = TVAESynthesizer(Metadata.detect_from_dataframes({"table": table}), epochs=1, enable_gpu=False)
model.fit({"table": table})
seconds = []
for _ in range(3):
    start = time.process_time()
    model.sample(num_rows=rows)
    seconds.append(time.process_time() - start)
print(json.dumps(seconds))
"""


def wide_table(rows=20_000, seed=3):
    """Columns that a hidden class ties together."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 20, rows)
    columns = {}
    for i in range(60):
        levels = int(random.integers(2, 30))
        weights = random.dirichlet(np.full(levels, 0.3), 20).cumsum(axis=1)
        code = (random.random(rows)[:, None] > weights[kind]).sum(axis=1).clip(0, levels - 1)
        columns[f"category{i}"] = [f"level {c}" for c in code]
    for i in range(40):
        columns[f"number{i}"] = np.round(random.normal(random.normal(0, 2, 20)[kind], 1), 3)
    return pd.DataFrame(columns)


def run(arguments):
    """CPU seconds of our program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = ROOT / os.environ["SEMBLANCE_BENCH_BUILD"] / "bin" / "semblance"
    subprocess.run([program, *map(str, arguments), "--threads", "1", "--quiet"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(results, name, table, rows, folder, *training):
    source, model = folder / f"{name}.csv", folder / f"{name}.h5"
    table.to_csv(source, index=False)
    run(["train", source, "--output", model, "--seed", 1, *training])
    seconds = [run(["generate", model, "--rows", rows, "--output", folder / f"{name}.parquet"]) for _ in range(3)]
    return results.add(f"semblance generate, {name}", rows, seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of Adult to make; a tenth of the wide table")
    args = parser.parse_args()
    _, train, source = adult.tables(10**9)
    results = harness.Results("sample", "rows", [])
    results.versions = peer_versions()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ours = measure(results, "adult", train, args.rows, folder)
        measure(results, "wide", wide_table(), args.rows // 10, folder, "--epochs", 2)
        done = subprocess.run([peer_python(), "-c", PEER, folder / "adult.csv", str(PEER_ROWS)], check=True,
                              capture_output=True, text=True)
    peer = results.add("SDV TVAE sample(), adult", PEER_ROWS, json.loads(done.stdout.splitlines()[-1]))
    results.finish({"tvae": ours / peer}, [f"{len(train)} rows of {source}, 15 columns; wide: 100 columns; medians of 3"])


if __name__ == "__main__":
    main()
