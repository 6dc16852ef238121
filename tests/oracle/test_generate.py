"""semblance generate from outside: the same rows for any number of ranks and parts, constraints, restart, errors."""
import csv
import hashlib
import json
import os
import random
import shutil

import pytest
from program import rows_of, run


def sha256(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of admissions: dates in order, ages, a spike of zeros, joint gaps, towns with their wards."""
    folder = tmp_path_factory.mktemp("model")
    rng = random.Random(1)
    with open(folder / "real.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["patient", "age", "dose", "low", "high", "town", "ward", "admitted", "discharged"])
        for i in range(2000):
            day, stay, town = rng.randrange(1, 29), rng.randrange(0, 3), rng.randrange(4)
            low = rng.randrange(40, 90)
            gap = rng.random() < 0.1
            out.writerow([f"P{i:06}", "" if gap else rng.randrange(100), "" if gap else round(rng.choice([0, rng.expovariate(1)]), 2),
                          low, low + rng.randrange(1, 60), f"town {town}", f"ward {town}{rng.choice('ab')}",
                          f"2020-{rng.randrange(1, 12):02}-{day:02} {rng.randrange(24):02}:{rng.randrange(12) * 5:02}",
                          f"2020-12-{day + stay:02} {rng.randrange(24):02}:00"])
    (folder / "metadata.yaml").write_text(
        "columns:\n  patient:\n    kind: id\n    id_pattern: P######\n  discharged:\n    relative_to: admitted\n"
        "constraints:\n  - low < high\n  - age in [0, 100)\n  - fixcombo town ward\n")
    run("train", folder / "real.csv", "--metadata", folder / "metadata.yaml", "--output", folder / "model.h5",
        "--epochs", 2, "--quiet")
    return folder / "model.h5"


def test_rows_are_the_same_for_any_number_of_ranks_and_parts(model, tmp_path):
    if not shutil.which("mpirun"):
        pytest.skip("there is no mpirun")
    if ", no MPI" in run("--version").stdout:
        pytest.skip("this build has no MPI")
    hashes = set()
    for ranks, per_part in ((0, 1000), (1, 4000), (3, 1700)):
        run("generate", model, "--rows", 9000, "--output", tmp_path / f"{ranks}.csv", "--quiet", ranks=ranks)
        run("generate", model, "--rows", 9000, "--rows-per-part", per_part, "--output", tmp_path / f"shards{ranks}", "--quiet", ranks=ranks)
        run("export", tmp_path / f"shards{ranks}", tmp_path / f"shards{ranks}.csv", "--quiet")
        hashes |= {sha256(tmp_path / f"{ranks}.csv"), sha256(tmp_path / f"shards{ranks}.csv")}
    assert len(hashes) == 1


def test_rows_depend_on_the_seed_and_a_longer_table_begins_with_the_shorter(model, tmp_path):
    for seed, rows in ((1, 500), (2, 500), (1, 800)):
        run("generate", model, "--rows", rows, "--seed", seed, "--threads", seed, "--output", tmp_path / f"{seed}-{rows}.csv", "--quiet")
    first, other, longer = (rows_of(tmp_path / f"{name}.csv") for name in ("1-500", "2-500", "1-800"))
    assert first == longer[:500] and first != other


def test_constraints_hold_dates_are_in_order_and_identifiers_are_new(model, tmp_path):
    run("generate", model, "--rows", 5000, "--output", tmp_path / "s.csv", "--quiet")
    real, rows = rows_of(model.parent / "real.csv"), rows_of(tmp_path / "s.csv")
    pairs = {(r["town"], r["ward"]) for r in real}
    assert not {r["patient"] for r in real} & {r["patient"] for r in rows}
    for i, row in enumerate(rows):
        assert row["patient"] == f"P{10_000 + i + 1:06}"
        assert int(row["low"]) < int(row["high"])
        assert (row["town"], row["ward"]) in pairs
        assert row["admitted"] <= row["discharged"]
        assert row["admitted"][-1] in "05"  # the five-minute grid
    gaps = sum(row["age"] == "" for row in rows) / len(rows)
    assert 0.05 < gaps < 0.15
    assert list(rows[0]) == list(real[0])


def test_a_broken_part_is_made_again_and_others_are_kept(model, tmp_path):
    args = ("generate", model, "--rows", 3000, "--rows-per-part", 1000, "--output", tmp_path / "s")
    run(*args, "--quiet")
    before = {name: os.stat(tmp_path / "s" / name).st_mtime_ns for name in ("part-00000.h5", "part-00002.h5")}
    whole = sha256(tmp_path / "s" / "part-00001.h5")
    with open(tmp_path / "s" / "part-00001.h5", "r+b") as file:
        file.truncate(100)
    again = run(*args)
    assert "kept" in again.stderr
    assert {name: os.stat(tmp_path / "s" / name).st_mtime_ns for name in before} == before
    assert sha256(tmp_path / "s" / "part-00001.h5") == whole


def test_parts_that_another_build_made_are_made_again(model, tmp_path):
    args = ("generate", model, "--rows", 2000, "--rows-per-part", 1000, "--output", tmp_path / "s")
    run(*args, "--quiet")
    manifest = tmp_path / "s" / "manifest.json"
    assert json.loads(manifest.read_text())["program"].startswith(run("--version").stdout.split(",")[0])
    assert run(*args).stderr.count("kept") == 2
    manifest.write_text(manifest.read_text().replace("(build ", "(build 0"))
    assert "kept" not in run(*args).stderr


def test_large_seeds_are_told_as_they_were_given(model, tmp_path):
    seed = 2**64 - 3
    run("generate", model, "--rows", 100, "--seed", seed, "--output", tmp_path / "s", "--quiet")
    run("train", model.parent / "real.csv", "--seed", seed, "--epochs", 1, "--blocks", 0, "--hidden", 8, "--output", tmp_path / "m.h5", "--quiet")
    for name, fact in (("s", "seed"), ("m.h5", "training/seed")):
        assert json.loads(run("info", tmp_path / name, "--json").stdout)["facts"][fact] == seed
        assert f"{fact}: {seed}" in run("info", tmp_path / name).stdout


def test_export_leaves_out_the_columns_that_the_metadata_drop(model, tmp_path):
    real = model.parent / "real.csv"
    (tmp_path / "m.yaml").write_text("columns:\n  town: drop\n  age: {drop: true}\n")
    run("export", real, tmp_path / "all.csv", "--quiet")
    run("export", real, tmp_path / "some.csv", "--metadata", tmp_path / "m.yaml", "--quiet")
    everything, some = rows_of(tmp_path / "all.csv"), rows_of(tmp_path / "some.csv")
    assert [{k: v for k, v in row.items() if k not in ("town", "age")} for row in everything] == some
    (tmp_path / "m.yaml").write_text("columns:\n" + "".join(f"  {name}: drop\n" for name in everything[0]))
    done = run("export", real, tmp_path / "none.csv", "--metadata", tmp_path / "m.yaml", check=False)
    assert done.returncode == 3 and "drop all columns" in done.stderr


def test_copies_of_real_rows_are_drawn_again(model, tmp_path):
    with open(tmp_path / "tiny.csv", "w") as file:
        file.write("a,b\n" + "".join(f"{'xy'[i % 2]},{'pq'[i % 3 % 2]}\n" for i in range(600)))
    run("train", tmp_path / "tiny.csv", "--output", tmp_path / "tiny.h5", "--epochs", 1, "--quiet")
    (tmp_path / "forbidden.csv").write_text("a,b\nx,p\n")
    run("generate", tmp_path / "tiny.h5", "--rows", 300, "--output", tmp_path / "s.csv", "--reject-copies-of", tmp_path / "forbidden.csv", "--quiet")
    made = {(row["a"], row["b"]) for row in rows_of(tmp_path / "s.csv")}
    assert ("x", "p") not in made and len(made) == 3


@pytest.mark.parametrize("args, code, text", [
    (("MODEL", "--rows", "0", "--output", "OUT/x.csv"), 2, "rows"),
    (("MODEL", "--rows", "5", "--output", "OUT/x.xlsx"), 2, ".xlsx"),
    (("OUT/none.h5", "--rows", "5", "--output", "OUT/x.csv"), 4, "none.h5"),
    (("REAL", "--rows", "5", "--output", "OUT/x.csv"), 3, "real.csv"),
    (("MODEL", "--rows", "5", "--output", "OUT/absent/x.csv"), 4, "absent"),
    (("MODEL", "--row", "5", "--output", "OUT/x.csv"), 2, "--rows"),
    (("MODEL", "--rows", "5", "--output", "OUT/x.csv", "--device", "cuda:99"), 5, "cuda:99"),
    (("MODEL", "--rows", "5", "--output", "OUT/x.csv", "--reject-copies-of", "OUT/none.csv"), 4, "none.csv"),
])
def test_bad_use_is_told_by_code_and_message(model, tmp_path, args, code, text):
    places = {"MODEL": str(model), "REAL": str(model.parent / "real.csv")}
    done = run("generate", *(places.get(a, a.replace("OUT", str(tmp_path))) for a in args), check=False)
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert not any(tmp_path.iterdir())


def test_a_damaged_model_is_refused(model, tmp_path):
    damaged = tmp_path / "model.h5"
    damaged.write_bytes(model.read_bytes()[:-3000])
    done = run("generate", damaged, "--rows", 5, "--output", tmp_path / "x.csv", check=False)
    assert done.returncode in (3, 4), done.stderr
    assert not (tmp_path / "x.csv").exists()
