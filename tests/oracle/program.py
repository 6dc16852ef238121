"""Runs the built program on small CSV files."""
import csv
import os
import subprocess

BIN = os.environ["SEMBLANCE_BIN"]
MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def run(*args, ranks=0, check=True):
    """Runs the program, under mpirun when ranks are given; with `check` it must succeed."""
    launcher = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks else []
    done = subprocess.run(launcher + [BIN, *map(str, args)], capture_output=True, text=True, env={**os.environ, **MPI})
    if check:
        assert done.returncode == 0, done.stderr
    return done


def rows_of(path):
    """The rows of a CSV file, cells as text."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    """Writes dicts as CSV; the path."""
    with open(path, "w", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return path
