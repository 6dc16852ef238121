"""A whole report on large tables: time, memory, and what each section took.

    bench/run evaluate-scale [--synthetic 5000000] [--real 200000] [--threads 2]

A model of Adult (14 columns: education-num repeats education) makes all three tables, with seeds of their
own: "real" and holdout rows of one size, and the synthetic ones. The report is that of every check with a
target; the marks are 15 minutes on two cores and 4 GiB.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import adult
import harness

MARK_S, MARK_GIB = 900, 4
PROGRAM = harness.ROOT / os.environ["SEMBLANCE_BENCH_BUILD"] / "bin" / "semblance"


def write_tables(folder, synthetic, real):
    """Paths of the real, synthetic and holdout tables; the target; where the model's rows come from."""
    _, train, source = adult.tables(10**9)
    train.columns = [name.strip() for name in train.columns]
    train = train.drop(columns=[name for name in ("education-num", "years") if name in train])
    train.to_csv(folder / "adult.csv", index=False)
    subprocess.run([PROGRAM, "train", folder / "adult.csv", "--output", folder / "model.h5", "--quiet"], check=True)
    paths = []
    for name, rows, seed in (("real", real, 2), ("synthetic", synthetic, 1), ("holdout", real, 3)):
        paths.append(folder / f"{name}.parquet")
        subprocess.run([PROGRAM, "generate", folder / "model.h5", "--rows", str(rows), "--seed", str(seed), "--output",
                        paths[-1], "--quiet"], check=True)
    return paths, train.columns[-1], f"{len(train.columns)} columns, rows of a model of {source}"


def sections(log):
    """Seconds of each section, from the events that the program logs."""
    events = [json.loads(line) for line in log.read_text().splitlines()]
    return {e["section"]: e["seconds"] for e in events if e["event"] == "evaluate_section"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--synthetic", type=int, default=5_000_000)
    parser.add_argument("--real", type=int, default=200_000)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (real, synthetic, holdout), target, source = write_tables(folder, args.synthetic, args.real)
        start = time.monotonic()
        # A process of its own: its peak memory is then the largest of all children.
        done = subprocess.Popen([PROGRAM, "evaluate", "--real", real, "--synthetic", synthetic, "--holdout", holdout,
                                 "--target", target, "--output", folder / "report", "--threads", str(args.threads),
                                 "--log-json", folder / "log.jsonl"])
        _, status, usage = os.wait4(done.pid, 0)
        wall = time.monotonic() - start
        if status != 0:
            raise SystemExit("bench/run evaluate-scale: the report failed")
        took = sections(folder / "log.jsonl")
    cpu = usage.ru_utime + usage.ru_stime
    peak = usage.ru_maxrss / 2**20
    for name, seconds in took.items():
        print(f"  {name:40s} {seconds:8.1f} s")
    print(f"{harness.cpu_model()}; commit {harness.commit()}; {args.synthetic} synthetic, {args.real} real and {args.real} "
          f"holdout rows; {source}; {args.threads} threads")
    print(f"{wall:.0f} s wall (others may have used the machine), {cpu:.0f} CPU s, peak {peak:.2f} GiB")
    record = {"name": "evaluate-scale", "command": f"bench/run evaluate-scale --synthetic {args.synthetic} --real {args.real}",
              "commit": harness.commit(), "machine": harness.cpu_model(), "threads": args.threads, "source": source,
              "note": "wall seconds count what others did on the machine at the same time",
              "wall_s": wall, "cpu_s": cpu, "peak_gib": peak, "sections_s": took}
    path = harness.ROOT / "bench" / "results" / f"{time.strftime('%Y-%m-%d')}-evaluate-scale.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    # Two cores at best halve the CPU seconds.
    print(f"RATIO mark-of-15-minutes-on-2-cores {MARK_S / (cpu / 2):.4g}")
    print(f"RATIO mark-of-4-GiB {MARK_GIB / peak:.4g}")


if __name__ == "__main__":
    main()
