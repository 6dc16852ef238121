"""semblance generate --where and --like: the law of rows under conditions, on a table whose joint distribution is known."""
import hashlib
import itertools
import random
import shutil
from collections import Counter

import pytest
from program import rows_of, run, write

# P(a), P(b | a), P(c | a, b): c says much about a.
A = {"x": 0.5, "y": 0.3, "z": 0.2}
B = {"x": {"0": 0.8, "1": 0.2}, "y": {"0": 0.5, "1": 0.5}, "z": {"0": 0.1, "1": 0.9}}
C = {("x", "0"): 0.05, ("x", "1"): 0.3, ("y", "0"): 0.4, ("y", "1"): 0.7, ("z", "0"): 0.9, ("z", "1"): 0.95}
TOWNS = {"town 0": ("ward 0a", "ward 0b"), "town 1": ("ward 1a", "ward 1b"), "town 2": ("ward 2a", "ward 2b")}


def law():
    """P(a, b, c)."""
    for a, b in itertools.product(A, "01"):
        yield (a, b, "yes"), A[a] * B[a][b] * C[a, b]
        yield (a, b, "no"), A[a] * B[a][b] * (1 - C[a, b])


def exact(condition, columns):
    """The law of some of the columns, given a condition on (a, b, c)."""
    out = Counter()
    for row, p in law():
        if condition(*row):
            out[tuple(row["abc".index(c)] for c in columns)] += p
    total = sum(out.values())
    return {key: p / total for key, p in out.items()}


def distance(rows, columns, wanted):
    """Total variation between the rows and a law."""
    seen = Counter(tuple(row[c] for c in columns) for row in rows)
    return sum(abs(seen[key] / len(rows) - wanted.get(key, 0)) for key in set(seen) | set(wanted)) / 2


def real_rows(n, seed):
    rng = random.Random(seed)
    keys, weights = zip(*law())
    rows = []
    for i, (a, b, c) in enumerate(rng.choices(keys, weights, k=n)):
        town = rng.choice(list(TOWNS))
        day, stay = rng.randrange(1, 29), rng.randrange(0, 3)
        dose = round(rng.expovariate(1) + "xyz".index(a), 2)
        rows.append({"id": f"P{i:06}", "a": a, "b": b, "age": rng.randrange(18, 96) if rng.random() < 0.9 else "",
                     "dose": dose, "town": town, "ward": rng.choice(TOWNS[town]),
                     "admitted": f"2020-{rng.randrange(1, 12):02}-{day:02}",
                     "discharged": f"2020-12-{day + stay:02}", "c": c})
    return rows


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    write(folder / "real.csv", real_rows(6000, 1))
    (folder / "metadata.yaml").write_text(
        "columns:\n  id: {kind: id}\n  a: {kind: category}\n  b: {kind: category}\n  c: {kind: category}\n"
        "  discharged: {kind: date, relative_to: admitted}\nconstraints:\n  - fixcombo town ward\norder: [c]\n")
    for name, order in (("late", "a"), ("early", "c")):  # c made last, and first
        run("train", folder / "real.csv", "--metadata", folder / "metadata.yaml", "--order", order, "--output",
            folder / f"{name}.h5", "--epochs", 12, "--blocks", 0, "--quiet")
    return folder


@pytest.mark.parametrize("name", ["late", "early"])
def test_a_condition_gives_the_conditional_law(model, tmp_path, name):
    n = 6000
    run("generate", model / f"{name}.h5", "--rows", n, "--output", tmp_path / "all.csv", "--quiet")
    run("generate", model / f"{name}.h5", "--rows", n, "--seed", 2, "--where", "c=yes", "--output", tmp_path / "s.csv", "--quiet")
    rows = rows_of(tmp_path / "s.csv")
    assert all(row["c"] == "yes" for row in rows)
    wanted = exact(lambda a, b, c: c == "yes", "ab")
    unconditional = distance(rows_of(tmp_path / "all.csv"), "ab", wanted)
    # Sampling alone gives about 0.012; the model itself (6,000 rows learned) is off by about as much.
    assert distance(rows, "ab", wanted) < 0.04 < unconditional / 4
    # Against the same model's rows that happen to meet the condition.
    kept = [row for row in rows_of(tmp_path / "all.csv") if row["c"] == "yes"]
    seen = Counter((row["a"], row["b"]) for row in kept)
    assert distance(rows, "ab", {key: count / len(kept) for key, count in seen.items()}) < 0.035


def test_numbers_dates_and_combinations_obey_to_the_last_row(model, tmp_path):
    done = run("generate", model / "late.h5", "--rows", 3000, "--output", tmp_path / "s.csv", "--where", "age>=65", "--where", "dose <= 1.37",
               "--where", "dose > 0.2", "--where", "admitted >= 2020-03-03", "--where", "admitted < 2020-05-20", "--where", "discharged >= 2020-12-10",
               "--where", "discharged <= 2020-12-17", "--where", "ward IN (\"ward 1a\", \"ward 2b\")", "--where", "town != \"town 2\"")
    rows = rows_of(tmp_path / "s.csv")
    assert len(rows) == 3000
    for row in rows:
        assert 65 <= int(row["age"]) <= 95
        assert 0.2 < float(row["dose"]) <= 1.37
        assert "2020-03-03" <= row["admitted"] < "2020-05-20"
        assert "2020-12-10" <= row["discharged"] <= "2020-12-17"
        assert (row["town"], row["ward"]) == ("town 1", "ward 1a")
    assert len({row["dose"] for row in rows}) > 50
    assert "candidates" in done.stderr and "draws broke 'discharged" in done.stderr


def test_missing_values_can_be_asked_for_and_kept_out(model, tmp_path):
    run("generate", model / "late.h5", "--rows", 500, "--where", "age IS MISSING", "--output", tmp_path / "none.csv", "--quiet")
    run("generate", model / "late.h5", "--rows", 500, "--where", "age IS NOT MISSING", "--output", tmp_path / "all.csv", "--quiet")
    assert all(row["age"] == "" for row in rows_of(tmp_path / "none.csv"))
    assert all(row["age"] != "" for row in rows_of(tmp_path / "all.csv"))


def test_rows_under_conditions_are_the_same_for_any_threads_ranks_and_parts(model, tmp_path):
    conditions = ["--where", "c=yes", "--where", "discharged >= 2020-12-05"]
    hashes = set()
    ranks_to_try = (0, 2) if shutil.which("mpirun") and ", no MPI" not in run("--version").stdout else (0,)
    for ranks in ranks_to_try:
        for threads, per_part in ((1, 10_000), (3, 1700)):
            out = tmp_path / f"{ranks}-{threads}"
            run("generate", model / "late.h5", "--rows", 5000, *conditions, "--threads", threads, "--rows-per-part", per_part,
                "--output", out, "--quiet", ranks=ranks)
            run("export", out, f"{out}.csv", "--quiet")
            hashes.add(hashlib.sha256(open(f"{out}.csv", "rb").read()).hexdigest())
    run("generate", model / "late.h5", "--rows", 5000, *conditions, "--output", tmp_path / "one.csv", "--quiet")
    hashes.add(hashlib.sha256(open(tmp_path / "one.csv", "rb").read()).hexdigest())
    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["late", "early"])
def test_like_completes_rows_by_the_conditional_law(model, tmp_path, name):
    given = [{"note": f"n{i}", "c": "yes" if i % 2 else "no", "b": "01"[i // 2 % 2]} for i in range(6000)]
    write(tmp_path / "given.csv", given)
    run("generate", model / f"{name}.h5", "--like", tmp_path / "given.csv", "--output", tmp_path / "s.csv", "--quiet")
    rows = rows_of(tmp_path / "s.csv")
    assert [(r["note"], r["c"], r["b"]) for r in rows] == [(r["note"], r["c"], r["b"]) for r in given]
    for c, b in itertools.product(("yes", "no"), "01"):
        some = [row for row in rows if row["c"] == c and row["b"] == b]
        assert distance(some, "a", exact(lambda _, b_, c_: (b_, c_) == (b, c), "a")) < 0.06
    assert {row["town"] for row in rows} == set(TOWNS)
    assert len({row["id"] for row in rows}) == len(rows)


def test_gaps_are_filled_better_than_by_marginal_draws_and_given_cells_stay(model, tmp_path):
    rng, real = random.Random(3), real_rows(3000, 4)
    holes = [dict(row) for row in real]
    for row in holes:
        for column in ("a", "ward", "dose", "discharged"):
            if rng.random() < 0.3:
                row[column] = ""
    write(tmp_path / "holes.csv", holes)
    run("generate", model / "late.h5", "--like", tmp_path / "holes.csv", "--impute", "--particles", 64, "--output", tmp_path / "full.csv", "--quiet")
    run("generate", model / "late.h5", "--like", tmp_path / "holes.csv", "--output", tmp_path / "kept.csv", "--quiet")
    assert open(tmp_path / "kept.csv").read() == open(tmp_path / "holes.csv").read().replace("\r\n", "\n")
    full = rows_of(tmp_path / "full.csv")
    hit = {"a": [0, 0], "ward": [0, 0]}
    marginal = {c: Counter(row[c] for row in real) for c in hit}
    chance = {c: sum((k / len(real)) ** 2 for k in marginal[c].values()) for c in hit}
    for before, after, truth in zip(holes, full, real):
        for column, cell in before.items():
            if cell != "":
                assert after[column] == str(cell)
            else:
                assert after[column] != ""
            if column in hit and cell == "":
                hit[column][0] += after[column] == truth[column]
                hit[column][1] += 1
        assert after["ward"] in TOWNS[after["town"]]
        assert after["admitted"] <= after["discharged"]
    for column, (right, all_) in hit.items():
        assert right / all_ > chance[column] + 0.1, column


def test_unknown_levels_are_told_and_stay(model, tmp_path):
    write(tmp_path / "given.csv", [{"a": "x"}, {"a": "nowhere"}, {"a": "y"}])
    done = run("generate", model / "late.h5", "--like", tmp_path / "given.csv", "--rows", 6, "--output", tmp_path / "s.csv")
    assert [row["a"] for row in rows_of(tmp_path / "s.csv")] == ["x", "nowhere", "y"] * 2
    assert "column 'a': 1 cells have levels that the model does not know" in done.stderr


def test_a_list_in_a_configuration_is_taken_too(model, tmp_path):
    (tmp_path / "c.yaml").write_text("generate:\n  where: [\"c = yes\", \"a IN (x, y)\"]\n  particles: 8\n")
    run("generate", model / "late.h5", "--rows", 300, "--config", tmp_path / "c.yaml", "--output", tmp_path / "s.csv", "--quiet")
    assert {(row["c"], row["a"]) for row in rows_of(tmp_path / "s.csv")} <= {("yes", "x"), ("yes", "y")}


@pytest.mark.parametrize("args, code, text", [
    (("--where", "sex = F"), 3, "no column 'sex'"),
    (("--where", "A = x"), 3, "did you mean 'a'"),
    (("--where", "a = X"), 3, "'x'"),
    (("--where", "age > 200"), 3, "numbers from 18"),
    (("--where", "id = P000001"), 3, "identifier"),
    (("--where", "admitted > 2030-01-01"), 3, "dates from 2020"),
    (("--where", "a IS MISSING"), 3, "no missing value"),
    (("--where", "town = \"town 0\"", "--where", "ward = \"ward 1a\""), 3, "still broken"),
    (("--where", "discharged < 2019-01-01"), 3, "still broken"),
    (("--where", "c"), 3, "a condition is"),
    (("--particles", "3", "--where", "c = yes"), 2, "particles"),
    (("--impute",), 2, "like"),
    (("--like", "OUT/none.csv"), 4, "none.csv"),
])
def test_what_cannot_be_is_told_by_code_and_message(model, tmp_path, args, code, text):
    rows = () if "--like" in args else ("--rows", "50")
    done = run("generate", model / "late.h5", *rows, "--output", tmp_path / "x.csv", *(a.replace("OUT", str(tmp_path)) for a in args), check=False)
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert not any(tmp_path.iterdir())


def test_an_order_of_unknown_columns_is_refused(model, tmp_path):
    done = run("train", model / "real.csv", "--order", "a,cc", "--output", tmp_path / "m.h5", check=False)
    assert done.returncode == 3 and "did you mean 'c'" in done.stderr
