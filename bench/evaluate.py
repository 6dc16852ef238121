"""The checks of the report that peers have too, beside SDMetrics and Anonymeter.

    bench/run evaluate [--attacks 500]

Adult is learned at default settings and as many rows as it has are made; both programs then judge the same
three tables in memory, one thread each. SDMetrics: QualityReport with all pairs (its thresholds at 0) against
the same two numbers; the whole sections of the report, with more numbers and bootstrap intervals, are timed beside them. Anonymeter: singling out by
one and by three values, linkability, and inference of three secrets, as many attacks each. The peers live in
an environment of their own, .deps/bench-evaluate.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import adult
import harness
from quality import learn_and_make

REQUIREMENTS = harness.ROOT / "bench" / "requirements-evaluate.txt"
ENVIRONMENT = harness.ROOT / ".deps" / "bench-evaluate"


def peer_python():
    kept = ENVIRONMENT / "requirements.txt"
    if not kept.exists() or kept.read_text() != REQUIREMENTS.read_text():
        print(f"bench/run: installing the peers into {ENVIRONMENT}", flush=True)
        subprocess.run(["python3", "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([ENVIRONMENT / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile", "-r",
                        REQUIREMENTS], check=True)
        kept.write_text(REQUIREMENTS.read_text())
    return ENVIRONMENT / "bin" / "python"


def lines(command):
    done = subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE, text=True)
    return {row["what"]: row for row in map(json.loads, done.stdout.splitlines()) if row}


def write_tables(folder):
    """Paths of the real, synthetic and holdout tables, and where the rows come from."""
    holdout, real, source = adult.tables(10**9)
    for table in (holdout, real):
        table.columns = [name.strip() for name in table.columns]
        for name in table.columns[table.dtypes == object]:
            table[name] = table[name].str.rstrip(".").where(table[name] != "?")  # the test table ends labels with dots
    learn_and_make(real, 1, folder)
    holdout.to_csv(folder / "holdout.csv", index=False)
    return [folder / f"{name}.csv" for name in ("train", "made", "holdout")], list(real), source


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--attacks", type=int, default=500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths, names, source = write_tables(pathlib.Path(folder))
        secrets = [name for name in ("age", "occupation", "Y", "income") if name in names]
        arguments = [*paths, args.attacks, ",".join(secrets)]
        ours = lines([harness.ROOT / os.environ["SEMBLANCE_BENCH_BUILD"] / "bench" / "bench_evaluate", *arguments])
        theirs = lines([peer_python(), harness.ROOT / "bench" / "evaluate_peers.py", *arguments])
    results = harness.Results("evaluate", "runs", [])
    results.versions = dict(line.split("==") for line in REQUIREMENTS.read_text().split())
    for what, row in ours.items():
        results.add(f"semblance: {what}", 1, [row["cpu_s"]])
        print(f"    {row['values']}")
        if what in theirs:
            results.add(f"peer: {what}", 1, [theirs[what]["cpu_s"]])
            print(f"    {theirs[what]['values']}")
    attacks = [what for what in theirs if what != "quality"]
    results.finish({
        "sdmetrics": theirs["quality"]["cpu_s"] / ours["quality"]["cpu_s"],
        "anonymeter": sum(theirs[w]["cpu_s"] for w in attacks) / sum(ours[w]["cpu_s"] for w in attacks),
    }, [f"{source}; {args.attacks} attacks each; secrets {', '.join(secrets)}. Values: mean errors of columns and pairs; "
        "attacks: guesses and right ones on training rows, then on strangers."])


if __name__ == "__main__":
    main()
