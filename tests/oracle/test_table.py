"""Tables that the program reads and writes, against pandas, pyarrow, h5py and Python's csv module."""
import csv
import datetime
import gzip
import json
import os
import random
import subprocess

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
h5py = pytest.importorskip("h5py")
pq = pytest.importorskip("pyarrow.parquet")

PROGRAM = os.environ["SEMBLANCE_BIN"]


def run(*arguments, code=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done


def frame(n=500, seed=1):
    """Every kind, with missing values, dates of 1850 and 2400, and awkward texts."""
    rng = np.random.default_rng(seed)
    days = [datetime.date(1850, 1, 1) + datetime.timedelta(int(d)) for d in rng.integers(0, 200000, n)]
    moments = [datetime.datetime(1850, 1, 1) + datetime.timedelta(seconds=int(s))
               for s in rng.integers(0, 17_000_000_000, n)]
    texts = ["plain", "a, b", 'say "hi"', "two\nlines", "é", " blank ", "semi;colon"]
    data = pd.DataFrame({
        "count": rng.integers(-1000, 1000, n).astype(object),
        "real": rng.normal(size=n).astype(object),
        "cents": np.round(rng.uniform(0, 100, n), 2).astype(object),
        "text": rng.choice(texts, n).astype(object),
        "truth": rng.choice(["yes", "no"], n).astype(object),
        "day": np.array([d.isoformat() for d in days], object),
        "moment": np.array([m.isoformat(sep=" ") for m in moments], object),
        "odd/name %": rng.choice(["x", "y"], n).astype(object),
    })
    for name in data:
        data.loc[rng.uniform(size=n) < 0.1, name] = None
    return data


@pytest.fixture
def table(tmp_path):
    data = frame()
    data.to_csv(tmp_path / "in.csv", index=False, quoting=csv.QUOTE_NONNUMERIC)  # blanks need quotes
    return data, tmp_path


def seconds(text):
    return (datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1)).total_seconds()


def check_h5(path, data):
    with h5py.File(path) as file:
        columns = {dataset.attrs["name"]: (link, dataset) for link, dataset in file["columns"].items()}
        assert set(columns) == set(data.columns)
        assert file.attrs["rows"] == len(data)
        for name, (link, dataset) in columns.items():
            raw, wanted = dataset[...], data[name]
            assert len(raw) == len(data)
            missing = np.isnan(raw) if raw.dtype.kind == "f" else raw == dataset.attrs["_FillValue"]
            assert (missing == wanted.isna().to_numpy()).all(), name
            present = raw[~missing]
            if link in file["categories"]:
                levels = np.array([t.decode() for t in file["categories"][link][...]], object)
                assert (levels[present] == wanted.dropna().to_numpy()).all(), name
            elif name == "day":
                assert dataset.attrs["units"] == "days since 1970-01-01"
                assert (present * 86400 == wanted.dropna().map(seconds).to_numpy()).all()
            elif name == "moment":
                assert dataset.attrs["units"] == "microseconds since 1970-01-01 00:00:00"
                assert (present == wanted.dropna().map(seconds).to_numpy() * 1e6).all()
            else:
                assert (present == wanted.dropna().to_numpy(float)).all(), name


def test_h5_is_read_by_h5py(table):
    data, folder = table
    run("export", folder / "in.csv", folder / "out.h5")
    check_h5(folder / "out.h5", data)


def test_shards_are_read_by_h5py_from_any_folder(table, monkeypatch):
    data, folder = table
    run("export", folder / "in.csv", folder / "out", "--rows-per-part", 123)
    monkeypatch.chdir("/")
    check_h5(folder / "out" / "dataset.h5", data)
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert manifest["rows"] == len(data) and manifest["columns"] == list(data.columns)
    assert [part["rows"] for part in manifest["parts"]] == [123, 123, 123, 123, 8]
    start = 0
    for part in manifest["parts"]:
        check_h5(folder / "out" / part["file"], data.iloc[start:start + part["rows"]])
        start += part["rows"]


def test_identifiers_are_texts_in_every_part_and_over_all(tmp_path):
    names = [f"id-{i * i}" for i in range(250)]
    (tmp_path / "in.csv").write_text("patient_id,x\n" + "".join(f"{n},{i}\n" for i, n in enumerate(names)))
    run("export", tmp_path / "in.csv", tmp_path / "out", "--rows-per-part", 100)
    with h5py.File(tmp_path / "out" / "dataset.h5") as file:
        assert list(file["columns/patient_id"].asstr()[...]) == names
    with h5py.File(tmp_path / "out" / "part-00001.h5") as file:
        assert list(file["columns/patient_id"].asstr()[...]) == names[100:200]
        assert file["columns/patient_id"].attrs["_FillValue"] == b""


def test_parquet_is_read_by_pyarrow(table):
    data, folder = table
    run("export", folder / "in.csv", folder / "out.parquet")
    back = pq.read_table(folder / "out.parquet")
    assert back.column_names == list(data.columns)
    types = {name: str(back.schema.field(name).type) for name in back.column_names}
    assert types == {"count": "int64", "real": "double", "cents": "double", "text": "string", "truth": "string",
                     "day": "date32[day]", "moment": "timestamp[us]", "odd/name %": "string"}
    for name in data:
        for got, wanted in zip(back[name].to_pylist(), data[name]):
            if pd.isna(wanted):
                assert got is None
            elif name in ("day", "moment"):
                assert got.isoformat(**({"sep": " "} if name == "moment" else {})) == wanted
            else:
                assert got == wanted


def test_csv_is_read_by_pandas(table):
    data, folder = table
    for ending in ("csv", "csv.gz"):
        run("export", folder / "in.csv", folder / f"out.{ending}")
        back = pd.read_csv(folder / f"out.{ending}", keep_default_na=False, na_values=[""],
                           float_precision="round_trip")
        for name in data:
            assert (back[name].isna() == data[name].isna()).all()
            got, wanted = back[name].dropna().to_numpy(), data[name].dropna().to_numpy()
            assert (got.astype(wanted.dtype) == wanted).all(), name


@pytest.mark.parametrize("between", ["b.h5", "b.parquet", "b.csv.gz", "b"])
def test_the_csv_after_any_format_is_the_same(table, between):
    _, folder = table
    run("export", folder / "in.csv", folder / "a.csv")
    run("export", folder / "a.csv", folder / between)
    run("export", folder / between, folder / "c.csv")
    assert (folder / "a.csv").read_bytes() == (folder / "c.csv").read_bytes()


def test_pandas_tables_come_back_byte_for_byte(tmp_path):
    """What pandas wrote and the program read, it writes again as it was."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({
        "shortest": rng.normal(size=1000) * 10.0 ** rng.integers(-4, 12, 1000),
        "whole": rng.integers(0, 100, 1000).astype(float),
        "tenths": np.round(rng.uniform(0, 50, 1000), 1),
        "time": pd.to_datetime(rng.integers(0, 2_000_000_000, 1000), unit="s"),
        "text": rng.choice(["a", 'b "x"', "c,d"], 1000),
    })
    data.loc[::7, ["shortest", "whole", "tenths", "time", "text"]] = None
    data.to_csv(tmp_path / "in.csv", index=False)
    run("export", tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == (tmp_path / "in.csv").read_text()


def test_parquet_of_pandas_is_read(tmp_path):
    data = pd.DataFrame({
        "i8": pd.array([1, None, -3], dtype="Int8"), "u32": pd.array([1, 2, 4_000_000_000], dtype="uint32"),
        "f32": np.array([1.5, np.nan, 2.25], "float32"), "b": pd.array([True, None, False], dtype="boolean"),
        "cat": pd.Categorical(["x", None, "y"]), "ns": pd.to_datetime(["2003-02-01 10:20:30", None, "1900-01-01 00:00:00"]),
        "text_dates": ["2003-02-01", "2004-12-31", None], "all_null": [None, None, None],
    })
    data.to_parquet(tmp_path / "in.parquet")
    run("export", tmp_path / "in.parquet", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "i8,u32,f32,b,cat,ns,text_dates,all_null", "1,1,1.5,true,x,2003-02-01 10:20:30,2003-02-01,",
        ",2,,,,,2004-12-31,", "-3,4000000000,2.25,false,y,1900-01-01 00:00:00,,"]


def test_random_quoting_is_read_as_pythons_csv_module_wrote_it(tmp_path):
    rng = random.Random(11)
    pieces = ["a", "b c", '"', ",", "\n", "\r\n", "é", "'", "1", "-", "x" * 70, ";", "|"]
    for round_number in range(12):
        width = rng.randint(1, 6)
        rows = [["v" + "".join(rng.choice(pieces) for _ in range(rng.randint(0, 12))) + "w" for _ in range(width)]
                for _ in range(rng.randint(1, 60))]
        path = tmp_path / ("in.csv.gz" if round_number % 2 else "in.csv")
        opened = gzip.open if round_number % 2 else open
        with opened(path, "wt", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=rng.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
                                lineterminator=rng.choice(["\n", "\r\n"]))
            writer.writerow([f"c{i}" for i in range(width)])
            writer.writerows(rows)
        run("export", path, tmp_path / "out.parquet")
        back = pq.read_table(tmp_path / "out.parquet").to_pydict()
        assert [list(row) for row in zip(*back.values())] == rows


@pytest.mark.parametrize("pattern", ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%Y%m%d", "%d.%m.%Y",
                                     "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y %I:%M %p",
                                     "%Y-%m-%d %H:%M:%S.%f"])
def test_dates_are_read_as_pythons_strftime_wrote_them(tmp_path, pattern):
    rng = random.Random(pattern)
    moments = [datetime.datetime(1900, 1, 1) + datetime.timedelta(microseconds=rng.randrange(7 * 10**15))
               for _ in range(300)]
    texts = [m.strftime(pattern) for m in moments]
    (tmp_path / "in.csv").write_text("d,i\n" + "".join(f"{t},{i}\n" for i, t in enumerate(texts)))
    run("export", tmp_path / "in.csv", tmp_path / "out.parquet")
    back = pq.read_table(tmp_path / "out.parquet")["d"].to_pylist()
    for got, text in zip(back, texts):
        wanted = datetime.datetime.strptime(text, pattern)
        assert got == (wanted if isinstance(got, datetime.datetime) else wanted.date())
    run("export", tmp_path / "out.parquet", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == (tmp_path / "in.csv").read_text()


@pytest.mark.parametrize("content, code, parts", [
    (b"a,b\n1,2\n1,2,3\n", 3, ["in.csv", "row 2", "3 fields"]),
    (b"a,b\n1,\"2\n", 3, ["in.csv", "row 1", "'b'", "never closed"]),
    (b"a,b\n1,caf\xe9\n", 3, ["in.csv", "row 1", "'b'", "UTF-8"]),
    (b"a,b\n", 3, ["in.csv", "no rows"]),
    (b"", 3, ["in.csv", "empty"]),
    (gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:40], 3, ["in.csv", "cut short"]),
    (None, 4, ["in.csv", "No such file"]),
])
def test_bad_input_ends_with_its_code_and_no_output(tmp_path, content, code, parts):
    if content is not None:
        (tmp_path / "in.csv").write_bytes(content)
    done = run("export", tmp_path / "in.csv", tmp_path / "out.h5", code=code)
    for part in parts:
        assert part in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == (["in.csv"] if content is not None else [])


def test_output_that_cannot_be_written(tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n")
    assert "nowhere" in run("export", tmp_path / "in.csv", tmp_path / "nowhere" / "out.csv", code=4).stderr
    assert ".parquet" in run("export", tmp_path / "in.csv", tmp_path / "out.xlsx", code=2).stderr


def test_inspect_writes_metadata_that_it_reads_back(table):
    _, folder = table
    page = run("inspect", folder / "in.csv", "--output", folder / "m.yaml").stdout
    for kind in ("integer", "float", "category", "boolean", "date", "datetime"):
        assert kind in page
    again = run("inspect", folder / "in.csv", "--metadata", folder / "m.yaml", "--output", folder / "n.yaml").stdout
    assert page.split("\n\n")[1] == again.split("\n\n")[1]
    assert (folder / "m.yaml").read_text() == (folder / "n.yaml").read_text()


def test_info_in_json(table):
    data, folder = table
    run("export", folder / "in.csv", folder / "out", "--rows-per-part", 200)
    info = json.loads(run("info", folder / "out", "--json").stdout)
    assert info["what"] == "shard directory" and info["rows"] == len(data) and len(info["parts"]) == 3
    assert [column["name"] for column in info["columns"]] == list(data.columns)
