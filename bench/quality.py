"""Quality of synthetic tables at default settings, beside published figures.

    bench/run quality [--sets adult,support,...] [--seeds 3] [--jobs 1]

SEMBLANCE_DATA names the folder of the public tables. Each set is cut into training and test rows (Adult comes so),
learned with default settings, and as many rows as it was trained on are made; the figures are medians over seeds.
Shape and trend errors follow SDMetrics (mean KS or TV distance; mean error of pairs, binned by the real
edges); C2ST is the AUC of XGBoost telling real rows from synthetic ones (0.5: it cannot). gap: what XGBoost learned
on synthetic rows loses in AUC on the real test rows. DCR share: synthetic rows nearer (Gower) to training rows
than to as many test rows; ties count half. The floor is what the test rows score against the training rows.
"""

import argparse
import concurrent.futures
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
    "mimic3_demo": ("mimic3_demo/published_recipe_output/large.csv", ["ROW_ID", "SUBJECT_ID"]),
}
SETS["mimic3_lists"] = SETS["mimic3_demo"]
# Sets that are learned with metadata: the names of tests and their units are lists that everybody may know.
METADATA = {
    "mimic3_lists": """columns:
  LABEL: {levels: public}
  VALUEUOM: {levels: public}
  DISCHTIME: {relative_to: CHARTTIME}
  CHARTTIME: {relative_to: ADMITTIME}
""",
}
# Sets that come with test rows of their own; of the others a tenth of the rows is held out.
TEST_ROWS = {"adult": "adult/adult_test.csv.gz"}
# The column that a classifier is taught to predict.
TARGETS = {"adult": "Y", "diabetes130": "readmitted", "support": "event", "covid_testing": "result"}
# TabPC, arXiv 2603.23016: XGBoost C2ST scores (1 ideal) turned into AUC = 1 - score / 2.
PUBLISHED = {
    "adult": {"TabSyn": 0.7942, "TabDiff": 0.8409, "TabPC": 0.8554, "TVAE": 0.0, "CTGAN": 0.0},
    "prsa_beijing": {"TabSyn": 0.5266, "TabDiff": 0.7723, "TabPC": 0.5704, "TVAE": 0.0, "CTGAN": 0.0},
    "diabetes130": {"TabSyn": 0.5222, "TabDiff": 0.5618, "TabPC": 0.7915, "TVAE": 0.0, "CTGAN": 0.0},
}


def read(path):
    table = pd.read_csv(pathlib.Path(os.environ["SEMBLANCE_DATA"]) / path, dtype=str, keep_default_na=False,
                        skipinitialspace=True)
    table.columns = [c.strip() for c in table.columns]
    return table.sample(frac=1, random_state=7, ignore_index=True)


def load(name):
    """(training rows, test rows), shuffled."""
    path, dropped = SETS[name]
    table = read(path).drop(columns=dropped)
    if name in TEST_ROWS:
        test, target = read(TEST_ROWS[name]), TARGETS[name]
        test[target] = test[target].str.removesuffix(".")  # as adult.test writes its labels
        return table, test[list(table)]
    held = len(table) // 10
    return table[held:].reset_index(drop=True), table[:held]


def seconds(texts):
    """Seconds since 1970 of a column of ISO dates, NaN where missing; None when it holds something else."""
    if not texts.dropna().head(50).str.match(r"\d{4}-\d\d-\d\d").all() or texts.isna().all():
        return None
    return (pd.to_datetime(texts, format="ISO8601") - pd.Timestamp(0)).dt.total_seconds().to_numpy(float)


def typed(real, *others):
    """Numbers where the real column is numeric with more than 10 values or dates, else codes of the joint levels."""
    kinds, out = {}, [{} for _ in (real, *others)]
    for name in real:
        columns = [seconds(t[name].where(~t[name].isin(MISSING))) for t in (real, *others)]
        if all(c is not None for c in columns):
            kinds[name] = True
            for side, column in zip(out, columns):
                side[name] = column
            continue
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


def learn_and_make(train, seed, folder, *settings):
    """(synthetic table, CPU seconds of training); `settings` are flags of `train`."""
    source, model, made = (folder / n for n in ("train.csv", "model.h5", "made.csv"))
    train.to_csv(source, index=False)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program(), "train", source, "--output", model, "--seed", str(seed), "--threads", "1", "--quiet",
                    *settings], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program(), "generate", model, "--rows", str(len(train)), "--seed", str(seed), "--output", made,
                    "--quiet"], check=True)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return pd.read_csv(made, dtype=str, keep_default_na=False), seconds


def utility_auc(learned, test, kinds, target):
    """AUC on the test rows of XGBoost taught the target by the `learned` rows; mean over the target's values."""
    import xgboost
    from sklearn.metrics import roc_auc_score

    names = [name for name in kinds if name != target]
    x, held = (np.column_stack([t[name] for name in names]) for t in (learned, test))
    y, y_held = code(learned[target]), code(test[target])
    x, y, held, y_held = x[y > 0], y[y > 0], held[y_held > 0], y_held[y_held > 0]
    levels, y = np.unique(y, return_inverse=True)
    model = xgboost.XGBClassifier(n_estimators=200, max_depth=6, learning_rate=0.1, tree_method="hist", n_jobs=1)
    p = model.fit(x, y).predict_proba(held)
    used = [i for i, v in enumerate(levels) if 0 < (y_held == v).sum() < len(y_held)]
    return float(np.mean([roc_auc_score(y_held == levels[i], p[:, i]) for i in used[-1:] if len(levels) == 2]
                         or [roc_auc_score(y_held == levels[i], p[:, i]) for i in used]))


def dcr_share(real, fake, hold, kinds, most=2000):
    """Share of synthetic rows nearer to the real rows than to as many test rows."""
    n = min(len(next(iter(real.values()))), len(next(iter(hold.values()))), most)
    nearest = []
    for side in (real, hold):
        best = np.full(min(most, len(next(iter(fake.values())))), np.inf, np.float32)
        for start in range(0, len(best), 64):
            total = np.zeros((min(64, len(best) - start), n), np.float32)
            for name, numeric in kinds.items():
                q, r = fake[name][start:start + len(total), None], side[name][None, :n]
                if not numeric:
                    total += code(q) != code(r)
                    continue
                width = max(np.nanmax(real[name]) - np.nanmin(real[name]), 1e-12)
                distance = np.minimum(np.abs(q - r) / width, 1)
                both = np.isnan(q) & np.isnan(r)
                total += np.where(both, 0, np.where(np.isnan(distance), 1, distance))
            best[start:start + len(total)] = total.min(1)
        nearest.append(best)
    return float(np.mean((nearest[0] < nearest[1]) + 0.5 * (nearest[0] == nearest[1])))


def metadata_flags(name, folder):
    if name not in METADATA:
        return []
    path = pathlib.Path(folder) / "metadata.yaml"
    path.write_text(METADATA[name])
    return ["--metadata", path]


MEASURES = ("cpu_s", "shape", "trend", "c2st", "gap", "dcr")


def measure(name, seeds):
    """Medians over the seeds of the MEASURES, the floors of shape and trend, rows, and every seed's figures."""
    train, test = load(name)
    target, rows, best = TARGETS.get(name), [], None
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, seeds + 1):
            made, seconds = learn_and_make(train, seed, pathlib.Path(folder), *metadata_flags(name, folder))
            kinds, (real, fake, hold) = typed(train, made[list(train)], test)
            gap = float("nan")
            if target:
                best = best or utility_auc(real, hold, kinds, target)
                gap = best - utility_auc(fake, hold, kinds, target)
            rows.append((seconds, shape_error(real, fake, kinds), trend_error(real, fake, kinds),
                         c2st_auc(real, fake, kinds), gap, dcr_share(real, fake, hold, kinds)))
    result = {"set": name, "rows": len(train), "seeds": [dict(zip(MEASURES, row)) for row in rows]}
    result.update({m: statistics.median(column) for m, column in zip(MEASURES, zip(*rows))})
    if not target:
        for figures in (result, *result["seeds"]):
            figures["gap"] = None
    result.update({"shape_floor": shape_error(real, hold, kinds), "trend_floor": trend_error(real, hold, kinds)})
    return result


def chosen_sets(bench, names, known):
    """The names in a comma-separated list; ends the program where one is not known, or there are no data."""
    if "SEMBLANCE_DATA" not in os.environ:
        sys.exit(f"bench/run {bench}: set SEMBLANCE_DATA to the folder of the public tables")
    sets = names.split(",")
    unknown = set(sets) - set(known)
    if unknown:
        sys.exit(f"bench/run {bench}: no set {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    return sets


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="sets measured at once, each on one thread")
    args = parser.parse_args()
    sets = chosen_sets("quality", args.sets, SETS)
    print(f"{harness.cpu_model()}; commit {harness.commit()}; medians of {args.seeds} seeds; default settings")
    print(f"{'set':14s} {'rows':>8s} {'CPU s':>7s} {'shape %':>8s} {'(floor)':>8s} {'trend %':>8s} {'(floor)':>8s} "
          f"{'C2ST AUC':>9s} {'gap':>7s} {'DCR':>6s}  published C2ST AUC")
    results, ratios = [], {}
    # A process a set: the CPU seconds of one's children are its own.
    pool = concurrent.futures.ProcessPoolExecutor(args.jobs)
    for r in pool.map(measure, sets, itertools.repeat(args.seeds)):
        name = r["set"]
        results.append(r)
        peers = {peer: 1 - score / 2 for peer, score in PUBLISHED.get(name, {}).items()}
        print(f"{name:14s} {r['rows']:8d} {r['cpu_s']:7.1f} {r['shape']:8.3f} {r['shape_floor']:8.3f} {r['trend']:8.3f} "
              f"{r['trend_floor']:8.3f} {r['c2st']:9.4f} {'' if r['gap'] is None else format(r['gap'], '.4f'):>7s} {r['dcr']:6.3f}  "
              + ", ".join(f"{peer} {auc:.3f}" for peer, auc in peers.items()), flush=True)
        for peer, auc in peers.items():
            ours = abs(r["c2st"] - 0.5) + 0.005  # half a hundredth is the noise of the figure itself
            ratios[f"{name}-{peer}-published"] = (auc - 0.5 + 0.005) / ours
        harness.store("quality", {"seeds": args.seeds, "results": results, "published_c2st_score": PUBLISHED,
                                  "ratios": ratios})
    for peer, ratio in ratios.items():
        print(f"RATIO {peer} {ratio:.3g}")


if __name__ == "__main__":
    main()
