"""Quality of synthetic tables of small real ones at default settings: means over many splits.

    bench/run small [--sets icu_stays,...] [--splits 20] [--jobs 1]

A few dozen test rows tell little, so each table is split many times: four fifths to learn from, a fifth to compare
with, another seed each time. The measures are those of bench/quality.py; the floor is what the test rows score
against the training rows. "apart" is the DCR share of the classical decoder, whose columns hang together through the
latent variables alone: so much of it comes from the values of single columns, which only training rows teach.
icu_stays is made from the raw MIMIC-III demo tables by recipes/icu-stays.yaml.
"""

import argparse
import concurrent.futures
import functools
import itertools
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import pandas as pd

import harness
import quality

SETS = {
    "icu_stays": None,
    "los_model": ("nhsr/LOS_model.csv", ["ID"], 10_000),
    "stranded": ("nhsr/stranded_data.csv", [], 10_000),
    "support_900": ("support/support.csv", [], 900),
    "adult_900": ("adult/adult_train.csv.gz", [], 900),
}
MEASURES = ("cpu_s", "shape", "shape_floor", "trend", "trend_floor", "c2st", "c2st_floor", "dcr",
            "dcr_apart")


@functools.cache
def load(name):
    if SETS[name]:
        path, dropped, rows = SETS[name]
        return quality.read(path).drop(columns=dropped).head(rows)
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "table.csv"
        raw = pathlib.Path(os.environ["SEMBLANCE_DATA"]) / "mimic3_demo"
        subprocess.run([quality.program(), "prepare", quality.ROOT / "recipes/icu-stays.yaml", "--input", raw,
                        "--output", table, "--quiet"], check=True)
        return pd.read_csv(table, dtype=str, keep_default_na=False)


def measure(name, split):
    table = load(name).sample(frac=1, random_state=split, ignore_index=True)
    held = len(table) // 5
    test, train = table[:held], table[held:].reset_index(drop=True)
    with tempfile.TemporaryDirectory() as folder:
        made, seconds = quality.learn_and_make(train, split, pathlib.Path(folder))
        apart, _ = quality.learn_and_make(train, split, pathlib.Path(folder), "--decoder", "independent")
    kinds, (real, fake, hold, apart) = quality.typed(train, made[list(train)], test, apart[list(train)])
    return {"cpu_s": seconds,
            "shape": quality.shape_error(real, fake, kinds), "shape_floor": quality.shape_error(real, hold, kinds),
            "trend": quality.trend_error(real, fake, kinds), "trend_floor": quality.trend_error(real, hold, kinds),
            "c2st": quality.c2st_auc(real, fake, kinds), "c2st_floor": quality.c2st_auc(real, hold, kinds),
            "dcr": quality.dcr_share(real, fake, hold, kinds),
            "dcr_apart": quality.dcr_share(real, apart, hold, kinds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1, help="splits measured at once, each on one thread")
    args = parser.parse_args()
    sets = quality.chosen_sets("small", args.sets, SETS)
    print(f"{harness.cpu_model()}; commit {harness.commit()}; means of {args.splits} splits (their standard error); "
          "default settings")
    print(f"{'set':12s} {'rows':>5s} {'CPU s':>6s} {'shape %':>8s} {'(floor)':>8s} {'trend %':>8s} {'(floor)':>8s} "
          f"{'C2ST AUC':>14s} {'(floor)':>8s} {'DCR':>14s} {'apart':>6s}")
    results = []
    pool = concurrent.futures.ProcessPoolExecutor(args.jobs)
    for name in sets:
        splits = list(pool.map(measure, itertools.repeat(name), range(1, args.splits + 1)))
        rows = len(load(name))
        mean = {m: float(np.mean([s[m] for s in splits])) for m in MEASURES}
        error = {m: float(np.std([s[m] for s in splits], ddof=1) / len(splits) ** 0.5) for m in MEASURES}
        results.append({"set": name, "rows": rows, **mean, "standard_error": error, "splits": splits})
        print(f"{name:12s} {rows:5d} {mean['cpu_s']:6.1f} {mean['shape']:8.2f} {mean['shape_floor']:8.2f} "
              f"{mean['trend']:8.2f} {mean['trend_floor']:8.2f} {mean['c2st']:6.3f} ({error['c2st']:.3f}) "
              f"{mean['c2st_floor']:8.3f} {mean['dcr']:6.3f} ({error['dcr']:.3f}) {mean['dcr_apart']:6.3f}",
              flush=True)
        harness.store("small", {"splits": args.splits, "results": results})


if __name__ == "__main__":
    main()
