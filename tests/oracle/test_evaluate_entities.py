"""The report's "Rows of one person" beside numpy and pandas on tables of which the people differ."""
import evaluate_tables
import numpy as np
import pandas as pd
import pytest

METADATA = """columns:
  person: {kind: id}
  seen: {kind: date, format: "%Y-%m-%d"}
  born: {kind: integer}
  sex: {kind: category}
  ward: {kind: category}
  pulse: {kind: float}
entity: person
"""


def people(n, stay, rho, gap, seed):
    """Rows in the order of the people and their dates; 6 % of the cells of ward and pulse missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(n):
        day, pulse, ward = pd.Timestamp("2020-01-01") + pd.Timedelta(days=int(rng.integers(300))), rng.normal(), rng.integers(4)
        born, sex = int(rng.integers(1930, 2000)), "FM"[rng.integers(2)]
        for _ in range(1 + rng.poisson(1.5 + person % 2)):
            rows.append((f"P{person}", day.strftime("%Y-%m-%d"), born, sex, f"ward {ward}", round(70 + 10 * pulse, 1)))
            day += pd.Timedelta(days=int(rng.exponential(gap)))
            pulse = rho * pulse + (1 - rho**2) ** 0.5 * rng.normal()
            ward = ward if rng.random() < stay else rng.integers(4)
    frame = pd.DataFrame(rows, columns=["person", "seen", "born", "sex", "ward", "pulse"])
    for name in ["ward", "pulse"]:
        frame.loc[rng.random(len(frame)) < 0.06, name] = np.nan
    return frame


def pairs(frame):
    """(rows, the next rows of the same people) in the order of the dates."""
    frame = frame.sort_values(["person", "seen"], kind="stable").reset_index(drop=True)
    follows = (frame["person"] == frame["person"].shift(-1)).to_numpy()[:-1]
    return frame[:-1][follows].reset_index(drop=True), frame[1:][follows].reset_index(drop=True)


def ks(a, b):
    points = np.union1d(a, b)
    return max(abs(np.mean(np.asarray(a) <= p) - np.mean(np.asarray(b) <= p)) for p in points)


def unchanged(frame, column):
    a, b = pairs(frame)
    return ((a[column] == b[column]) | (a[column].isna() & b[column].isna())).mean()


def constant(frame, column):
    groups = frame.fillna({column: "missing"}).astype({column: str}).groupby("person")[column]
    return (groups.nunique()[groups.size() > 1] == 1).mean()


def association(frame, column):
    a, b = pairs(frame)
    both = a[column].notna() & b[column].notna()
    a, b = a[column][both], b[column][both]
    if column == "seen":
        a, b = (pd.to_datetime(x).astype("int64") for x in (a, b))
    if column != "ward":
        return np.corrcoef(a, b)[0, 1]
    counts = pd.crosstab(a, b).to_numpy(float)
    expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    chi = ((counts - expected) ** 2 / expected).sum()
    return np.sqrt(chi / (counts.sum() * (min(counts.shape) - 1)))


def gaps(frame):
    a, b = pairs(frame)
    return (pd.to_datetime(b["seen"]) - pd.to_datetime(a["seen"])).dt.days.to_numpy()


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    real, synthetic, holdout = people(500, 0.9, 0.8, 20, 1), people(400, 0.7, 0.4, 30, 2), people(300, 0.9, 0.8, 20, 3)
    # Two synthetic people whose sex changes, one whose rows are out of order.
    changed = synthetic.index[synthetic["person"].duplicated()][[3, 40]]
    synthetic.loc[changed, "sex"] = synthetic.loc[changed, "sex"].map({"F": "M", "M": "F"})
    evaluate_tables.METADATA, kept = METADATA, evaluate_tables.METADATA
    try:
        report, checks = evaluate_tables.evaluate(tmp_path_factory.mktemp("people"), real, synthetic, holdout, "--sample", "300")
    finally:
        evaluate_tables.METADATA = kept
    return real, synthetic, holdout, report, checks


def test_rows_a_person_and_the_time_between_rows(judged):
    real, synthetic, holdout, _, checks = judged
    for name, of in (("quality.entity_rows_ks", lambda t: t.groupby("person").size()), ("quality.entity_gaps_ks", gaps)):
        assert checks[name]["value"] == pytest.approx(ks(of(real), of(synthetic)), abs=1e-4), name
        assert checks[name]["reference"] == pytest.approx(ks(of(real), of(holdout)), abs=1e-4), name
    assert ks(gaps(real), gaps(synthetic)) > 0.1


def test_what_is_constant_and_what_stays(judged):
    real, synthetic, holdout, report, checks = judged
    assert constant(real, "sex") == 1
    assert checks["quality.entity_constants"]["value"] == pytest.approx(min(constant(synthetic, c) for c in ("sex", "born")), abs=1e-4)
    assert checks["quality.entity_constants"]["value"] < 1
    varying = ["seen", "ward", "pulse"]
    for side, key in ((synthetic, "value"), (holdout, "reference")):
        wanted = np.mean([abs(unchanged(real, c) - unchanged(side, c)) for c in varying])
        assert checks["quality.entity_unchanged"][key] == pytest.approx(wanted, abs=1e-4)
    shown = evaluate_tables.table_of(report, "How often a value stays")
    for row in shown.itertuples(index=False):
        wanted = [unchanged(real, row[0]), unchanged(synthetic, row[0]), constant(real, row[0]), constant(synthetic, row[0])]
        assert [float(x) for x in row[1:]] == pytest.approx(wanted, abs=1e-3), row
    assert set(shown.iloc[:, 0]) == {"seen", "born", "sex", "ward", "pulse"}


def test_what_hangs_on_the_row_before(judged):
    real, synthetic, holdout, _, checks = judged
    for side, key in ((synthetic, "value"), (holdout, "reference")):
        wanted = np.mean([abs(association(real, c) - association(side, c)) for c in ("seen", "ward", "pulse")])
        assert checks["quality.entity_lag_error"][key] == pytest.approx(wanted, abs=1e-3)
    assert checks["quality.entity_order"]["value"] == 0
