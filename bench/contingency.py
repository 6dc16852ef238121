"""Contingency tables of all pairs and triples of columns: our kernel beside numpy and pandas loops."""

import itertools
import struct
import sys
import tempfile

import numpy as np
import pandas as pd

import adult
import harness

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
BINS = 20  # of a numeric column

_, table, source = adult.tables(32_561)
codes = []
for name in table.columns:
    if table[name].dtype == object:
        codes.append(pd.factorize(table[name], use_na_sentinel=False)[0])
    else:
        codes.append(pd.factorize(pd.qcut(table[name], BINS, labels=False, duplicates="drop"))[0])
rows = np.random.default_rng(1).integers(0, len(table), ROWS)
codes = [code[rows].astype(np.uint8) for code in codes]
cardinalities = [int(code.max()) + 1 for code in codes]
pairs = list(itertools.combinations(range(len(codes)), 2))
triples = list(itertools.combinations(range(len(codes)), 3))
results = harness.Results("contingency", "M row tables", ["numpy", "pandas"])
print(f"{ROWS} rows of {source}, {len(pairs)} pairs and {len(triples)} triples of {len(codes)} columns,"
      f" {min(cardinalities)} to {max(cardinalities)} codes")

with tempfile.NamedTemporaryFile() as data, tempfile.NamedTemporaryFile() as found:
    with open(data.name, "wb") as file:
        file.write(struct.pack("<qq", ROWS, len(codes)))
        file.write(np.array(cardinalities, dtype=np.int64).tobytes())
        for code in codes:
            file.write(code.tobytes())
    ours = {line["tables"]: line["cpu_s"] for line in harness.run_ours("bench_contingency", data.name, 5, found.name)}
    tables = np.fromfile(found.name, dtype=np.int64)
ours_pairs = results.add("semblance, all pairs", ROWS * len(pairs) / 1e6, ours["pairs"])
ours_triples = results.add("semblance, all triples", ROWS * len(triples) / 1e6, ours["triples"])


def bincount_pairs():
    return [np.bincount(codes[i].astype(np.int64) * cardinalities[j] + codes[j],
                        minlength=cardinalities[i] * cardinalities[j]) for i, j in pairs]


def bincount_triples():
    for i, j, k in triples[::10]:
        joint = codes[i].astype(np.int64) * cardinalities[j] + codes[j]
        np.bincount(joint * cardinalities[k] + codes[k], minlength=cardinalities[i] * cardinalities[j] * cardinalities[k])


numpy_pairs = results.add("numpy bincount loop, all pairs", ROWS * len(pairs) / 1e6,
                          harness.cpu_seconds(bincount_pairs, 3))
numpy_triples = results.add("numpy bincount loop, a tenth of the triples", ROWS * len(triples[::10]) / 1e6,
                            harness.cpu_seconds(bincount_triples, 3))
frame = pd.DataFrame({str(c): pd.Categorical.from_codes(code, range(k))
                      for c, (code, k) in enumerate(zip(codes, cardinalities))})
few = pairs[::15]
pandas_pairs = results.add("pandas crosstab loop, a few pairs", ROWS * len(few) / 1e6, harness.cpu_seconds(
    lambda: [pd.crosstab(frame[str(i)], frame[str(j)]) for i, j in few], 3))

if not np.array_equal(np.concatenate(bincount_pairs()), tables):
    sys.exit("bench/contingency: our counts differ from numpy's")
results.finish({"numpy": ours_pairs / numpy_pairs, "numpy-triples": ours_triples / numpy_triples,
                "pandas": ours_pairs / pandas_pairs}, ["counts of all pairs equal numpy's"])
