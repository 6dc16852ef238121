"""Quality by type: what comes back of a table with a column of every type, at default settings.

    bench/run column_types [--rows 20000]

The table is the one of the tests (tests/oracle/typed_table.py). Error: Kolmogorov-Smirnov distance of numbers and dates, total
variation distance of texts, each beside what a second table drawn from the same law scores. Form: share of the made
values that look like the column's own (decimals, grid of times, length). Identifiers have no error: none may be real.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

import harness
from quality import program

sys.path.insert(0, str(harness.ROOT / "tests" / "oracle"))
from typed_table import METADATA, typed_table  # noqa: E402

# Column: (type, how its values are compared, form).
COLUMNS = {
    "patient": ("identifier by a pattern", None, r"P\d{6}"),
    "number": ("identifier by sequence", None, r"\d+"),
    "uuid": ("identifier, UUID", None, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "ward": ("category of 3 levels", "text", r"[a-z]+"),
    "diagnosis": ("category, two rare levels", "text", r"code \d+"),
    "tested": ("boolean", "text", "yes|no"),
    "signed": ("integer, 81 values", "number", r"-?\d+"),
    "dose": ("integer, 60 % zeros, heavy tail", "number", r"\d+"),
    "weight": ("decimals: 1", "number", r"\d+\.\d"),
    "ratio": ("decimals: 3", "number", r"\d\.\d{1,3}"),
    "income": ("decimals: 2, heavy tail, extremes", "number", r"\d+\.\d{1,2}"),
    "free": ("no decimals", "number", r"-?\d+\.\d+(e-\d+)?"),
    "admitted": ("date, weekly rhythm", "date", r"\d{4}-\d\d-\d\d"),
    "discharged": ("date relative to another", "date", r"\d{4}-\d\d-\d\d"),
    "seen": ("datetime, five-minute grid", "date", r"\d{4}-\d\d-\d\d \d\d:\d[05]"),
    "left": ("datetime relative to another", "date", r"\d{4}-\d\d-\d\d \d\d:\d[05]"),
    "logged": ("datetime, microseconds", "date", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"),
    "sodium": ("integer, 40 % missing jointly", "number", r"\d+"),
    "potassium": ("decimals: 1, the same rows missing", "number", r"\d\.\d"),
    "reported": ("date, the same rows missing", "date", r"\d{4}-\d\d-\d\d"),
    "same": ("constant text", "text", "always"),
    "seven": ("constant number", "number", "7"),
    "nothing": ("all missing", "text", ""),
}


def numbers(values, how):
    present = values[values != ""]
    if how == "number":
        return present.astype(float).to_numpy()
    return pd.to_datetime(present, format="ISO8601").astype("int64").to_numpy(float)


def error(real, other, how):
    """Distance of the two columns, missing values as one of the texts."""
    if how == "text":
        a, b = (column.value_counts(normalize=True) for column in (real, other))
        return float(a.sub(b, fill_value=0).abs().sum() / 2)
    gap = abs((real == "").mean() - (other == "").mean())
    a, b = np.sort(numbers(real, how)), np.sort(numbers(other, how))
    points = np.concatenate([a, b])
    return float(max(gap, np.abs(np.searchsorted(a, points, "right") / len(a) - np.searchsorted(b, points, "right") / len(b)).max()))


def dependence(table):
    """What ties the columns together, as numbers with names."""
    date = {name: pd.to_datetime(table[name]) for name in ("admitted", "discharged", "seen", "left")}
    stay = (date["discharged"] - date["admitted"]).dt.days
    absent = pd.DataFrame({name: table[name] == "" for name in ("sodium", "potassium", "reported")})
    weight = table["weight"].astype(float).groupby(table["ward"]).mean()
    return {
        "weekend share of admissions": float((date["admitted"].dt.dayofweek >= 5).mean()),
        "visits from 10 to 14 h": float(date["seen"].dt.hour.between(10, 13).mean()),
        "discharges before admission": float((stay < 0).mean()),
        "ends of visits before their start": float((date["left"] < date["seen"]).mean()),
        "days in the elderly ward less those in the others": float(stay[table["ward"] == "elderly"].mean() - stay[table["ward"] != "elderly"].mean()),
        "weight in the medical less that in the elderly ward": float(weight["medical"] - weight["elderly"]),
        "rows with all or none of the joint gaps": float((absent.nunique(axis=1) == 1).mean()),
        "rows whose gaps agree with 'tested'": float((absent["sodium"] == (table["tested"] == "no")).mean()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "metadata.yaml").write_text(METADATA)
        for name, seed in (("real", 1), ("again", 2)):
            typed_table(rows, seed).to_csv(folder / f"{name}.csv", index=False)
        subprocess.run([program(), "train", folder / "real.csv", "--metadata", folder / "metadata.yaml", "--output", folder / "model.h5",
                        "--threads", "1", "--quiet"], check=True)
        subprocess.run([program(), "generate", folder / "model.h5", "--rows", str(rows), "--output", folder / "made.csv", "--quiet"], check=True)
        real, made, again = (pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("real", "made", "again"))
    print(f"{harness.cpu_model()}; commit {harness.commit()}; {rows} rows, default settings\n\n| column | type | error % | floor % | form kept % | real ones |\n|---|---|--:|--:|--:|--:|")
    results = []
    for name, (kind, how, form) in COLUMNS.items():
        present = made.loc[made[name] != "", name]
        row = {"column": name, "type": kind, "form": float(present.str.fullmatch(form).mean()) if len(present) else 1.0}
        if how:
            row.update(error=error(real[name], made[name], how), floor=error(real[name], again[name], how))
        else:
            row["real_ones"] = len(set(real[name]) & set(made[name]))
        results.append(row)
        errors = f"{100 * row['error']:.2f} | {100 * row['floor']:.2f}" if how else " | "
        print(f"| {name} | {kind} | {errors} | {100 * row['form']:.1f} | {row.get('real_ones', '')} |")
    ties = [dependence(table) for table in (real, made, again)]
    print("\n| | real | made | drawn again |\n|---|--:|--:|--:|")
    for name in ties[0]:
        print(f"| {name} | " + " | ".join(f"{t[name]:.3f}" for t in ties) + " |")
    harness.store("column_types", {"threads": 1, "rows": rows, "columns": results,
                            "dependence": [{"what": name, "real": ties[0][name], "made": ties[1][name], "again": ties[2][name]} for name in ties[0]]})


main()
