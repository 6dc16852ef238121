"""Rows that belong together: patients with several visits, of which the law is known."""
import datetime
import hashlib
import json
import random
import shutil
from collections import Counter, defaultdict

import numpy
import pytest
from program import rows_of, run, write

RHO, STAY, WARD, BACK = 0.8, 0.85, 0.96, 0.8


def visits(n, seed):
    """n patients: sex and year of birth are theirs; the number of visits hangs on sex, x is an AR(1) series around a mean of
    the sex, the state a Markov chain, the ward hardly ever changes, the stage never falls, the turn goes back to the one before the
    last; visits are some days apart."""
    rng, more = random.Random(seed), random.Random(seed + 1000)
    rows = []
    for patient in range(n):
        sex, born = rng.choice("FM"), rng.randrange(1930, 2000)
        many = 1 + sum(rng.random() < (0.7 if sex == "F" else 0.4) for _ in range(6))
        day = datetime.date(2010, 1, 1) + datetime.timedelta(days=rng.randrange(1500))
        x, state = rng.gauss(0, 1), rng.choice("ab")
        ward, stage = more.choice("PQRSTU"), more.randrange(50)
        turn, last_turn = more.choice("uvw"), more.choice("uvw")
        for _ in range(many):
            rows.append({"patient": 5000 + patient, "visited": day.isoformat(), "sex": sex, "born": born, "x": round(x + (2 if sex == "F" else 0), 2),
                         "state": state, "ward": ward, "stage": stage, "turn": turn, "left": (day + datetime.timedelta(days=rng.randrange(10))).isoformat()})
            day += datetime.timedelta(days=rng.randrange(1, 60))
            x = RHO * x + (1 - RHO**2) ** 0.5 * rng.gauss(0, 1)
            state = state if rng.random() < STAY else "ab"[state == "a"]
            ward = ward if more.random() < WARD else more.choice("PQRSTU".replace(ward, ""))
            turn, last_turn = last_turn if more.random() < BACK else more.choice("uvw".replace(last_turn, "")), turn
            stage += more.choice((0, 0, 0, 1, 2))
    rng.shuffle(rows)  # the order is in the dates
    return rows


def by_patient(rows):
    patients = defaultdict(list)
    for row in rows:
        patients[row["patient"]].append(row)
    return list(patients.values())


def lag(patients, column):
    pairs = [(float(a[column]), float(b[column])) for rows in patients for a, b in zip(rows, rows[1:])]
    return numpy.corrcoef(numpy.array(pairs).T)[0, 1]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panel")
    write(folder / "real.csv", visits(3000, 1))
    (folder / "metadata.yaml").write_text(
        "columns:\n  patient: {kind: category}\n  left: {kind: date, relative_to: visited}\nentity: patient\n")
    run("train", folder / "real.csv", "--metadata", folder / "metadata.yaml", "--output", folder / "model.h5", "--epochs", 25, "--blocks", 0, "--quiet")
    run("generate", folder / "model.h5", "--entities", 3000, "--output", folder / "s.csv", "--quiet")
    return folder


def test_constants_hold_order_holds_and_identifiers_are_new(model):
    real, patients = rows_of(model / "real.csv"), by_patient(rows_of(model / "s.csv"))
    assert len(patients) == 3000
    known = {row["patient"] for row in real}
    for rows in patients:
        assert len({(row["sex"], row["born"]) for row in rows}) == 1
        assert rows == sorted(rows, key=lambda row: row["visited"])
        assert all(row["left"] >= row["visited"] for row in rows)
        assert rows[0]["patient"] not in known
    assert list(rows_of(model / "s.csv")[0]) == list(real[0])


def test_rows_a_patient_and_what_they_hang_on(model):
    real = [by_patient(visits(4000, 7)), by_patient(rows_of(model / "s.csv"))]
    for sex in "FM":
        a, b = (Counter(len(rows) for rows in patients if rows[0]["sex"] == sex) for patients in real)
        distance = sum(abs(a[k] / sum(a.values()) - b[k] / sum(b.values())) for k in range(1, 8)) / 2
        # 0.28 if the number did not hang on the sex
        assert distance < 0.1, (sex, distance, a, b)
    share = [sum(rows[0]["sex"] == "F" for rows in patients) / len(patients) for patients in real]
    assert abs(share[0] - share[1]) < 0.04  # patients count, not their rows


def test_one_row_follows_from_the_one_before(model):
    patients = by_patient(rows_of(model / "s.csv"))
    women = [rows for rows in patients if rows[0]["sex"] == "F"]
    assert abs(lag(women, "x") - RHO) < 0.08
    pairs = [(a["state"], b["state"]) for rows in patients for a, b in zip(rows, rows[1:])]
    assert abs(sum(a == b for a, b in pairs) / len(pairs) - STAY) < 0.04
    gaps = [(datetime.date.fromisoformat(b["visited"]) - datetime.date.fromisoformat(a["visited"])).days for rows in patients for a, b in zip(rows, rows[1:])]
    assert abs(numpy.mean(gaps) - 30) < 2.5 and min(gaps) >= 0 and max(gaps) < 75
    # Learned apart, rows of one patient know nothing of each other.
    run("train", model / "real.csv", "--metadata", model / "metadata.yaml", "--output", model / "apart.h5", "--epochs", 3, "--blocks", 0,
        "--entity-rows", "apart", "--quiet")
    assert "knows no entities" in run("generate", model / "apart.h5", "--entities", 5, "--output", model / "x.csv", check=False).stderr


def test_what_hardly_changes_hardly_changes_and_what_never_falls_never_falls(model):
    patients = by_patient(rows_of(model / "s.csv"))
    pairs = [(a, b) for rows in patients for a, b in zip(rows, rows[1:])]
    assert abs(numpy.mean([a["ward"] == b["ward"] for a, b in pairs]) - WARD) < 0.012
    steps = numpy.array([int(b["stage"]) - int(a["stage"]) for a, b in pairs])
    assert (steps < 0).mean() < 1e-3
    assert abs((steps == 0).mean() - 0.6) < 0.04 and abs((steps == 1).mean() - 0.2) < 0.04 and (steps > 2).mean() < 0.02


def test_what_was_two_rows_ago_counts(model):
    triples = [(a, b, c) for rows in by_patient(rows_of(model / "s.csv")) for a, b, c in zip(rows, rows[1:], rows[2:])]
    changed = [(a["turn"], c["turn"]) for a, b, c in triples if a["turn"] != b["turn"]]
    # A half, if the next turn hung on the last one alone.
    assert abs(numpy.mean([a == c for a, c in changed]) - BACK) < 0.06


def test_rows_are_the_same_for_any_threads_ranks_and_parts_and_a_longer_table_begins_with_the_shorter(model, tmp_path):
    hashes = set()
    ranks_to_try = (0, 3) if shutil.which("mpirun") and ", no MPI" not in run("--version").stdout else (0,)
    for ranks in ranks_to_try:
        for threads, per_part in ((1, 10_000), (3, 999)):
            out = tmp_path / f"{ranks}-{threads}"
            run("generate", model / "model.h5", "--rows", 5000, "--threads", threads, "--rows-per-part", per_part, "--output", out, "--quiet", ranks=ranks)
            run("export", out, f"{out}.csv", "--quiet")
            hashes.add(hashlib.sha256(open(f"{out}.csv", "rb").read()).hexdigest())
    run("generate", model / "model.h5", "--rows", 5000, "--output", tmp_path / "one.csv", "--quiet")
    hashes.add(hashlib.sha256(open(tmp_path / "one.csv", "rb").read()).hexdigest())
    assert len(hashes) == 1
    rows = rows_of(tmp_path / "one.csv")
    assert len(rows) == 5000 and rows == rows_of(model / "s.csv")[:5000]


def test_training_is_the_same_for_two_ranks(model, tmp_path):
    if not shutil.which("mpirun") or ", no MPI" in run("--version").stdout:
        pytest.skip("there is no mpirun")
    losses = []
    for ranks, batch in ((1, 512), (2, 256)):
        log = tmp_path / f"{ranks}.json"
        run("train", model / "real.csv", "--metadata", model / "metadata.yaml", "--output", tmp_path / f"{ranks}.h5", "--epochs", 2, "--blocks", 0,
            "--batch-size", batch, "--log-json", log, "--quiet", ranks=ranks)
        losses.append([json.loads(line)["validation"] for line in open(log) if '"epoch"' in line and "validation" in line])
    assert losses[0] and numpy.allclose(losses[0], losses[1], rtol=1e-4)


def test_conditions_on_constants_choose_patients(model, tmp_path):
    run("generate", model / "model.h5", "--rows", 2000, "--where", "sex = F", "--where", "born >= 1980", "--output", tmp_path / "s.csv", "--quiet")
    patients = by_patient(rows_of(tmp_path / "s.csv"))
    assert all(row["sex"] == "F" and int(row["born"]) >= 1980 for rows in patients for row in rows)
    assert numpy.mean([len(rows) for rows in patients]) > 4.6  # 5.2 for women, 3.4 for men


def test_conditions_on_what_varies_hold_in_every_row(model, tmp_path):
    run("generate", model / "model.h5", "--rows", 3000, "--where", "state = a", "--where", "x >= 0.5", "--where", "visited >= 2011-06-01",
        "--where", "sex = M", "--output", tmp_path / "s.csv", "--quiet")
    rows = rows_of(tmp_path / "s.csv")
    assert len(rows) == 3000 and all(row["state"] == "a" and float(row["x"]) >= 0.5 and row["visited"] >= "2011-06-01" and row["sex"] == "M" for row in rows)
    patients = by_patient(rows)
    assert all(p == sorted(p, key=lambda row: row["visited"]) and len({row["born"] for row in p}) == 1 for p in patients)
    # A step of the chain under the condition, worked out by hand: x' ~ N(RHO x, 1 - RHO^2), cut at 0.5.
    pairs = [(float(a["x"]), float(b["x"])) for p in patients for a, b in zip(p, p[1:]) if float(a["x"]) < 1]
    draws = numpy.random.default_rng(1).normal(size=(len(pairs), 200)) * (1 - RHO**2) ** 0.5 + RHO * numpy.array([[a] for a, _ in pairs])
    wanted = draws[draws >= 0.5].mean()
    assert abs(numpy.mean([b for _, b in pairs]) - wanted) < 0.1
    done = run("generate", model / "model.h5", "--rows", 20, "--where", "stage = 7000", "--output", tmp_path / "x.csv", check=False)
    assert done.returncode == 3 and "stage = 7000" in done.stderr


def like(model, tmp_path, rows, *more, check=True):
    write(tmp_path / "given.csv", rows)
    return run("generate", model / "model.h5", "--like", tmp_path / "given.csv", "--output", tmp_path / "made.csv", *more, "--quiet", check=check)


def test_people_of_whom_something_is_known_are_completed(model, tmp_path):
    given = []
    for patient in range(600):
        sex, many, state = "FM"[patient % 2], 2 + patient % 4, "ab"[patient // 2 % 2]
        given += [{"patient": f"A{patient}", "note": f"n{patient}.{i}", "sex": sex, "state": state} for i in range(many)]
    random.Random(2).shuffle(given)  # rows of a person come out together, persons in the order of their first rows
    like(model, tmp_path, given)
    made = rows_of(tmp_path / "made.csv")
    first = list(dict.fromkeys(row["patient"] for row in given))
    wanted = [row for patient in first for row in given if row["patient"] == patient]
    assert [{key: row[key] for key in wanted[0]} for row in made] == wanted
    patients = by_patient(made)
    assert all(p == sorted(p, key=lambda row: row["visited"]) and len({(row["sex"], row["born"]) for row in p}) == 1 for p in patients)
    assert all(row["left"] >= row["visited"] and row["ward"] for row in made)
    means = [numpy.mean([float(row["x"]) for row in made if row["sex"] == sex]) for sex in "FM"]
    assert abs(means[0] - 2) < 0.3 and abs(means[1]) < 0.3
    assert lag([p for p in patients if p[0]["sex"] == "F"], "x") > 0.6
    stays = [a["ward"] == b["ward"] for p in patients for a, b in zip(p, p[1:])]
    assert abs(numpy.mean(stays) - WARD) < 0.03
    again = set()
    for threads, per_part in ((1, 10_000), (3, 99)):
        like(model, tmp_path, given, "--threads", threads)
        again.add(open(tmp_path / "made.csv", "rb").read())
        run("generate", model / "model.h5", "--like", tmp_path / "given.csv", "--rows-per-part", per_part, "--output", tmp_path / f"{threads}", "--quiet")
        run("export", tmp_path / f"{threads}", tmp_path / "all.csv", "--quiet")
        again.add(open(tmp_path / "all.csv", "rb").read())
    assert len(again) == 1


def test_given_dates_order_the_rows_and_gaps_are_filled_from_the_person(model, tmp_path):
    given = [{"patient": p, "visited": day, "born": born} for p, day, born in [
        (1, "2012-05-01", ""), (2, "2013-01-01", 1950), (1, "2011-01-31", 1940), (1, "2011-02-01", ""), (2, "2012-12-31", "")]]
    like(model, tmp_path, given, "--impute")
    made = rows_of(tmp_path / "made.csv")
    assert [(row["patient"], row["visited"], row["born"]) for row in made] == [
        ("1", "2011-01-31", "1940"), ("1", "2011-02-01", "1940"), ("1", "2012-05-01", "1940"), ("2", "2012-12-31", "1950"), ("2", "2013-01-01", "1950")]
    assert all(row["left"] >= row["visited"] and row["x"] for row in made)
    assert len({row["sex"] for row in made[:3]}) == 1


@pytest.mark.parametrize("given, more, text", [
    ([{"sex": "F"}], [], "there is no column 'patient'"),
    ([{"patient": 1, "sex": "F"}, {"patient": 2, "sex": "F"}, {"patient": 1, "sex": "M"}], [], "'F' and 'M' in rows 1 and 3 of '1'"),
    ([{"patient": 1, "sex": "F"}, {"patient": 1, "sex": ""}], [], "fill gaps (impute)"),
    ([{"patient": 1, "visited": "2011-01-01"}, {"patient": 1, "visited": ""}], ["--impute"], "missing in row 2"),
])
def test_given_people_that_cannot_be_are_refused(model, tmp_path, given, more, text):
    done = like(model, tmp_path, given, *more, check=False)
    assert done.returncode == 3 and text in done.stderr, done.stderr


def test_the_report_measures_what_belongs_together(model, tmp_path):
    run("evaluate", "--real", model / "real.csv", "--synthetic", model / "s.csv", "--metadata", model / "metadata.yaml", "--output", tmp_path,
        "--sample", 1000, "--quiet")
    report = json.load(open(tmp_path / "report.json"))
    checks = {check["id"]: check for group in report["groups"] for section in group["sections"] for check in section["checks"]}
    assert checks["quality.entity_constants"]["value"] == 1
    assert checks["quality.entity_order"]["value"] == 0
    assert checks["quality.entity_rows_ks"]["value"] < 0.06
    assert checks["quality.entity_lag_error"]["value"] < 0.1


@pytest.mark.parametrize("entity, text", [
    ("{column: patient, constants: [x]}", "'x' is listed as constant, but varies"),
    ("{column: patient, time: sex}", "must be a date"),
    ("{column: patient, tme: visited}", "time"),
    ("{time: visited}", "needs 'column'"),
])
def test_metadata_that_cannot_be_are_refused(model, tmp_path, entity, text):
    (tmp_path / "m.yaml").write_text(f"columns: {{}}\nentity: {entity}\n")
    done = run("train", model / "real.csv", "--metadata", tmp_path / "m.yaml", "--output", tmp_path / "m.h5", check=False)
    assert done.returncode == 3 and text in done.stderr, done.stderr
