"""Derived columns: found, declared and generated, held against pandas' own computation of them."""
import pytest
from program import run

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")

ROWS = 1500
QUICK = ("--blocks", 1, "--hidden", 32, "--epochs", 4, "--quiet")


def stays(n=ROWS, seed=1):
    """Hospital stays of which most columns follow from others, as pandas computes them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"admitted": pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 1440 * 1500, n), unit="min")})
    table["discharged"] = table["admitted"] + pd.to_timedelta((rng.gamma(2, 2, n) * 1440).astype(int) + 1, unit="min")
    table["born"] = (table["admitted"].dt.normalize() - pd.to_timedelta(rng.integers(0, 95 * 365, n), unit="D")).dt.strftime("%Y-%m-%d")
    for name, mean in (("a", 3), ("b", 9), ("c", 4)):
        table[name] = rng.poisson(mean, n)
    table["weight kg"] = rng.normal(75, 12, n).round(1)
    table["sex"] = rng.choice(["F", "M"], n)
    table.loc[rng.random(n) < 0.2, "a"] = np.nan
    table["a"] = table["a"].astype("Int64")
    return with_derived(table)


def with_derived(table):
    table = table.copy()
    into, out, born = (pd.to_datetime(table[name]) for name in ("admitted", "discharged", "born"))
    table["los"] = ((out - into) / pd.Timedelta("1D")).round(2)
    table["los_days"] = (out - into).dt.days
    table["nights"] = (out.dt.normalize() - into.dt.normalize()).dt.days
    table["los_hours"] = ((out - into) / pd.Timedelta("1h")).round(1)
    before = (into.dt.month < born.dt.month) | ((into.dt.month == born.dt.month) & (into.dt.day < born.dt.day))
    table["age"] = into.dt.year - born.dt.year - before
    table["day"] = into.dt.strftime("%d/%m/%Y")
    table["total"] = table["a"].astype("Int64") + table["b"] + table["c"]
    table["weight lb"] = (table["weight kg"] * 2.20462).round(1)
    table["gender"] = table["sex"]
    return table


def assert_follows(made):
    for name, column in with_derived(made).items():
        assert (column.isna() == made[name].isna()).all(), name
        wrong = (column != made[name]) & column.notna()
        if name == "weight lb":  # a tie of decimals is none of doubles, and is rounded up or down
            assert wrong.mean() < 0.005, name
            wrong &= (column - made[name]).abs() > 0.101
        assert not wrong.any(), (name, made.loc[wrong, name].head(), column[wrong].head())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("derived")
    stays().to_csv(folder / "real.csv", index=False)
    done = run("train", folder / "real.csv", "--output", folder / "model.h5", *QUICK[:-1])
    (folder / "log").write_text(done.stderr)
    return folder


def generate(folder, *args):
    run("generate", folder / "model.h5", "--output", folder / "made.csv", "--quiet", *args)
    return pd.read_csv(folder / "made.csv")


def test_what_follows_is_found_and_told(folder):
    log = (folder / "log").read_text()
    for name, formula in (("los_days", "floor(days(admitted, discharged))"), ("nights", "nights(admitted, discharged)"),
                          ("age", "years(born, admitted)"), ("total", "a + b + c"), ("gender", "sex"), ("day", "admitted")):
        assert f"'{name}' is '{formula}' in every row: computed, not learned" in log, log
    for name in ("los", "los_hours", "weight lb"):
        assert f"'{name}' is '" in log, log
    columns = run("info", folder / "model.h5").stdout
    assert "= years(born, admitted)" in columns


def test_every_synthetic_row_follows(folder):
    made = generate(folder, "--rows", 5000)
    assert_follows(made)
    assert made["total"].isna().mean() == pytest.approx(0.2, abs=0.05)
    assert made["age"].nunique() > 50


def test_shards_and_ranks_make_the_same_rows(folder):
    made = generate(folder, "--rows", 3000)
    run("generate", folder / "model.h5", "--rows", 3000, "--rows-per-part", 700, "--output", folder / "parts", "--quiet", ranks=2)
    run("export", folder / "parts", folder / "parts.csv", "--quiet")
    pd.testing.assert_frame_equal(made, pd.read_csv(folder / "parts.csv"))


@pytest.mark.parametrize("condition, holds", [
    ("age >= 80", lambda t: t["age"] >= 80),
    ("total = 14", lambda t: t["total"] == 14),
    ("'weight lb' > 200".replace("'", '"'), lambda t: t["weight lb"] > 200),
    ("gender = F", lambda t: t["sex"] == "F"),
    ("day >= 2018-01-01", lambda t: t["admitted"] >= "2018-01-01"),
    ("total IS MISSING", lambda t: t["total"].isna())])
def test_conditions_on_derived_columns_hold(folder, condition, holds):
    made = generate(folder, "--rows", 300, "--where", condition)
    assert holds(made).all()
    assert_follows(made)


def test_a_condition_that_no_row_meets_is_an_error(folder):
    done = run("generate", folder / "model.h5", "--rows", 5, "--where", "age >= 300", "--output", folder / "none.csv", check=False)
    assert done.returncode == 3 and "age >= 300" in done.stderr


def test_given_columns_decide_what_follows(folder):
    given = stays(200, seed=2)[["born", "admitted", "a", "b", "sex"]]
    given.to_csv(folder / "given.csv", index=False)
    made = generate(folder, "--like", folder / "given.csv")
    assert_follows(made)
    assert list(made["born"]) == list(given["born"]) and list(made["b"]) == list(given["b"])


def complete(folder, columns, *args):
    """Given columns of other stays, and the completed table; given cells stay."""
    given = stays(200, seed=2)[columns]
    given.to_csv(folder / "given.csv", index=False)
    done = run("generate", folder / "model.h5", "--like", folder / "given.csv", "--output", folder / "made.csv", *args)
    made = pd.read_csv(folder / "made.csv")
    for name in set(columns) - {"admitted"}:
        assert ((given[name] == made[name]) | (given[name].isna() & made[name].isna())).all(), name
    return made, done.stderr


@pytest.mark.parametrize("columns", [["admitted", "los_days", "gender"], ["discharged", "los_hours"], ["admitted", "age"],
                                     ["born", "age"], ["weight lb"], ["total", "a", "c"]])
def test_a_part_is_computed_back_from_what_follows(folder, columns):
    made, log = complete(folder, columns)
    assert_follows(made)
    assert "without regard" not in log


def test_a_birthday_of_an_age_is_drawn_by_the_seed(folder):
    born = {seed: complete(folder, ["admitted", "age"], "--seed", seed)[0]["born"] for seed in (1, 2)}
    assert (born[1] == complete(folder, ["admitted", "age"], "--seed", 1)[0]["born"]).all()
    assert (born[1] != born[2]).mean() > 0.9
    assert born[1].str[5:].nunique() > 100


def test_gaps_of_parts_are_filled_so_that_the_total_stays(folder):
    given = stays(200, seed=2)[["a", "b", "c", "total"]]
    given.loc[given.index % 3 == 0, "b"] = None
    given["b"] = given["b"].astype("Int64")
    given.to_csv(folder / "gaps.csv", index=False)
    made = generate(folder, "--like", folder / "gaps.csv", "--impute")
    assert made.notna().all().all()
    assert_follows(made)
    both = given["total"].notna()
    assert (made["total"] == given["total"])[both].all()


def test_declared_formulas_are_checked_row_by_row(folder, tmp_path):
    table = stays(300)
    metadata = tmp_path / "metadata.yaml"
    metadata.write_text("columns:\n  total: {derived: 'a + b + c'}\n  gender: {derived: sex}\n")
    table.to_csv(tmp_path / "good.csv", index=False)
    run("train", tmp_path / "good.csv", "--metadata", metadata, "--output", tmp_path / "model.h5", *QUICK)
    run("generate", tmp_path / "model.h5", "--rows", 500, "--output", tmp_path / "made.csv", "--quiet")
    made = pd.read_csv(tmp_path / "made.csv")
    assert (made["gender"] == made["sex"]).all()
    both = made["total"].notna()
    assert (both == made["a"].notna()).all() and (made["total"] == made["a"] + made["b"] + made["c"])[both].all()
    row = int(np.flatnonzero(table["a"].notna())[7])
    table.loc[row, "total"] += 2
    table.to_csv(tmp_path / "bad.csv", index=False)
    done = run("train", tmp_path / "bad.csv", "--metadata", metadata, "--output", tmp_path / "bad.h5", check=False)
    value = table.loc[row, "total"]
    assert done.returncode == 3
    assert f"bad.csv: row {row + 1}, column 'total'" in done.stderr and f"it '{value - 2}', but it is '{value}'" in done.stderr


@pytest.mark.parametrize("columns, why", [
    ("total: {derived: 'a + bb'}", "there is no column 'bb'"),
    ("total: {derived: 'a + sex'}", "column 'sex' is of kind"),
    ("total: {derived: 'a + b +'}", "a column is missing"),
    ("total: {derived: 'c + 1'}\n  c: {derived: 'total - 1'}", "in a circle"),
    ("total: {derived: 'a + b + c'}\n  a: drop", "column 'a' is dropped")])
def test_a_wrong_formula_is_named(folder, tmp_path, columns, why):
    (tmp_path / "metadata.yaml").write_text(f"columns:\n  {columns}\n")
    done = run("train", folder / "real.csv", "--metadata", tmp_path / "metadata.yaml", "--output", tmp_path / "m.h5", check=False)
    assert done.returncode == 3 and "metadata.yaml" in done.stderr and why in done.stderr, done.stderr


def test_derive_false_learns_all_columns(folder, tmp_path):
    stays(200).to_csv(tmp_path / "real.csv", index=False)
    done = run("train", tmp_path / "real.csv", "--derive", "false", "--output", tmp_path / "model.h5", *QUICK[:-1])
    assert "computed, not learned" not in done.stderr


def test_inspect_proposes_metadata_that_train_takes(folder, tmp_path):
    done = run("inspect", folder / "real.csv", "--output", tmp_path / "metadata.yaml")
    assert "proposal: 'total' is 'a + b + c' in every row" in done.stdout
    assert '#   "total": {derived: "a + b + c"}' in (tmp_path / "metadata.yaml").read_text()


def test_inspect_writes_whole_yaml_for_any_names(tmp_path):
    pytest.importorskip("pyarrow")  # a name in CSV holds no line break
    names = {"admitted": "in\ndate", "discharged": 'out\\ date', "a": "a\nb: c", "b": "b's \\n", "c": "é # d", "total": "all\\ of\n'them'"}
    table = stays(800)[["admitted", "discharged", "a", "b", "c", "total"]].rename(columns=names)
    table["ward: '\\n"] = (table["b's \\n"] % 7).map(lambda ward: f"w{ward}")
    table["wing\\"] = table["ward: '\\n"].map(lambda ward: "north" if ward < "w3" else "south")
    table.to_parquet(tmp_path / "real.parquet")
    run("inspect", tmp_path / "real.parquet", "--output", tmp_path / "metadata.yaml")
    run("inspect", tmp_path / "real.parquet", "--metadata", tmp_path / "metadata.yaml")
    proposals = [line[4:] for line in (tmp_path / "metadata.yaml").read_text().splitlines() if line.startswith("#   ")]
    columns = [f"  {line}" for line in proposals if not line.startswith("- ")]
    combination = [f"  {line}" for line in proposals if line.startswith("- ") and "ward" in line and "wing" in line]
    assert len(columns) == 2 and len(combination) == 1
    taken = tmp_path / "taken.yaml"
    taken.write_text("\n".join(["columns:", *columns, "constraints:", *combination]))
    run("inspect", tmp_path / "real.parquet", "--metadata", taken, "--output", tmp_path / "again.yaml")
    again = (tmp_path / "again.yaml").read_text()
    assert "    derived: " in again and "    relative_to: " in again and "fixcombo" in again
    run("train", tmp_path / "real.parquet", "--metadata", taken, "--output", tmp_path / "model.h5", *QUICK)


def test_names_that_look_like_formulas_are_no_obstacle(tmp_path):
    table = stays(300)[["b", "c", "admitted", "discharged"]].assign(**{"days(admitted, discharged)": stays(300)["los_days"]})
    table["b + c"] = table["b"] + table["c"]
    table.to_csv(tmp_path / "real.csv", index=False)
    shown = run("inspect", tmp_path / "real.csv").stdout
    assert "'b + c' is 'round(b + c)' in every row" in shown and "'floor(days(admitted, discharged))'" in shown
    run("train", tmp_path / "real.csv", "--output", tmp_path / "model.h5", *QUICK)
    run("generate", tmp_path / "model.h5", "--rows", 500, "--output", tmp_path / "made.csv", "--quiet")
    made = pd.read_csv(tmp_path / "made.csv")
    assert (made["b + c"] == made["b"] + made["c"]).all()


def test_run_finds_what_follows_and_in_which_order(tmp_path):
    stays().to_csv(tmp_path / "real.csv", index=False)
    (tmp_path / "run.yaml").write_text(
        "table: real.csv\ntrain: {epochs: 4, blocks: 1, hidden: 32}\ngenerate: {rows: 2000}\nattack: {models: 4, rows: 400}\n")

    def go(*args):
        return run("run", tmp_path / "run.yaml", *args).stderr

    log = go("--output", tmp_path / "out")
    assert "'total' is 'a + b + c' in every row" in log and "'discharged' is never before 'admitted'" in log
    metadata = (tmp_path / "out" / "metadata.yaml").read_text()
    assert 'derived: "a + b + c"' in metadata and 'relative_to: "admitted"' in metadata
    made = pd.read_csv(tmp_path / "out" / "synthetic.csv")
    assert_follows(made)
    assert (made["discharged"] >= made["admitted"]).all()
    assert "holdout: done" not in go("--output", tmp_path / "out")
    log = go("--output", tmp_path / "out", "--set", "train.derive=false", "--set", "train.date_order=false", "--to", "holdout")
    assert "setting 'train.date_order' changed from 'true' to 'false'" in log or "setting 'train.derive' changed" in log
    metadata = (tmp_path / "out" / "metadata.yaml").read_text()
    assert "derived:" not in metadata and "relative_to:" not in metadata


def test_a_formula_in_a_file_ends_where_a_part_is_dropped(folder, tmp_path):
    run("generate", folder / "model.h5", "--rows", 100, "--output", tmp_path / "made.h5", "--quiet")
    assert "years(born, admitted)" in run("info", tmp_path / "made.h5").stdout
    (tmp_path / "metadata.yaml").write_text("columns:\n  born: drop\n")
    run("export", tmp_path / "made.h5", tmp_path / "less.h5", "--metadata", tmp_path / "metadata.yaml")
    shown = run("info", tmp_path / "less.h5").stdout
    assert "years(born" not in shown and "a + b + c" in shown


def test_people_of_several_rows_follow_too(tmp_path):
    people = stays(150, seed=3)[["born", "sex", "weight kg"]]
    rng = np.random.default_rng(4)
    rows = people.loc[rng.integers(0, 150, 900)].reset_index(names="person")
    visits = stays(900, seed=5)
    table = with_derived(pd.concat([rows, visits[["admitted", "discharged", "a", "b", "c"]]], axis=1))
    table["person"] = "P" + table["person"].astype(str).str.zfill(4)
    table.to_csv(tmp_path / "real.csv", index=False)
    (tmp_path / "metadata.yaml").write_text(
        "entity: person\ncolumns:\n  age: {derived: 'years(born, admitted)'}\n  gender: {derived: sex}\n"
        "  total: {derived: 'a + b + c'}\n  nights: {derived: 'nights(admitted, discharged)'}\n"
        "  discharged: {relative_to: admitted}\n")
    run("train", tmp_path / "real.csv", "--metadata", tmp_path / "metadata.yaml", "--output", tmp_path / "model.h5", *QUICK)
    run("generate", tmp_path / "model.h5", "--rows", 1000, "--output", tmp_path / "made.csv", "--quiet")
    made = pd.read_csv(tmp_path / "made.csv")
    expected = with_derived(made)
    for name in ("age", "gender", "nights"):
        assert (made[name] == expected[name]).all(), name
    assert (made["total"].fillna(-1) == expected["total"].fillna(-1)).all()
    assert (made.groupby("person")["gender"].nunique() == 1).all()
