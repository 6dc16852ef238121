"""People of several rows: what stays the same within them, how one row follows another.

    bench/run entity [--seeds 1] [--share 1]

SEMBLANCE_DATA names the folder of the public tables; the set is diabetes130 by patient_nbr, encounters in the order of
their numbers. Learned with default settings; as many people are made as there are. Figures, medians over the seeds:
rows: TV distance between the numbers of rows a person; stays: share of the people of two rows or more within whom a
column has one value; unchanged: share of the pairs of successive rows that have one value in a column; pairs: AUC of
XGBoost telling pairs of successive rows from synthetic ones, given both rows and, of each column, whether it is the
same and (numbers) the difference (0.5: it cannot). floor: one half of the real people against the other.
"""

import argparse
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
import quality

PERSON = "patient_nbr"


def load(share):
    table = pd.read_csv(pathlib.Path(os.environ["SEMBLANCE_DATA"]) / "diabetes130/diabetic_data.csv.gz", dtype=str,
                        keep_default_na=False)
    table = table.assign(order=table["encounter_id"].astype(int)).sort_values("order").drop(columns=["order", "encounter_id"])
    people = table[PERSON].drop_duplicates().sample(frac=share, random_state=7)
    return table[table[PERSON].isin(people)].reset_index(drop=True)


def rows_a_person(table):
    return table.groupby(PERSON, sort=False).size().to_numpy()


def pairs_of(table):
    """(places of rows, places of the next rows of the same people)"""
    order = np.argsort(pd.factorize(table[PERSON])[0], kind="stable")
    owner = table[PERSON].to_numpy()[order]
    next_same = owner[1:] == owner[:-1]
    return order[:-1][next_same], order[1:][next_same]


def unchanged(table):
    a, b = pairs_of(table)
    return {name: float((table[name].to_numpy()[a] == table[name].to_numpy()[b]).mean()) for name in table if name != PERSON}


def stays(table):
    several = table[table.groupby(PERSON)[PERSON].transform("size") > 1]
    counts = several.groupby(PERSON).nunique()
    return {name: float((counts[name] == 1).mean()) for name in counts}


def backwards(table, column):
    """Share of the pairs whose later value is the smaller (age bands sort by their first number)."""
    first = table[column].str.extract(r"(\d+)")[0].astype(float).to_numpy()
    a, b = pairs_of(table)
    return float((first[b] < first[a]).mean())


def pair_features(columns, kinds, table):
    a, b = pairs_of(table)
    out = {}
    for name, numeric in kinds.items():
        x, y = columns[name][a], columns[name][b]
        out[f"{name} 1"], out[f"{name} 2"] = x, y
        out[f"{name} same"] = ((x == y) | (np.isnan(x) & np.isnan(y))).astype(float)
        if numeric:
            out[f"{name} step"] = y - x
    return out


def pair_auc(real, other):
    kinds, (x, y) = quality.typed(real.drop(columns=PERSON), other.drop(columns=PERSON))
    features = [pair_features(columns, kinds, table) for columns, table in ((x, real), (y, other))]
    return quality.c2st_auc(*features, list(features[0]))


def rows_distance(real, other):
    a, b = rows_a_person(real), rows_a_person(other)
    size = max(a.max(), b.max()) + 1
    return 0.5 * float(np.abs(np.bincount(a, minlength=size) / len(a) - np.bincount(b, minlength=size) / len(b)).sum())


def learn_and_make(real, seed, folder, extra):
    """(synthetic table, CPU seconds of training, CPU seconds of generating)."""
    source, metadata, model, made = (folder / n for n in ("real.csv", "metadata.yaml", "model.h5", "made.csv"))
    real.to_csv(source, index=False)
    metadata.write_text(f"columns:\n  {PERSON}: {{kind: id}}\nmissing_markers: ['', '?', 'NA']\nentity: {PERSON}\n")
    people = str(real[PERSON].nunique())

    def run(*arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([quality.program(), *map(str, arguments), "--seed", str(seed), "--threads", "1"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    trained = run("train", source, "--metadata", metadata, "--output", model, *extra)
    made_s = run("generate", model, "--entities", people, "--output", made, "--quiet")
    return pd.read_csv(made, dtype=str, keep_default_na=False), trained, made_s


def measure(real, made):
    # Real rows are in the order of time, and the judge takes the first ones.
    kinds, (x, y) = quality.typed(*(t.drop(columns=PERSON).sample(frac=1, random_state=7) for t in (real, made)))
    return {"rows_tvd": rows_distance(real, made), "pair_auc": pair_auc(real, made), "row_auc": quality.c2st_auc(x, y, kinds),
            "age_backwards": backwards(made, "age"), "unchanged": unchanged(made), "stays": stays(made)}


def middle(values):
    if isinstance(values[0], dict):
        return {name: middle([v[name] for v in values]) for name in values[0]}
    return statistics.median(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--share", type=float, default=1, help="of the people")
    parser.add_argument("--try-out", action="store_true", help="keep no result")
    args, extra = parser.parse_known_args()
    if "SEMBLANCE_DATA" not in os.environ:
        print("bench/run entity: skipped: SEMBLANCE_DATA does not name the folder of the public tables", file=sys.stderr)
        return
    table = load(args.share)
    seeds = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, args.seeds + 1):
            made, trained, generated = learn_and_make(table, seed, pathlib.Path(folder), extra)
            seeds.append({"train_cpu_s": trained, "generate_cpu_s": generated, **measure(table, made)})
    people = table[PERSON].drop_duplicates()
    half = table[PERSON].isin(people.sample(frac=0.5, random_state=3))
    floor = {"pair_auc": pair_auc(table[half], table[~half]), "rows_tvd": rows_distance(table[half], table[~half])}
    real = {"unchanged": unchanged(table), "stays": stays(table), "age_backwards": backwards(table, "age")}
    result = middle(seeds)
    print(f"{harness.cpu_model()}; commit {harness.commit()}; medians of {args.seeds} seeds; {len(table)} rows of {len(people)} people")
    print(f"training {result['train_cpu_s']:.1f} CPU s, generating {result['generate_cpu_s']:.1f} CPU s")
    print(f"rows a person: TVD {result['rows_tvd']:.4f} (floor {floor['rows_tvd']:.4f}); AUC of pairs {result['pair_auc']:.4f} "
          f"(floor {floor['pair_auc']:.4f}), of rows {result['row_auc']:.4f}; age goes back in {result['age_backwards']:.4f} "
          f"(real {real['age_backwards']:.4f}) of the pairs")
    print(f"{'column':26s} {'unchanged: real':>16s} {'synthetic':>10s} {'stays: real':>12s} {'synthetic':>10s}")
    for name in sorted(real["unchanged"], key=real["unchanged"].get):
        if real["unchanged"][name] > 0.9995:
            continue
        print(f"{name:26s} {real['unchanged'][name]:16.4f} {result['unchanged'][name]:10.4f} {real['stays'][name]:12.4f} {result['stays'][name]:10.4f}")
    gaps = [abs(real["unchanged"][n] - result["unchanged"][n]) for n in real["unchanged"]]
    print(f"mean |real - synthetic| of unchanged: {np.mean(gaps):.4f}, of stays: "
          f"{np.mean([abs(real['stays'][n] - result['stays'][n]) for n in real['stays']]):.4f}")
    if not args.try_out:
        harness.store("entity", {"set": "diabetes130", "rows": len(table), "people": len(people), "share": args.share,
                                 "seeds": seeds, "median": result, "real": real, "floor": floor})


if __name__ == "__main__":
    main()
