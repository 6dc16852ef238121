"""Columns of numbers among texts, from a CSV file to a model and back, held against pandas' view of the source."""
import pytest
from program import run

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
stats = pytest.importorskip("scipy.stats")
h5py = pytest.importorskip("h5py")

ROWS = 5000
NUMBER = r"-?(0|[1-9]\d*)(\.\d+)?"
ITEMS = {"pulse": 0.3, "temperature": 0.25, "acidity": 0.15, "rhythm": 0.2, "remark": 0.1}


def events(n, seed=1):
    """VALUE holds whole pulses, temperatures of one decimal in single precision, pH of two decimals, texts and remarks of their own."""
    rng = np.random.default_rng(seed)
    item = rng.choice(list(ITEMS), n, p=list(ITEMS.values()))
    value = np.select(
        [item == "pulse", item == "temperature", item == "acidity", item == "rhythm"],
        [rng.normal(90, 60, n).round().clip(20).astype(int).astype(str),
         ["%.17g" % np.float32(round(v, 1)) for v in rng.normal(60, 20, n)],
         [f"{v:.2f}" for v in rng.normal(7.4, 0.5, n)],
         rng.choice(["Sinus", "Paced", "Afib"], n, p=[0.7, 0.2, 0.1])],
        [f"remark {i}" for i in range(n)])
    result = np.where(rng.random(n) < 0.97, [f"{v:.3f}" for v in rng.lognormal(1, 1, n)], rng.choice(["HAEMOLYSED", "<0.05"], n))
    table = pd.DataFrame({"ITEM": item, "VALUE": value, "RESULT": result, "WARD": rng.choice(["a", "b"], n)})
    table.loc[rng.random(n) < 0.1, "RESULT"] = ""
    return table.astype(str)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("text_numbers")
    events(ROWS).to_csv(path / "real.csv", index=False)
    run("train", path / "real.csv", "--output", path / "model.h5", "--blocks", 1, "--hidden", 64, "--epochs", 15, "--quiet")
    run("generate", path / "model.h5", "--rows", ROWS, "--output", path / "made.csv", "--quiet")
    return path


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def tables(folder):
    return read(folder / "real.csv"), read(folder / "made.csv")


def test_numbers_are_made_where_texts_were_withheld(tables):
    real, made = tables
    numbers = [table["VALUE"].str.fullmatch(NUMBER).mean() for table in tables]
    assert abs(numbers[0] - numbers[1]) < 0.03
    assert abs((made["VALUE"] == "_RARE_").mean() - real["VALUE"].str.startswith("remark").mean()) < 0.03
    assert not made["VALUE"].str.startswith("remark").any()
    assert not (made["RESULT"] == "_RARE_").any()
    share = [(table["RESULT"] == "HAEMOLYSED").mean() for table in tables]
    assert abs(share[0] - share[1]) < 0.01
    assert abs((made["RESULT"] == "").mean() - (real["RESULT"] == "").mean()) < 0.02


def test_numbers_follow_their_item_and_its_way_of_writing(tables):
    forms = {"pulse": r"\d+", "temperature": r"-?\d+(\.\d|\.\d{13,16})?", "acidity": r"\d\.\d\d"}
    for item, form in forms.items():
        a, b = (table.loc[table["ITEM"] == item, "VALUE"] for table in tables)
        assert b.str.fullmatch(form).mean() > 0.93, (item, b[~b.str.fullmatch(form)].head())
        b = b[b.str.fullmatch(form)]
        assert stats.ks_2samp(a.astype(float), b.astype(float)).statistic < 0.1, item
    tail = [table["VALUE"].str.fullmatch(r"-?\d*\.\d{9,}").mean() for table in tables]
    assert abs(tail[0] - tail[1]) < 0.03
    made = tables[1]["VALUE"]
    for text in made[made.str.fullmatch(r"-?\d*\.\d{9,}")].head(200):
        assert text == "%.17g" % np.float32(text) and len(str(np.float32(text)).split(".")[1]) == 1
    a, b = (table.loc[table["RESULT"].str.fullmatch(NUMBER), "RESULT"] for table in tables)
    assert b.str.fullmatch(r"\d+\.\d{3}").all()
    assert stats.ks_2samp(a.astype(float), b.astype(float)).statistic < 0.04


def test_extremes_are_nobodys(tables):
    real, made = tables
    for column, form in (("RESULT", r"\d+\.\d{3}"), ("VALUE", r"\d+")):
        a, b = (np.sort(t.loc[t[column].str.fullmatch(form), column].astype(float)) for t in (real, made))
        counts = real[column].value_counts()
        rare = np.sort(np.concatenate([np.repeat(float(v), n) for v, n in counts.items() if n < 10 and pd.Series([v]).str.fullmatch(form).all()]))
        kept = [float(v) for v, n in counts.items() if n >= 10 and pd.Series([v]).str.fullmatch(form).all()]
        assert b.max() <= max([rare[-10], *kept]) and b.min() >= min([rare[9], *kept]), column


def test_conditions_name_rare_numbers(folder):
    run("generate", folder / "model.h5", "--rows", 40, "--output", folder / "where.csv", "--where", "VALUE = 7.41", "--quiet")
    made = read(folder / "where.csv")
    assert (made["VALUE"] == "7.41").all()
    assert (made["ITEM"] == "acidity").mean() > 0.8
    run("generate", folder / "model.h5", "--rows", 400, "--output", folder / "not.csv", "--where", "RESULT NOT IN (2.718, HAEMOLYSED)", "--quiet")
    assert not read(folder / "not.csv")["RESULT"].isin(["2.718", "HAEMOLYSED", ""]).any()
    refused = run("generate", folder / "model.h5", "--rows", 4, "--output", folder / "none.csv", "--where", "RESULT = 99999.125", check=False)
    assert refused.returncode != 0 and "numbers from" in refused.stderr


def test_given_numbers_stay_and_say_what_they_mean(folder):
    given = pd.DataFrame({"VALUE": ["7.41", "7.385", "Sinus", "", "remark 1"] * 40})
    given.to_csv(folder / "given.csv", index=False)
    run("generate", folder / "model.h5", "--like", folder / "given.csv", "--output", folder / "like.csv", "--quiet")
    made = read(folder / "like.csv")
    assert (made["VALUE"] == given["VALUE"]).all()
    assert (made["ITEM"][made["VALUE"].isin(["7.41", "7.385"])] == "acidity").mean() > 0.8
    assert (made["ITEM"][made["VALUE"] == "Sinus"] == "rhythm").mean() > 0.9
    run("generate", folder / "model.h5", "--like", folder / "given.csv", "--impute", "--output", folder / "filled.csv", "--quiet")
    filled = read(folder / "filled.csv")
    assert (filled["VALUE"] != "").all()


def test_copies_of_rows_can_be_refused(folder):
    run("generate", folder / "model.h5", "--rows", ROWS, "--output", folder / "guarded.csv", "--reject-copies-of", folder / "real.csv", "--quiet")
    real, made = (set(map(tuple, read(folder / name).to_numpy())) for name in ("real.csv", "guarded.csv"))
    assert not real & made


def test_fixed_combinations_are_made_of_kept_levels_only(folder):
    real = events(ROWS)
    real["GROUP"] = np.where(real["RESULT"].str.fullmatch(NUMBER), "number", "text")
    real.to_csv(folder / "combined.csv", index=False)
    (folder / "combined.yaml").write_text("constraints:\n  - fixcombo RESULT GROUP\n")
    run("train", folder / "combined.csv", "--metadata", folder / "combined.yaml", "--output", folder / "combined.h5", "--epochs", 3, "--hidden", 32, "--blocks", 0, "--quiet")
    run("generate", folder / "combined.h5", "--rows", 500, "--output", folder / "combined_made.csv", "--quiet")
    pairs = set(map(tuple, real[["RESULT", "GROUP"]].to_numpy()))
    assert set(map(tuple, read(folder / "combined_made.csv")[["RESULT", "GROUP"]].to_numpy())) <= pairs


def test_models_of_before_must_be_trained_again(folder):
    (folder / "old.h5").write_bytes((folder / "model.h5").read_bytes())
    with h5py.File(folder / "old.h5", "r+") as file:
        codecs = []
        file.visititems(lambda name, item: codecs.append(name) if name.split("/")[-1] == "codec" else None)
        file[codecs[0]].attrs["version"] = np.int64(2)
    refused = run("generate", folder / "old.h5", "--rows", 4, "--output", folder / "none.csv", check=False)
    assert refused.returncode != 0 and "train the model again" in refused.stderr
