"""Nearest records among millions of rows of 20 columns: `bench/run dcr_scale [REFERENCES] [QUERIES] [THREADS]`.

Rows are Adult's, resampled and perturbed. The peer is faiss, whose rate in a flat scan does not depend on the
number of rows: it is measured on 64,000 of them.
"""

import struct
import sys
import tempfile

import faiss
import numpy as np

import adult
import harness

REFERENCES = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
QUERIES = int(sys.argv[2]) if len(sys.argv) > 2 else REFERENCES
THREADS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
EXTRA = 5  # columns that come twice

_, base, source = adult.tables(32_561)
numeric, codes, n_levels = adult.encoded(base, base)
results = harness.Results("dcr_scale", "M pairs", ["faiss-cpu", "numpy"], threads=THREADS)
print(f"{QUERIES} x {REFERENCES} rows of {len(numeric[1]) + len(codes[1]) + EXTRA} columns, {source} resampled and perturbed")

with tempfile.NamedTemporaryFile() as data:
    with open(data.name, "wb") as file:
        file.write(struct.pack("<qqqq", len(base), len(numeric[1]), len(codes[1]), EXTRA))
        for column in numeric[1] + codes[1]:
            file.write(column.tobytes())
    (ours,) = harness.run_ours("bench_dcr_scale", data.name, REFERENCES, QUERIES, THREADS)
if ours["wrong"]:
    sys.exit(f"bench/dcr_scale: {ours['wrong']} of {ours['checked']} checked queries are wrong")
rate = results.add("semblance, exact Gower", QUERIES * REFERENCES / 1e6, ours["cpu_s"])

flat = [np.column_stack(numeric[1])]
for column, n in list(zip(codes[1], n_levels)) + list(zip(codes[1], n_levels))[:EXTRA - EXTRA // 2]:
    flat.append(np.eye(n + 1, dtype=np.float32)[column])
flat = np.ascontiguousarray(np.hstack(flat + [flat[0][:, :EXTRA // 2]]), dtype=np.float32)
rows = np.random.default_rng(1).integers(0, len(flat), min(REFERENCES, 64_000))
faiss.omp_set_num_threads(1)
index = faiss.IndexFlatL2(flat.shape[1])
index.add(flat[rows])
few = np.ascontiguousarray(flat[:4096])
l2 = results.add("faiss IndexFlatL2 (not Gower)", len(few) * len(rows) / 1e6,
                 harness.cpu_seconds(lambda: index.search(few, 2), 2))
results.finish({"faiss-l2": rate / l2}, [
    f"wall {ours['wall_s']:.1f} s on {THREADS} threads; index of the references included",
    f"peak memory {ours['peak_bytes'] / 2**30:.2f} GiB, of which the tables themselves {ours['table_bytes'] / 2**30:.2f} GiB",
    f"a query: {ours['box_scans']:.1f} groups of boxes, {ours['row_scans']:.1f} groups of rows, "
    f"{ours['exact']:.1f} exact differences",
    f"median distance {ours['median']:.3g}; {ours['checked']} queries equal the definition over all references"])
