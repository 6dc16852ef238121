"""Numbers to tokens of 128 quantile bins and back: our kernels beside pandas and scikit-learn."""

import struct
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
from sklearn.preprocessing import KBinsDiscretizer, OrdinalEncoder

import harness

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
BINS = 128
REPEATS = 5

rng = np.random.default_rng(1)
values = rng.lognormal(size=ROWS)
edges = np.quantile(values, np.arange(BINS) / BINS)
codes = rng.integers(-1, 40, ROWS).astype(np.int32)
results = harness.Results("encode", "M cells", ["numpy", "pandas", "scikit-learn"])
print(f"{ROWS} cells, {BINS} bins, {codes.max() + 1} levels")

with tempfile.NamedTemporaryFile() as data, tempfile.NamedTemporaryFile() as found, tempfile.NamedTemporaryFile() as back:
    with open(data.name, "wb") as file:
        file.write(struct.pack("<qq", ROWS, BINS))
        for array in (values, edges, codes):
            file.write(array.tobytes())
    lines = harness.run_ours("bench_encode", data.name, REPEATS, found.name, back.name)
    ours = {line["work"]: line["cpu_s"] for line in lines}
    tokens = np.fromfile(found.name, dtype=np.uint16)
    decoded = np.fromfile(back.name, dtype=np.float64)
rate = {work: results.add(f"semblance {work}", ROWS / 1e6, seconds) for work, seconds in ours.items()}

intervals = np.append(edges, np.inf)
cut = results.add("pandas cut", ROWS / 1e6, harness.cpu_seconds(
    lambda: pd.cut(values, intervals, right=False, labels=False), REPEATS))
digitize = results.add("numpy digitize", ROWS / 1e6, harness.cpu_seconds(lambda: np.digitize(values, edges), REPEATS))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    binner = KBinsDiscretizer(BINS, encode="ordinal", strategy="quantile", subsample=None).fit(values[:, None])
sklearn = results.add("scikit-learn KBinsDiscretizer transform", ROWS / 1e6, harness.cpu_seconds(
    lambda: binner.transform(values[:, None]), REPEATS))
ordinal = binner.transform(values[:, None])
# It gives the middle of each bin; ours draws within it.
inverse = results.add("scikit-learn KBinsDiscretizer inverse", ROWS / 1e6, harness.cpu_seconds(
    lambda: binner.inverse_transform(ordinal), REPEATS))
levels = np.array([f"level {c}" for c in range(40)] + ["none"])[codes].astype(object)
few = levels[:ROWS // 10]
texts = results.add("scikit-learn OrdinalEncoder of texts", len(few) / 1e6, harness.cpu_seconds(
    lambda encoder=OrdinalEncoder().fit(few[:, None]): encoder.transform(few[:, None]), 3))

if not np.array_equal(tokens, np.digitize(values, edges) - 1):
    sys.exit("bench/encode: our tokens differ from numpy's")
inside = (decoded >= edges[tokens]) & (decoded < np.where(tokens + 1 < BINS, intervals[tokens + 1], edges[-1] + 1))
if not inside.all():
    sys.exit("bench/encode: a decoded value lies outside its interval")
results.finish({"pandas": rate["encode"] / cut, "numpy": rate["encode"] / digitize, "sklearn": rate["encode"] / sklearn,
                "sklearn-inverse": rate["decode"] / inverse},
               ["tokens equal numpy's digitize; decoded values lie in their intervals",
                f"level codes: {rate['levels']:.3g} M cells/s (texts are coded once, when a table is read)"])
