"""Every type of column from a CSV file to a model and back, held against pandas' view of the source."""
import json

import pytest
from program import run

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
stats = pytest.importorskip("scipy.stats")
from typed_table import METADATA, typed_table  # noqa: E402  (needs pandas)

ROWS = 6000


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """(real, made), cells as text; '' is missing."""
    folder = tmp_path_factory.mktemp("types")
    typed_table(ROWS).to_csv(folder / "real.csv", index=False)
    (folder / "metadata.yaml").write_text(METADATA)
    run("train", folder / "real.csv", "--metadata", folder / "metadata.yaml", "--output", folder / "model.h5",
        "--blocks", 1, "--hidden", 64, "--epochs", 15, "--quiet")
    run("generate", folder / "model.h5", "--rows", ROWS, "--output", folder / "made.csv", "--quiet")
    return [pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("real", "made")]


def both(tables, name, kind):
    return [table.loc[table[name] != "", name].astype(kind) for table in tables]


def share_error(real, made):
    """Total variation of two columns of labels."""
    a, b = (column.value_counts(normalize=True) for column in (real, made))
    return a.sub(b, fill_value=0).abs().sum() / 2


def test_integers_stay_integers_with_their_spike_and_their_tail(tables):
    real, made = tables
    for name in ("dose", "signed", "sodium", "seven"):
        assert made[name].str.fullmatch(r"-?\d+|").all(), name
    a, b = both(tables, "dose", int)
    assert abs((a == 0).mean() - (b == 0).mean()) < 0.03
    a, b = a[a > 0], b[b > 0]
    for q in (0.1, 0.5, 0.9, 0.99):
        assert abs(np.log(a.quantile(q) / b.quantile(q))) < (0.15 if q < 0.99 else 0.35), q
    assert b.nunique() > 128  # more than a value a bin
    a, b = both(tables, "signed", int)
    assert b.min() >= a.min() and b.max() <= a.max() and stats.ks_2samp(a, b).statistic < 0.04


def test_decimals_keep_their_number_and_rare_amounts_their_scale(tables):
    _, made = tables
    for name, form in (("weight", r"\d+\.\d"), ("ratio", r"\d\.\d{1,3}"), ("potassium", r"(\d\.\d|)"), ("income", r"\d+\.\d{1,2}")):
        assert made[name].str.fullmatch(form).all(), (name, made.loc[~made[name].str.fullmatch(form), name].head())
    assert made["ratio"].str.fullmatch(r"\d\.\d{3}").mean() > 0.85  # and not rounded coarser
    for name in ("weight", "ratio", "free", "income", "potassium"):
        a, b = both(tables, name, float)
        assert stats.ks_2samp(a, b).statistic < 0.045, name
    # Numbers without decimals are drawn anew, not repeated.
    assert len(set(made["free"]) & set(tables[0]["free"])) < 25


def test_extremes_and_rare_levels_are_nobodys(tables):
    a, b = both(tables, "income", float)
    a = np.sort(a)
    assert b.max() <= a[-10] and b.min() >= a[9]  # ten people have as much
    assert b.max() < 5e6 and b.min() > 0
    real, made = tables
    assert made["admitted"].min() > "2014"
    counts = real["diagnosis"].value_counts()
    assert set(made["diagnosis"]) <= set(counts[counts >= 10].index)
    assert not set(made["diagnosis"]) & {"one person's own", "nine of them"}
    assert share_error(real["diagnosis"], made["diagnosis"]) < 0.06


def test_dates_keep_their_weekdays_and_hours(tables):
    for name, part, error in (("admitted", "dayofweek", 0.04), ("seen", "hour", 0.06), ("reported", "month", 0.05)):
        a, b = (getattr(pd.to_datetime(t.loc[t[name] != "", name], format="ISO8601").dt, part) for t in tables)
        assert share_error(a, b) < error, (name, share_error(a, b))
    a, b = (pd.to_datetime(t["admitted"]) for t in tables)
    assert b.max() <= a.max() and stats.ks_2samp(a.astype("int64"), b.astype("int64")).statistic < 0.05
    _, made = tables
    assert made["admitted"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert made["seen"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d[05]").all()  # the five-minute grid


def test_dates_relative_to_another_never_come_before_it(tables):
    for first, then, unit in (("admitted", "discharged", "D"), ("seen", "left", "min")):
        a, b = ((pd.to_datetime(t[then]) - pd.to_datetime(t[first])) / pd.Timedelta(1, unit) for t in tables)
        assert b.min() >= 0
        assert stats.ks_2samp(a, b).statistic < 0.05, (then, a.describe(), b.describe())
    real, made = tables  # and hang on the other columns as they did
    for table in tables:
        table["stay"] = (pd.to_datetime(table["discharged"]) - pd.to_datetime(table["admitted"])).dt.days
    assert (real.groupby("ward")["stay"].mean() - made.groupby("ward")["stay"].mean()).abs().max() < 0.7


def test_microseconds_are_kept_and_new(tables):
    real, made = tables
    assert made["logged"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}").all()
    moments = pd.to_datetime(made["logged"])
    assert stats.kstest(moments.dt.microsecond / 1e6, "uniform").pvalue > 1e-4
    assert stats.ks_2samp(moments.astype("int64"), pd.to_datetime(real["logged"]).astype("int64")).statistic < 0.05
    assert not set(real["logged"]) & set(made["logged"])


def test_booleans_and_categories_keep_their_texts_and_shares(tables):
    real, made = tables
    for name in ("tested", "ward"):
        assert set(made[name]) == set(real[name])
        assert share_error(real[name], made[name]) < 0.03, name
    a, b = (t["weight"].astype(float).groupby(t["ward"]).mean() for t in tables)
    assert (a - b).abs().max() < 1.5


def test_values_that_are_missing_together_are_missing_together(tables):
    real, made = tables
    absent = pd.DataFrame({name: made[name] == "" for name in ("sodium", "potassium", "reported")})
    assert absent.nunique(axis=1).eq(1).mean() > 0.99
    assert (absent["sodium"] == (made["tested"] == "no")).mean() > 0.99  # 0.52 if it were not learned
    assert abs(absent["sodium"].mean() - (real["sodium"] == "").mean()) < 0.03
    full = [name for name in made if name not in ("sodium", "potassium", "reported", "nothing")]
    assert not (made[full] == "").any().any()  # and no gap where there was none


def test_constant_and_empty_columns_survive(tables):
    real, made = tables
    assert list(made)[:23] == list(typed_table(1000))
    assert set(made["same"]) == {"always"} and set(made["seven"]) == {"7"} and set(made["nothing"]) == {""}


def test_identifiers_are_new_and_of_their_form(tables):
    real, made = tables
    for name, form in (("patient", r"P\d{6}"), ("number", r"\d+"), ("uuid", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")):
        assert made[name].str.fullmatch(form).all() and made[name].is_unique, name
        assert not set(made[name]) & set(real[name]), name
    # Nor is the rest of a row anybody's.
    columns = [c for c in real.columns[3:23] if c != "nothing"]
    assert not set(map(tuple, real[columns].to_numpy())) & set(map(tuple, made[columns].to_numpy()))


def test_ten_thousand_levels_are_learned_with_what_hangs_on_them(tmp_path):
    levels, rows = 10_000, 130_000
    rng = np.random.default_rng(5)
    weight = rng.pareto(1.5, levels) + 1
    code = np.concatenate([np.repeat(np.arange(levels), 10), rng.choice(levels, rows - 10 * levels - 6, p=weight / weight.sum())])
    region = np.where(rng.random(len(code)) < 0.95, code % 3, rng.integers(0, 3, len(code)))
    real = pd.DataFrame({"code": [f"L{c}" for c in code] + ["only here"] * 6, "region": [f"r{r}" for r in region] + ["r0"] * 6})
    real = real.sample(frac=1, random_state=1)
    real.to_csv(tmp_path / "real.csv", index=False)
    run("train", tmp_path / "real.csv", "--output", tmp_path / "model.h5", "--blocks", 0, "--hidden", 32, "--epochs", 3, "--quiet")
    assert (tmp_path / "model.h5").stat().st_size < 8e6
    run("generate", tmp_path / "model.h5", "--rows", rows, "--output", tmp_path / "made.csv", "--quiet")
    made = pd.read_csv(tmp_path / "made.csv", dtype=str)
    assert set(made["code"]) <= set(real["code"]) - {"only here"}
    assert made["code"].nunique() > 0.95 * levels
    # A second draw of the real table's shares is 0.11 from them.
    assert share_error(real["code"], made["code"]) < 0.14
    common = real["code"].value_counts().index[:300]
    right = made[made["code"].isin(common)]
    agree = right["code"].str[1:].astype(int) % 3 == right["region"].str[1:].astype(int)
    assert agree.mean() > 0.92  # 0.97 in the real table


def test_levels_that_the_real_table_has_not_are_reported(tmp_path):
    rng = np.random.default_rng(3)
    real = pd.DataFrame({"ward": rng.choice(["a", "b", "c"], 800), "age": rng.integers(20, 90, 800)})
    made = real.sample(frac=1, random_state=2).reset_index(drop=True)
    made.loc[:79, "ward"] = "invented"
    for name, table in (("real", real), ("made", made)):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    run("evaluate", "--real", tmp_path / "real.csv", "--synthetic", tmp_path / "made.csv", "--output", tmp_path / "out", "--sample", 500, "--quiet")
    report = json.load(open(tmp_path / "out" / "report.json"))
    checks = {check["id"]: check for group in report["groups"] for section in group["sections"] for check in section["checks"]}
    assert abs(checks["quality.adherence"]["value"] - (1 + 0.9) / 2) < 1e-6


def test_dates_keep_their_order_without_metadata(tmp_path):
    rng = np.random.default_rng(4)
    into = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 2000, 1000), "D")
    pd.DataFrame({"out": into + pd.to_timedelta(rng.geometric(0.2, 1000) - 1, "D"), "in": into}).to_csv(
        tmp_path / "real.csv", index=False)
    before = {}
    for kept in ("true", "false"):
        run("train", tmp_path / "real.csv", "--output", tmp_path / "model.h5", "--date-order", kept, "--quiet")
        run("generate", tmp_path / "model.h5", "--rows", 1000, "--output", tmp_path / "made.csv", "--quiet")
        made = pd.read_csv(tmp_path / "made.csv", parse_dates=["in", "out"])
        before[kept] = (made["out"] < made["in"]).sum()
    assert before["true"] == 0 and before["false"] > 0
