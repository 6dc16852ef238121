"""What training costs as the table grows: CPU time a row and column at 50 to 500 columns; time and memory of a million rows.

    bench/run train_scale [--columns 50,100,200,500] [--rows 2000] [--long 1000000]

The tables are made up: numbers with many and with few values, categories of 2 to 60 levels and dates, all hanging on a
latent class. An epoch's price is the difference between fits of one epoch and of three; the rest (reading, learning the
codec, validation) is the price of the first less that. All with one residual block, as tables of many rows get it. The
long table has 20 columns and is learned with default settings; memory a row is the difference to a tenth of its rows.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import harness

PROGRAM = harness.ROOT / os.environ["SEMBLANCE_BENCH_BUILD"] / "bin" / "semblance"
LONG_COLUMNS = 20
MEMORY_BOUND_MIB = 2048


def made_up(rows, columns, seed=1):
    """`columns` columns of ten kinds in turn."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(seed)
    kind = random.integers(0, 12, rows)
    shape = np.random.default_rng(0)
    table = {}
    for c in range(columns):
        centre = shape.normal(size=12)[kind]
        which = c % 10
        if which < 3:
            table[f"real{c}"] = np.round(np.exp(0.5 * centre + random.normal(0, 0.5, rows)), which + 1)
        elif which < 5:
            table[f"count{c}"] = random.poisson(np.exp(1 + 0.5 * centre + 0.8 * (which == 4)))
        elif which == 5:
            table[f"day{c}"] = (np.datetime64("2015-01-01") + (1000 + 300 * centre + random.normal(0, 200, rows)).astype("timedelta64[D]")).astype(str)
        else:
            levels = (2, 5, 16, 60)[which - 6]
            weights = shape.dirichlet(np.full(levels, 0.5), 12).cumsum(axis=1)
            code = np.zeros(rows, int)
            draw = random.random(rows)
            for k in range(12):
                here = kind == k
                code[here] = np.searchsorted(weights[k], draw[here]).clip(0, levels - 1)
            table[f"text{c}"] = np.array([f"level {k}" for k in range(levels)])[code]
    return pd.DataFrame(table)


def write_table(path, rows, columns):
    """By a process of its own: what a child's peak memory begins with is the size of its parent."""
    subprocess.run([sys.executable, __file__, "--make", str(path), "--rows", str(rows), "--columns", str(columns)], check=True)


def train(source, *arguments):
    """CPU seconds and peak memory (MiB) of training on one thread."""
    process = subprocess.Popen([PROGRAM, "train", source, "--output", source.with_suffix(".h5"), "--threads", "1", "--quiet",
                                *map(str, arguments)])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"bench/train_scale: semblance train {source.name} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def by_columns(folder, rows, widths):
    """CPU time an epoch, and of the rest, at each number of columns."""
    results = []
    for width in widths:
        source = folder / f"{width}.csv"
        write_table(source, rows, width)
        (one, _), (three, memory) = (train(source, "--blocks", 1, "--epochs", e) for e in (1, 3))
        cells = rows * width
        epoch = (three - one) / 2
        results.append({"columns": width, "rows": rows, "epoch_cpu_s": epoch, "epoch_us_a_cell": epoch / cells * 1e6,
                        "rest_us_a_cell": (one - epoch) / cells * 1e6, "peak_mib": memory})
        print(f"{width:5d} columns x {rows} rows: an epoch {epoch:7.2f} CPU s, {epoch / cells * 1e6:6.2f} us a row and column; "
              f"the rest {(one - epoch) / cells * 1e6:6.2f}; peak memory {memory:.0f} MiB", flush=True)
    return results


def by_rows(folder, rows):
    """A long table at default settings, and what memory a row takes."""
    source = folder / "long.csv"
    write_table(source, rows, LONG_COLUMNS)
    cpu, peak = train(source)
    write_table(folder / "tenth.csv", rows // 10, LONG_COLUMNS)
    _, peak_of_tenth = train(folder / "tenth.csv", "--blocks", 1, "--epochs", 1)
    a_row = (peak - peak_of_tenth) * 2**20 / (rows - rows // 10)
    size = source.stat().st_size
    print(f"{rows} rows x {LONG_COLUMNS} columns ({size / 1e6:.0f} MB of CSV), default settings: {cpu:.1f} CPU s, peak memory {peak:.0f} MiB "
          f"({MEMORY_BOUND_MIB} allowed), {a_row:.0f} bytes a row beside {size / rows:.0f} in the file", flush=True)
    return {"rows": rows, "columns": LONG_COLUMNS, "csv_bytes": size, "cpu_s": cpu, "peak_mib": peak, "peak_mib_of_tenth": peak_of_tenth,
            "bytes_a_row": a_row}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--columns", default="50,100,200,500")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--long", type=int, default=1_000_000, help="rows of the long table; 0 to leave it out")
    parser.add_argument("--make", metavar="PATH", help="write one made-up table of --rows and --columns, and nothing else")
    args = parser.parse_args()
    if args.make:
        return made_up(args.rows, int(args.columns)).to_csv(args.make, index=False)
    print(f"{harness.cpu_model()}; commit {harness.commit()}; one thread")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        widths = by_columns(pathlib.Path(folder), args.rows, [int(w) for w in args.columns.split(",")])
        record = {"unit": "CPU seconds", "threads": 1, "by_columns": widths,
                  "widest_to_narrowest_a_cell": widths[-1]["epoch_us_a_cell"] / widths[0]["epoch_us_a_cell"]}
        if args.long:
            record["long"] = by_rows(pathlib.Path(folder), args.long)
    harness.store("train_scale", record)
    print(f"a row and column costs {record['widest_to_narrowest_a_cell']:.2f} times as much at {widths[-1]['columns']} columns "
          f"as at {widths[0]['columns']}")
    if args.long:
        print(f"RATIO memory_bound {MEMORY_BOUND_MIB / record['long']['peak_mib']:.4g}")


main()
