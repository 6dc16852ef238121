"""Rows of one table that equal a row of another: our kernel beside duckdb and pandas; `bench/run copies [ROWS]`.

Adult's columns, resampled, one number of each row moved: a few rows in a hundred are copies.
"""

import struct
import sys
import tempfile
import time

import duckdb
import numpy as np
import pandas as pd

import adult
import harness

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
FEW = min(ROWS, 1_000_000)  # of pandas

_, base, source = adult.tables(32_561)
numeric, codes, _ = adult.encoded(base, base)


def made(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(base), ROWS)
    reals = [column.astype(np.float64)[rows] for column in numeric[1]]
    reals[1] += rng.integers(0, 1_000, ROWS)  # fnlwgt, the column that tells most rows apart
    return {f"n{c}": column for c, column in enumerate(reals)} | {
        f"c{c}": column[rows] for c, column in enumerate(codes[1])}


sides = [made(1), made(2)]
n_columns = len(sides[0])
results = harness.Results("copies", "M rows", ["duckdb", "pandas", "numpy"])
print(f"{ROWS} rows of {n_columns} columns looked up among {ROWS}, {source} resampled")

with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/rows", "wb") as file:
        file.write(struct.pack("<qqqq", ROWS, ROWS, len(numeric[1]), len(codes[1])))
        for side in sides:
            for column in side.values():
                file.write(column.tobytes())
    lines = harness.run_ours("bench_copies", f"{folder}/rows", folder, 2)
rate = {line["how"]: results.add(f"semblance, {line['how']}, every match compared", ROWS / 1e6, line["cpu_s"])
        for line in lines}
copies = {line["copies"] for line in lines}

asked, known = (pd.DataFrame(side) for side in sides)
connection = duckdb.connect(config={"threads": 1})
joined = " AND ".join(f"q.{name} = r.{name}" for name in asked.columns)


def by_duckdb():
    return connection.sql(f"SELECT count(*) FROM asked q SEMI JOIN known r ON {joined}").fetchall()[0][0]


start = time.process_time()
copies.add(by_duckdb())
duck = results.add("duckdb semi join", ROWS / 1e6, [time.process_time() - start])
few_asked, few_known = asked.head(FEW), known.head(FEW).drop_duplicates()
merge = results.add(f"pandas merge of {FEW} rows (without dropping duplicates)", FEW / 1e6, harness.cpu_seconds(
    lambda: few_asked.merge(few_known, how="inner"), 1))
if len(copies) != 1:
    sys.exit(f"bench/copies: the numbers of copies differ: {copies}")
results.finish({"duckdb": rate["in memory"] / duck, "pandas": rate["in memory"] / merge,
                "duckdb-through-files": rate["through files"] / duck},
               [f"{copies.pop()} rows are copies in all three counts; through files with 64 MiB for rows and index"])
