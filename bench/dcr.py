"""Nearest and second-nearest records: our kernel beside faiss, scikit-learn and gower on the same rows."""

import struct
import sys
import tempfile

import faiss
import gower
import numpy as np
from sklearn.neighbors import NearestNeighbors

import adult
import harness

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 16_000


def write(path, numeric, codes):
    with open(path, "wb") as file:
        file.write(struct.pack("<qqqq", len(codes[0][0]), len(codes[1][0]), len(numeric[0]), len(codes[0])))
        for side in (0, 1):
            for column in numeric[side] + codes[side]:
                file.write(column.tobytes())


def one_hot(numeric, codes, n_levels, scale):
    """Rows of 0/1 blocks (times scale) and numbers; a missing category is a level of its own."""
    parts = [np.column_stack(numeric)]
    for column, n in zip(codes, n_levels):
        parts.append(np.eye(n + 1, dtype=np.float32)[column] * scale)
    return np.ascontiguousarray(np.hstack(parts), dtype=np.float32)


queries, references, source = adult.tables(ROWS)
numeric, codes, n_levels = adult.encoded(queries, references)
n, m, n_columns = len(queries), len(references), len(numeric[0]) + len(codes[0])
pairs = n * m / 1e6
results = harness.Results("dcr", "M pairs", ["faiss-cpu", "scikit-learn", "gower", "numpy"])
print(f"{n} x {m} rows of {n_columns} columns, {source}")

with tempfile.NamedTemporaryFile() as data, tempfile.NamedTemporaryFile() as found:
    write(data.name, numeric, codes)
    ours = {}
    for line in harness.run_ours("bench_dcr", data.name, 7, found.name):
        ours[line["isa"]] = results.add(f"semblance, exact Gower, {line['isa']}", pairs, line["cpu_s"])
        notes = [f"a query: {line['box_scans']:.1f} groups of boxes, {line['row_scans']:.1f} groups of rows, "
                 f"{line['exact']:.1f} exact differences"]
    nearest = np.fromfile(found.name, dtype=np.float32).reshape(n, 2)
best = max(ours.values())

flat = [one_hot(numeric[side], codes[side], n_levels, 1) for side in (0, 1)]
halves = [one_hot(numeric[side], codes[side], n_levels, 0.5) for side in (0, 1)]
faiss.omp_set_num_threads(1)


def faiss_l2():
    index = faiss.IndexFlatL2(flat[1].shape[1])
    index.add(flat[1])
    return index.search(flat[0], 2)


part = slice(0, max(1, n // 8))  # the slower peers look up fewer queries
l2 = results.add("faiss IndexFlatL2 (not Gower)", pairs, harness.cpu_seconds(faiss_l2, 3))
l1 = results.add("faiss knn METRIC_L1 (equals Gower here)", pairs / 8,
                 harness.cpu_seconds(lambda: faiss.knn(halves[0][part], halves[1], 2, faiss.METRIC_L1), 3))
brute = NearestNeighbors(n_neighbors=2, algorithm="brute", metric="euclidean", n_jobs=1).fit(flat[1])
sklearn = results.add("scikit-learn brute, euclidean (not Gower)", pairs / 8,
                      harness.cpu_seconds(lambda: brute.kneighbors(flat[0][part]), 3))
few, some = 200, 2_000
gower_rate = results.add("gower.gower_matrix", few * some / 1e6, harness.cpu_seconds(
    lambda: gower.gower_matrix(queries.head(few), references.head(some)), 3))

distances, _ = faiss.knn(halves[0][part], halves[1], 2, faiss.METRIC_L1)
worst = float(np.abs(distances / n_columns - nearest[part]).max())
notes.append(f"largest difference from faiss METRIC_L1 over {distances.shape[0]} queries: {worst:.2g}")
if worst > 1e-5:
    sys.exit(f"bench/dcr: distances differ from faiss's by {worst}")
results.finish({"faiss-l2": best / l2, "faiss-l1": best / l1, "sklearn": best / sklearn, "gower": best / gower_rate},
               notes)
