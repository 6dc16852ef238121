"""First heart rate of every ICU stay out of CHARTEVENTS.csv.gz, joined with ICUSTAYS: ours beside duckdb, pandas, pyarrow.

A mock hospital is made first (argument: patients, 2,000 by default). Each peer runs in a process of its own, on one
thread; CPU seconds are user and system of that process without its imports. duckdb reads everything as text with the
quote named, and casts afterwards: with its defaults it guesses kinds from the first rows, and fails on such files.
"""

import csv
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import harness

PATIENTS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 2000
REPEATS = 3
PROGRAM = harness.ROOT / os.environ["SEMBLANCE_BENCH_BUILD"] / "bin" / "semblance"
ITEMS = (211, 220045)

RECIPE = """
sources:
  icustays: {file: ICUSTAYS, columns: {ICUSTAY_ID: integer, FIRST_CAREUNIT: text, LOS: float}}
  chartevents: {file: CHARTEVENTS, columns: {ICUSTAY_ID: integer, ITEMID: integer, CHARTTIME: datetime, VALUENUM: float}}
tables:
  heart:
    from: chartevents
    steps:
      - filter: ITEMID in (211, 220045) and VALUENUM is not missing
      - first: {per: [ICUSTAY_ID], by: CHARTTIME}
      - select: [ICUSTAY_ID, VALUENUM]
  stays:
    from: icustays
    steps:
      - join: {with: heart, on: [ICUSTAY_ID], promise: one}
output: {from: stays}
"""


def with_pandas(folder):
    import pandas as pd
    start = time.process_time()
    columns = ["ICUSTAY_ID", "ITEMID", "CHARTTIME", "VALUENUM"]
    chunks = pd.read_csv(f"{folder}/CHARTEVENTS.csv.gz", usecols=columns, chunksize=1_000_000)
    heart = pd.concat(c[c.ITEMID.isin(ITEMS) & c.VALUENUM.notna()] for c in chunks)
    heart = heart.sort_values("CHARTTIME", kind="stable").drop_duplicates("ICUSTAY_ID")[["ICUSTAY_ID", "VALUENUM"]]
    stays = pd.read_csv(f"{folder}/ICUSTAYS.csv.gz", usecols=["ICUSTAY_ID", "FIRST_CAREUNIT", "LOS"])
    stays.merge(heart, on="ICUSTAY_ID").to_csv(f"{folder}/out.csv", index=False)
    return time.process_time() - start


def with_pyarrow(folder):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pacsv
    pa.set_cpu_count(1)
    start = time.process_time()
    columns = ["ICUSTAY_ID", "ITEMID", "CHARTTIME", "VALUENUM"]
    types = {"ICUSTAY_ID": pa.int64(), "ITEMID": pa.int64(), "CHARTTIME": pa.timestamp("s"), "VALUENUM": pa.float64()}
    reader = pacsv.open_csv(f"{folder}/CHARTEVENTS.csv.gz",
                            read_options=pacsv.ReadOptions(use_threads=False, block_size=4 << 20),
                            convert_options=pacsv.ConvertOptions(include_columns=columns, column_types=types))
    kept = []
    for batch in reader:
        mask = pc.and_(pc.is_in(batch["ITEMID"], pa.array(ITEMS)), pc.is_valid(batch["VALUENUM"]))
        kept.append(batch.filter(mask))
    heart = pa.Table.from_batches(kept)
    heart = heart.append_column("n", pa.array(range(len(heart)))).sort_by([("CHARTTIME", "ascending"), ("n", "ascending")])
    heart = heart.group_by("ICUSTAY_ID", use_threads=False).aggregate([("VALUENUM", "first")])
    stays = pacsv.read_csv(f"{folder}/ICUSTAYS.csv.gz", read_options=pacsv.ReadOptions(use_threads=False))
    stays = stays.select(["ICUSTAY_ID", "FIRST_CAREUNIT", "LOS"])
    joined = stays.join(heart, "ICUSTAY_ID", join_type="inner", use_threads=False).rename_columns(
        ["ICUSTAY_ID", "FIRST_CAREUNIT", "LOS", "VALUENUM"])
    pacsv.write_csv(joined.sort_by("ICUSTAY_ID"), f"{folder}/out.csv")
    return time.process_time() - start


def with_duckdb(folder):
    import duckdb
    start = time.process_time()
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"""
        copy (
          with heart as (
            select cast(ICUSTAY_ID as bigint) as ICUSTAY_ID,
                   arg_min(cast(VALUENUM as double), cast(CHARTTIME as timestamp)) as VALUENUM
            from read_csv('{folder}/CHARTEVENTS.csv.gz', all_varchar=true, header=true, quote='"')
            where cast(ITEMID as bigint) in {ITEMS} and VALUENUM is not null group by 1)
          select cast(s.ICUSTAY_ID as bigint) as ICUSTAY_ID, FIRST_CAREUNIT, cast(LOS as double) as LOS, VALUENUM
          from read_csv('{folder}/ICUSTAYS.csv.gz', all_varchar=true, header=true, quote='"') s
          join heart on heart.ICUSTAY_ID = cast(s.ICUSTAY_ID as bigint) order by 1
        ) to '{folder}/out.csv' (header, delimiter ',')""")
    return time.process_time() - start


PEERS = {"pandas": with_pandas, "pyarrow": with_pyarrow, "duckdb": with_duckdb}


def rows_of(path):
    with open(path, newline="") as file:
        return sorted((int(r["ICUSTAY_ID"]), r["FIRST_CAREUNIT"], float(r["LOS"]), float(r["VALUENUM"])) for r in csv.DictReader(file))


def run_peer(name, folder):
    done = subprocess.run([sys.executable, __file__, "--peer", name, folder], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_ours(folder, recipe):
    command = [PROGRAM, "prepare", recipe, "--input", folder, "--output", f"{folder}/out.csv", "--threads", "1", "--quiet"]
    process = subprocess.Popen(list(map(str, command)))
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit("bench/prepare: semblance prepare failed")
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "rss_mib": usage.ru_maxrss / 1024}


def main():
    results = harness.Results("prepare", "MB", ["duckdb", "pandas", "pyarrow"])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([PROGRAM, "mock-hospital", "--patients", str(PATIENTS), "--output", folder, "--quiet"], check=True)
        # Counted elsewhere: a child's peak memory begins with what this process holds.
        count = subprocess.run(f"gzip -dc '{folder}/CHARTEVENTS.csv.gz' | wc -c", shell=True, check=True, capture_output=True)
        size_mb = int(count.stdout) / 1e6
        recipe = pathlib.Path(folder) / "recipe.yaml"
        recipe.write_text(RECIPE)
        print(f"{PATIENTS} patients; CHARTEVENTS.csv.gz holds {size_mb:.0f} MB of text")
        ours = [run_ours(folder, recipe) for _ in range(REPEATS + 1)][1:]
        wanted = rows_of(f"{folder}/out.csv")
        rate = results.add("semblance prepare (whole process)", size_mb, [run["cpu_s"] for run in ours])
        notes, ratios = [f"peak memory, MiB: semblance {max(run['rss_mib'] for run in ours):.0f}"], {}
        for name in PEERS:
            runs = [run_peer(name, folder) for _ in range(REPEATS)]
            if rows_of(f"{folder}/out.csv") != wanted:
                sys.exit(f"bench/prepare: the table of {name} differs from ours")
            ratios[name] = rate / results.add(name, size_mb, [run["cpu_s"] for run in runs])
            notes[0] += f", {name} {max(run['rss_mib'] for run in runs):.0f}"
    results.finish(ratios, notes)


if len(sys.argv) > 2 and sys.argv[1] == "--peer":
    seconds = PEERS[sys.argv[2]](sys.argv[3])
    print(json.dumps({"cpu_s": seconds, "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
else:
    main()
