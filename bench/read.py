"""A CSV file into typed columns: our reader beside pandas and pyarrow, one thread each.

Ours also codes texts as levels, looks for identifiers and takes each kind from all values of a column."""

import gzip
import os
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

import harness

REPEATS = 5
pa.set_cpu_count(1)


def chart_events(path):
    """The MIMIC-III demo's chart events, or made-up rows of the same shape."""
    source = pathlib.Path(os.environ.get("SEMBLANCE_DATA", "/nowhere")) / "mimic3_demo" / "CHARTEVENTS.csv.gz"
    if source.exists():
        with gzip.open(source) as packed, open(path, "wb") as plain:
            shutil.copyfileobj(packed, plain)
        return "MIMIC-III demo CHARTEVENTS"
    rng = np.random.default_rng(1)
    n = 700_000
    times = pd.to_datetime("2130-01-01") + pd.to_timedelta(rng.integers(0, 40_000_000, n), unit="min")
    values = np.where(rng.uniform(size=n) < 0.5, np.nan, np.round(rng.normal(90, 30, n), 1))
    pd.DataFrame({
        "row_id": np.arange(n) + 1, "subject_id": rng.integers(40000, 44000, n), "hadm_id": rng.integers(1e5, 2e5, n),
        "itemid": rng.choice(rng.integers(2e5, 3e5, 1500), n), "charttime": times.strftime("%Y-%m-%d %H:%M:%S"),
        "value": rng.choice(["Yes", "No", "WNL", "100", "98.6"], n), "valuenum": values,
        "valueuom": rng.choice(["mmHg", "BPM", "%", ""], n), "stopped": rng.choice(["NotStopd", ""], n),
    }).to_csv(path, index=False)
    return f"{n} made-up chart events"


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "chart_events.csv")
    what = chart_events(path)
    megabytes = os.path.getsize(path) / 1e6
    results = harness.Results("read", "MB", ["numpy", "pandas", "pyarrow"])
    print(f"{what}, {megabytes:.1f} MB")
    lines = {line["work"]: line for line in harness.run_ours("bench_read", path, REPEATS, "valuenum")}
    scan = results.add("semblance scan (fields only)", megabytes, lines["scan"]["cpu_s"])
    ours = results.add("semblance read_table", megabytes, lines["read"]["cpu_s"])
    dates = [name for name in pd.read_csv(path, nrows=0).columns if name.endswith("time")]
    plain = results.add("pandas read_csv, dates", megabytes, harness.cpu_seconds(
        lambda: pd.read_csv(path, low_memory=False, parse_dates=dates), REPEATS))
    options = pa.csv.ReadOptions(use_threads=False)
    arrow = results.add("pyarrow read_csv", megabytes, harness.cpu_seconds(
        lambda: pa.csv.read_csv(path, read_options=options), REPEATS))
    coded = results.add("pyarrow read_csv, texts as dictionaries", megabytes, harness.cpu_seconds(
        lambda: pa.csv.read_csv(path, read_options=options,
                                convert_options=pa.csv.ConvertOptions(auto_dict_encode=True)), REPEATS))
    peer = pd.read_csv(path, usecols=["valuenum"])["valuenum"]
    if lines["read"]["rows"] != len(peer) or abs(lines["read"]["sum"] - peer.sum()) > 1e-9 * abs(peer.sum()):
        sys.exit("bench/read: our rows or the sum of a column differ from pandas'")
results.finish({"pandas": ours / plain, "pyarrow": ours / arrow, "pyarrow-dictionaries": ours / coded},
               [what, "rows and the sum of valuenum equal pandas'"])
