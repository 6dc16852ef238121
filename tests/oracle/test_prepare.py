"""recipes/mimic3-*-compatible.yaml against the published procedure in pandas, on mock-hospital tables."""

import csv
import gzip
import os
import pathlib
import shutil
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


def cut(hospital, folder, keep_row=lambda i: True, header=str, quote=csv.QUOTE_MINIMAL, ending=".csv", row_ids=True):
    """The tables again: fewer rows, another case in headers and names, other quotes, no ROW_ID but in ADMISSIONS."""
    for path in hospital.iterdir():
        name = path.name.removesuffix(".csv.gz")
        with gzip.open(path, "rt", newline="") as file:
            first, *rows = csv.reader(file)
        if name != "D_ITEMS":
            rows = [row for i, row in enumerate(rows) if keep_row(i)]
        kept = [c for c, title in enumerate(first) if row_ids or title != "ROW_ID" or name == "ADMISSIONS"]
        target = folder / (header(name) + ending)
        with (gzip.open if ending.endswith("gz") else open)(target, "wt", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([header(first[c]) for c in kept])
            csv.writer(file, lineterminator="\n", quoting=quote).writerows([row[c] for c in kept] for row in rows)
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


CUTS = {
    "two thirds of the rows, lower case, plain": ("small", dict(keep_row=lambda i: i % 3 != 1, header=str.lower)),
    "every other row": ("large", dict(keep_row=lambda i: i % 2 == 0)),
    "all cells quoted, gz": ("medium", dict(quote=csv.QUOTE_ALL, ending=".csv.gz")),
    "no ROW_ID": ("large", dict(row_ids=False, header=str.lower)),
    "first half, mixed case": ("small", dict(keep_row=lambda i: i < 100_000, header=str.title, ending=".csv.gz")),
}


@pytest.mark.parametrize("name", CUTS)
def test_other_cuts_of_the_tables_agree_too(hospital, name, tmp_path):
    size, how = CUTS[name]
    folder = tmp_path / "cut"
    folder.mkdir()
    compare(cut(hospital, folder, **how), size, tmp_path)


@pytest.mark.parametrize("seed, patients, size", [(1, 40, "large"), (2, 90, "medium"), (5, 60, "small")])
def test_other_hospitals_agree_too(seed, patients, size, tmp_path):
    folder = tmp_path / "other"
    run("mock-hospital", "--patients", patients, "--seed", seed, "--output", folder)
    compare(folder, size, tmp_path)


def test_admissions_without_row_ids_are_numbered(hospital, tmp_path):
    folders = [tmp_path / "with", tmp_path / "without"]
    for folder in folders:
        folder.mkdir()
        cut(hospital, folder)
    admissions = pandas.read_csv(folders[1] / "ADMISSIONS.csv", dtype=str, keep_default_na=False)
    assert (admissions["ROW_ID"].astype(int) == range(1, len(admissions) + 1)).all()
    admissions.drop(columns="ROW_ID").to_csv(folders[1] / "ADMISSIONS.csv", index=False)
    for folder in folders:
        run("prepare", RECIPES / "mimic3-small-compatible.yaml", "--input", folder, "--output", folder / "out.csv")
    assert (folders[0] / "out.csv").read_bytes() == (folders[1] / "out.csv").read_bytes()


def launch(ranks, *arguments):
    """The program under mpirun, as root too and with more ranks than cores."""
    environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    command = ["mpirun", "--oversubscribe", "-n", ranks, PROGRAM, *arguments, "--quiet"]
    subprocess.run(list(map(str, command)), check=True, env=environment)


@pytest.mark.skipif(not shutil.which("mpirun"), reason="there is no mpirun")
@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_any_number_of_ranks_writes_the_same_bytes(hospital, ending, tmp_path):
    """Plain files are split by bytes, with line ends inside quotes; the gz files of the hospital between members."""
    folder = hospital
    if ending == ".csv":
        folder = cut(hospital, tmp_path, quote=csv.QUOTE_ALL)
        events = (folder / "CHARTEVENTS.csv").read_text().replace('"bpm"', '"bpm\n,""per"" minute"')
        assert events.count("minute") > 1000
        (folder / "CHARTEVENTS.csv").write_text(events)
    outputs = []
    for ranks in [1, 2, 3]:
        output = tmp_path / f"out{ranks}.csv"
        launch(ranks, "prepare", RECIPES / "mimic3-large-compatible.yaml", "--input", folder, "--output", output)
        outputs.append(output.read_bytes())
    assert len(outputs[0]) > 10_000
    assert outputs[1] == outputs[0] and outputs[2] == outputs[0]


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
