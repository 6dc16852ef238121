"""Quality of synthetic tables at default settings, beside published figures.

    bench/run quality [SET...] [--seeds 3] [--scorer score.py]

SEMBLANCE_DATA names the folder of the public tables. Each set is cut into training and test rows, learned
with default settings, and as many rows as it was trained on are made; the figures are medians over seeds.
Shape and trend errors follow SDMetrics (mean KS or TV distance; mean error of pairs, binned by the real
edges); C2ST is the AUC of XGBoost telling real rows from synthetic ones (0.5: it cannot).
"""

import argparse
import itertools
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

import harness

ROOT = pathlib.Path(__file__).resolve().parent.parent
MISSING = ["", "?", "NA"]
SETS = {
    "adult": ("adult/adult_train.csv.gz", []),
    "prsa_beijing": ("prsa_beijing/PRSA_data_2010.1.1-2014.12.31.csv.gz", ["No"]),
    "diabetes130": ("diabetes130/diabetic_data.csv.gz", ["encounter_id", "patient_nbr"]),
    "support": ("support/support.csv", []),
    "hflights": ("hflights/hflights.csv.gz", []),
    "covid_testing": ("medicaldata/covid_testing.csv", ["subject_id", "fake_first_name", "fake_last_name"]),
}
# TabPC, arXiv 2603.23016: XGBoost C2ST scores (1 ideal) turned into AUC = 1 - score / 2.
PUBLISHED = {
    "adult": {"TabSyn": 0.7942, "TabDiff": 0.8409, "TabPC": 0.8554, "TVAE": 0.0, "CTGAN": 0.0},
    "prsa_beijing": {"TabSyn": 0.5266, "TabDiff": 0.7723, "TabPC": 0.5704, "TVAE": 0.0, "CTGAN": 0.0},
    "diabetes130": {"TabSyn": 0.5222, "TabDiff": 0.5618, "TabPC": 0.7915, "TVAE": 0.0, "CTGAN": 0.0},
}


def load(name):
    path, dropped = SETS[name]
    table = pd.read_csv(pathlib.Path(os.environ["SEMBLANCE_DATA"]) / path, dtype=str, keep_default_na=False,
                        skipinitialspace=True)
    table.columns = [c.strip() for c in table.columns]
    return table.drop(columns=dropped).sample(frac=1, random_state=7, ignore_index=True)


def typed(real, *others):
    """Numbers where the real column is numeric with more than 10 values, else codes of the joint levels."""
    kinds, out = {}, [{} for _ in (real, *others)]
    for name in real:
        number = pd.to_numeric(real[name].where(~real[name].isin(MISSING)), errors="coerce")
        present = ~real[name].isin(MISSING)
        kinds[name] = number[present].notna().all() and number.nunique() > 10
        columns = [t[name].where(~t[name].isin(MISSING)) for t in (real, *others)]
        if kinds[name]:
            for side, column in zip(out, columns):
                side[name] = pd.to_numeric(column, errors="coerce").to_numpy(float)
        else:
            texts = [pd.to_numeric(c, errors="coerce").astype(object).where(lambda v: v.notna(), c) for c in columns]
            levels = {v: i for i, v in enumerate(pd.unique(pd.concat(texts).dropna()))}
            for side, column in zip(out, texts):
                side[name] = column.map(levels).to_numpy(float)
    return kinds, out


def shape_error(real, other, kinds):
    errors = []
    for name, numeric in kinds.items():
        a, b = real[name], other[name]
        if numeric:
            a, b = np.sort(a[~np.isnan(a)]), np.sort(b[~np.isnan(b)])
            points = np.concatenate([a, b])
            gap = np.searchsorted(a, points, "right") / len(a) - np.searchsorted(b, points, "right") / len(b)
            errors.append(np.abs(gap).max())
        else:
            errors.append(table_distance(code(a), code(b)))
    return 100 * float(np.mean(errors))


def code(values):
    return np.where(np.isnan(values), -1, values).astype(int) + 1


def table_distance(a, b):
    size = max(a.max(), b.max()) + 1
    return 0.5 * np.abs(np.bincount(a, minlength=size) / len(a) - np.bincount(b, minlength=size) / len(b)).sum()


def trend_error(real, other, kinds):
    """Mean error of pairs: half the difference of correlations, or the TV distance of binned pairs."""
    binned = []
    for table in (real, other):
        columns = {}
        for name, numeric in kinds.items():
            edges = np.linspace(np.nanmin(real[name]), np.nanmax(real[name]), 11)[1:-1] if numeric else None
            columns[name] = code(np.where(np.isnan(table[name]), np.nan, np.digitize(table[name], edges))
                                 if numeric else table[name])
        binned.append(columns)
    errors = []
    for x, y in itertools.combinations(kinds, 2):
        if kinds[x] and kinds[y]:
            r, s = (correlation(t[x], t[y]) for t in (real, other))
            errors.append(abs(r - s) / 2)
        else:
            width = max(binned[0][y].max(), binned[1][y].max()) + 1
            errors.append(table_distance(*(b[x] * width + b[y] for b in binned)))
    return 100 * float(np.mean(errors))


def correlation(x, y):
    both = ~(np.isnan(x) | np.isnan(y))
    if both.sum() < 2 or x[both].std() == 0 or y[both].std() == 0:
        return 0.0
    return float(np.corrcoef(x[both], y[both])[0, 1])


def c2st_auc(real, other, kinds, most=50_000):
    import xgboost
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    a, b = (np.column_stack([t[name] for name in kinds])[:most] for t in (real, other))
    n = min(len(a), len(b))
    x, y = np.vstack([a[:n], b[:n]]), np.r_[np.ones(n), np.zeros(n)]
    aucs = []
    for fit, held in StratifiedKFold(3, shuffle=True, random_state=11).split(x, y):
        model = xgboost.XGBClassifier(n_estimators=200, max_depth=6, learning_rate=0.1, tree_method="hist", n_jobs=1)
        aucs.append(roc_auc_score(y[held], model.fit(x[fit], y[fit]).predict_proba(x[held])[:, 1]))
    return float(np.mean(aucs))


def program():
    build = os.environ.get("SEMBLANCE_BENCH_BUILD", "build/bench")
    return ROOT / build / "bin" / "semblance"


def learn_and_make(train, seed, folder):
    """(synthetic table, CPU seconds of training)."""
    source, model, made = (folder / n for n in ("train.csv", "model.h5", "made.csv"))
    train.to_csv(source, index=False)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program(), "train", source, "--output", model, "--seed", str(seed), "--threads", "1", "--quiet"],
                   check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program(), "generate", model, "--rows", str(len(train)), "--seed", str(seed), "--output", made,
                    "--quiet"], check=True)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return pd.read_csv(made, dtype=str, keep_default_na=False), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    if "SEMBLANCE_DATA" not in os.environ:
        sys.exit("bench/run quality: set SEMBLANCE_DATA to the folder of the public tables")
    unknown = set(args.sets) - set(SETS)
    if unknown:
        sys.exit(f"bench/run quality: no set {', '.join(sorted(unknown))}; there are: {', '.join(SETS)}")
    print(f"{harness.cpu_model()}; commit {harness.commit()}; medians of {args.seeds} seeds; default settings")
    print(f"{'set':14s} {'rows':>8s} {'CPU s':>7s} {'shape %':>8s} {'(floor)':>8s} {'trend %':>8s} {'(floor)':>8s} "
          f"{'C2ST AUC':>9s}  published C2ST AUC")
    for name in args.sets:
        table = load(name)
        held = len(table) // 10
        test, train = table[:held], table[held:].reset_index(drop=True)
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(1, args.seeds + 1):
                made, seconds = learn_and_make(train, seed, pathlib.Path(folder))
                kinds, (real, fake, hold) = typed(train, made[list(train)], test)
                rows.append((seconds, shape_error(real, fake, kinds), trend_error(real, fake, kinds),
                             c2st_auc(real, fake, kinds)))
        cpu, shape, trend, auc = (statistics.median(column) for column in zip(*rows))
        published = ", ".join(f"{peer} {1 - score / 2:.3f}" for peer, score in PUBLISHED.get(name, {}).items())
        print(f"{name:14s} {len(train):8d} {cpu:7.1f} {shape:8.3f} {shape_error(real, hold, kinds):8.3f} {trend:8.3f} "
              f"{trend_error(real, hold, kinds):8.3f} {auc:9.4f}  {published}", flush=True)
        for peer, score in PUBLISHED.get(name, {}).items():
            ours = abs(auc - 0.5) + 0.005  # half a hundredth is the noise of the figure itself
            print(f"RATIO {name}-{peer}-published {(0.5 - score / 2 + 0.005) / ours:.3g}")


if __name__ == "__main__":
    main()
