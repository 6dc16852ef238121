"""Random tables with missing values for the comparisons of `semblance evaluate`, and how to run it."""
import json
import os
import subprocess

import numpy as np
import pandas as pd

BIN = os.environ.get("SEMBLANCE_BIN", "build/cpu/bin/semblance")


def population(n, seed):
    """Related numbers, counts, categories and dates; 8 % of the cells of most columns missing."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    frame = pd.DataFrame({
        "height": np.round(170 + 10 * a, 1),
        "weight": np.round(70 + 12 * (0.6 * a + 0.8 * rng.normal(size=n)), 1),
        "visits": rng.poisson(3 + 2 * (a > 0), n).astype(float),
        "age": rng.integers(18, 95, n).astype(float),
        "group": np.where(a + rng.normal(size=n) > 0, "treated", "control"),
        "ward": rng.choice(["north", "south", "east", "west", "<b>ICU</b>"], n, p=[.4, .3, .2, .07, .03]),
        "admitted": (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n), "D")).strftime("%Y-%m-%d"),
    })
    for name in ["height", "weight", "ward", "admitted"]:
        frame.loc[rng.random(n) < 0.08, name] = np.nan
    return frame


METADATA = """columns:
  height: {kind: float}
  weight: {kind: float}
  visits: {kind: integer}
  age: {kind: integer}
  group: {kind: category}
  ward: {kind: category}
  admitted: {kind: date, format: "%Y-%m-%d"}
"""


def evaluate(folder, real, synthetic, holdout=None, *flags, code=0):
    """Runs the program on frames; the report as a dict, and id -> check."""
    for name, frame in (("real", real), ("synthetic", synthetic), ("holdout", holdout)):
        if frame is not None:
            frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "m.yaml").write_text(METADATA)
    command = [BIN, "evaluate", "--real", folder / "real.csv", "--synthetic", folder / "synthetic.csv", "--output", folder / "out",
               "--metadata", folder / "m.yaml", "--quiet", *flags]
    if holdout is not None:
        command += ["--holdout", folder / "holdout.csv"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    report = json.loads((folder / "out" / "report.json").read_text())
    checks = {c["id"]: c for g in report["groups"] for s in g["sections"] for c in s["checks"]}
    return report, checks


def table_of(report, title):
    """A table of the page as a frame, by the beginning of its title."""
    for group in report["groups"]:
        for section in group["sections"]:
            for block in section["blocks"] + [b for c in section["checks"] for b in c.get("blocks", [])]:
                if block["type"] == "table" and block["title"].startswith(title):
                    return pd.DataFrame(block["rows"], columns=block["columns"])
    raise KeyError(title)


def typed(frame):
    """Dates as days, as the program counts them."""
    out = frame.copy()
    days = (pd.to_datetime(out["admitted"], format="%Y-%m-%d") - pd.Timestamp(0)) / pd.Timedelta(days=1)
    out["admitted"] = days
    return out


NUMERIC = ["height", "weight", "visits", "age", "admitted"]
CATEGORY = ["group", "ward"]


def gower(queries, references, real):
    """Gower distances of all pairs of rows, numbers over the real range."""
    total = np.zeros((len(queries), len(references)))
    for name in real:
        q, r = queries[name].to_numpy(), references[name].to_numpy()
        gone_q, gone_r = pd.isna(q), pd.isna(r)
        if name in NUMERIC:
            part = np.minimum(np.abs(q[:, None].astype(float) - r[None, :].astype(float)) / np.ptp(real[name].dropna()), 1)
        else:
            part = (q[:, None] != r[None, :]).astype(float)
        part = np.where(gone_q[:, None] & gone_r[None, :], 0, np.where(gone_q[:, None] | gone_r[None, :], 1, part))
        total += part
    return total / real.shape[1]
