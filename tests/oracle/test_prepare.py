"""recipes/mimic3-*-compatible.yaml against the published procedure in pandas, on mock-hospital tables."""

import gzip
import os
import pathlib
import subprocess

import pytest

pandas = pytest.importorskip("pandas")

from published_mimic import published_table  # noqa: E402

PROGRAM = os.environ.get("SEMBLANCE_BIN")
RECIPES = pathlib.Path(__file__).resolve().parents[2] / "recipes"
pytestmark = pytest.mark.skipif(not PROGRAM, reason="SEMBLANCE_BIN names no program")


def run(*arguments):
    subprocess.run([PROGRAM, *map(str, arguments), "--quiet"], check=True)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    run("mock-hospital", "--patients", 150, "--seed", 3, "--output", folder)
    return folder


def cut(hospital, folder, keep_row):
    """The tables with every file plain, headers in lower case and ROW_ID-ordered rows thinned out."""
    for path in hospital.iterdir():
        lines = gzip.open(path, "rt").read().splitlines(keepends=True)
        thinned = lines[1:] if path.name.startswith("D_ITEMS") else [l for i, l in enumerate(lines[1:]) if keep_row(i)]
        (folder / path.name[:-3].lower()).write_text(lines[0].lower() + "".join(thinned))
    return folder


def compare(folder, size, tmp_path):
    run("prepare", RECIPES / f"mimic3-{size}-compatible.yaml", "--input", folder, "--output", tmp_path / "ours.csv")
    published_table(folder, size).to_csv(tmp_path / "theirs.csv", index=False)
    ours, theirs = (tmp_path / "ours.csv").read_text(), (tmp_path / "theirs.csv").read_text()
    assert theirs.count("\n") > 20
    assert ours == theirs


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_compatible_recipes_equal_the_published_procedure_byte_for_byte(hospital, size, tmp_path):
    compare(hospital, size, tmp_path)


@pytest.mark.parametrize("size", ["small", "large"])
def test_other_cuts_of_the_tables_agree_too(hospital, size, tmp_path):
    folder = tmp_path / "cut"
    folder.mkdir()
    compare(cut(hospital, folder, lambda i: i % 3 != 1), size, tmp_path)


def test_numeric_runs_are_written_as_pandas_writes_numbers(hospital, tmp_path):
    """The first 65,536 chart events hold numbers only, as the item-ordered files of MIMIC-III may."""
    folder = tmp_path / "numeric"
    folder.mkdir()
    for path in hospital.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    events = pandas.read_csv(hospital / "CHARTEVENTS.csv.gz", dtype=str, keep_default_na=False)
    numeric = events[(events["VALUENUM"] != "") & ~events["VALUE"].str.contains("[a-z]", regex=True)]
    rest = events.drop(numeric.index[:70_000])
    pandas.concat([numeric.iloc[:70_000], rest]).to_csv(folder / "CHARTEVENTS.csv.gz", index=False)
    compare(folder, "small", tmp_path)


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_corrected_recipes_keep_intervals_and_true_joins(hospital, size, tmp_path):
    run("prepare", RECIPES / f"mimic3-{size}-corrected.yaml", "--input", hospital, "--output", tmp_path / "out.csv")
    table = pandas.read_csv(tmp_path / "out.csv", parse_dates=["ADMITTIME", "DISCHTIME", "CHARTTIME", "DOB"])
    assert (table["ADMITTIME"] <= table["CHARTTIME"]).all() and (table["CHARTTIME"] <= table["DISCHTIME"]).all()
    assert table["ADMITTIME"].dt.year.between(2000, 2013).all()
    years = (table["ADMITTIME"] - table["DOB"]).dt.days / 365.2425
    assert (abs(years - table["age"] - 0.5) < 0.6).all()
    # One shift an admission: the true lengths of stay appear, and no others.
    admissions = pandas.read_csv(hospital / "ADMISSIONS.csv.gz")
    lengths = pandas.to_datetime(admissions["DISCHTIME"]) - pandas.to_datetime(admissions["ADMITTIME"])
    pairs = set(zip(admissions["SUBJECT_ID"], lengths.dt.total_seconds()))
    found = set(zip(table["SUBJECT_ID"], (table["DISCHTIME"] - table["ADMITTIME"]).dt.total_seconds()))
    assert found <= pairs


def test_icu_stays_has_one_row_a_stay_with_the_first_vitals(hospital, tmp_path):
    run("prepare", RECIPES / "icu-stays.yaml", "--input", hospital, "--output", tmp_path / "out.csv")
    table = pandas.read_csv(tmp_path / "out.csv")
    stays = pandas.read_csv(hospital / "ICUSTAYS.csv.gz")
    assert len(table) == len(stays) and table.shape[1] == 17
    events = pandas.read_csv(hospital / "CHARTEVENTS.csv.gz", low_memory=False)
    heart = events[events["ITEMID"].isin([211, 220045]) & (events["VALUENUM"] > 0)]
    first = heart.sort_values("CHARTTIME", kind="stable").groupby("ICUSTAY_ID")["VALUENUM"].first()
    expected = stays["ICUSTAY_ID"].map(first)
    assert (expected.fillna(-1) == table["heart_rate"].fillna(-1)).all()
