"""A table of 20 columns from Arrow columns (Parquet) to tokens: `bench/run encode_table [ROWS] [THREADS]`.

Files of a million rows (each the same) are read and encoded one after the other on each thread. The peer reads the same files
with pyarrow and bins them with pandas (numbers into quantile bins, texts into codes).
"""

import os
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import harness

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
AT_ONCE = 1_000_000
BINS = 128
files = -(-ROWS // AT_ONCE)


def made(n, seed):
    """12 numbers (8 of them with many values, some missing), 7 texts, one date."""
    rng = np.random.default_rng(seed)
    columns = {}
    for c in range(8):
        values = rng.lognormal(sigma=0.3 + 0.1 * c, size=n).round(2 + c % 3)
        columns[f"real{c}"] = pa.array(values, mask=rng.random(n) < 0.02 * c)
    for c in range(4):
        columns[f"count{c}"] = pa.array(rng.poisson(2 + 6 * c, n))
    for c, levels in enumerate((2, 3, 5, 9, 16, 42, 200)):
        texts = pa.array([f"level {k}" for k in range(levels)])
        columns[f"text{c}"] = pa.DictionaryArray.from_arrays(
            pa.array((rng.random(n) ** 2 * levels).astype(np.int32)), texts).dictionary_decode()
    columns["day"] = pa.array(rng.integers(15_000, 19_000, n).astype(np.int32), pa.int32()).cast(pa.date32())
    return pa.table(columns)


def by_pandas(path, edges):
    table = pq.read_table(path, use_threads=False).to_pandas()
    for name, column in table.items():
        if name in edges:
            pd.cut(column, edges[name], labels=False, right=False)
        else:
            pd.factorize(column)


results = harness.Results("encode_table", "M cells", ["pandas", "pyarrow", "numpy"], threads=THREADS)
with tempfile.TemporaryDirectory() as folder:
    pq.write_table(made(min(AT_ONCE, ROWS), 0), f"{folder}/part-0.parquet")
    for i in range(1, files):
        os.link(f"{folder}/part-0.parquet", f"{folder}/part-{i}.parquet")
    (ours,) = harness.run_ours("bench_encode_table", folder, files, 1, THREADS)
    first = pq.read_table(f"{folder}/part-0.parquet").to_pandas()
    edges = {name: np.unique(np.append(column.dropna().quantile(np.arange(BINS) / BINS), np.inf))
             for name, column in first.items() if name.startswith(("real", "count"))}
    start = time.process_time()
    by_pandas(f"{folder}/part-0.parquet", edges)
    peer_s = time.process_time() - start

cells = ours["rows"] * ours["columns"] / 1e6
print(f"{ours['rows']} rows of {ours['columns']} columns, {ours['tokens']} token columns")
rate = results.add("semblance, Parquet to tokens", cells, ours["cpu_s"])
results.add("semblance, of that encoding alone", cells, ours["encode_s"])
peer = results.add("pyarrow and pandas, the first file", min(AT_ONCE, ROWS) * ours["columns"] / 1e6, [peer_s])
results.finish({"pandas": rate / peer}, [
    f"wall {min(ours['wall_s']):.2f} to {max(ours['wall_s']):.2f} s on {THREADS} threads of a shared machine",
    f"peak memory {ours['peak_bytes'] / 2**20:.0f} MiB"])
