"""Every number of the older NHS pipeline, recomputed by the packages and formulas that it used."""
import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

from evaluate_tables import CATEGORY, NUMERIC, evaluate, population, table_of, typed

stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    real, synthetic, holdout = population(400, 1), population(300, 2), population(350, 3)
    synthetic["weight"] += 4
    synthetic.iloc[:10] = real.iloc[50:60].to_numpy()
    report, checks = evaluate(tmp_path_factory.mktemp("old"), real, synthetic, holdout)
    return real, synthetic, holdout, report, checks


def filled(frame):
    """As the pipeline prepared it: dates in nanoseconds, then fillna(0)."""
    out = typed(frame)
    out["admitted"] = out["admitted"] * 86400e9
    return out.fillna(0)


def one_hot(*frames):
    """Joint pandas.get_dummies."""
    both = pd.get_dummies(pd.concat([filled(f) for f in frames], ignore_index=True).astype({c: str for c in CATEGORY}))
    cuts = np.cumsum([0] + [len(f) for f in frames])
    return [both.iloc[a:b].reset_index(drop=True) for a, b in zip(cuts, cuts[1:])]


def test_gower_minimum_and_maximum_equal_the_gower_package(run):
    gower = pytest.importorskip("gower")
    real, synthetic, _, _, checks = run
    r, s = one_hot(real, synthetic)
    # The package returns a wrong, symmetric matrix for two tables of the same number of rows.
    assert len(r) != len(s)
    matrix = gower.gower_matrix(data_x=s.astype(float), data_y=r.astype(float))
    assert checks["quality.gower_nearest"]["legacy"] == pytest.approx(matrix.min(axis=0).mean(), abs=2e-6)
    assert checks["quality.gower_furthest"]["legacy"] == pytest.approx(matrix.max(axis=0).mean(), abs=2e-6)


def test_voas_williams_equals_the_pipelines_formula(run):
    real, synthetic, _, _, checks = run
    r, s = one_hot(real, synthetic)
    n = min(len(r), len(s))
    a, b = r.iloc[:n].to_numpy(float), s.iloc[:n].to_numpy(float)
    with np.errstate(all="ignore"):
        cells = np.nan_to_num((b - a) ** 2 / ((b + a) / 2), nan=0, posinf=0, neginf=0)
    assert checks["quality.svw_pairs"]["legacy"] == pytest.approx(cells.sum() / (8 * (len(r) + len(s))), rel=1e-9)


def test_collisions_equal_the_pipelines_merge(run):
    real, synthetic, _, _, checks = run
    r, s = filled(real), filled(synthetic)
    columns = list(r.columns[1:])
    assert checks["privacy.exact_copies"]["legacy"] == len(pd.merge(r, s, how="inner", on=columns))


@pytest.mark.parametrize("dates", [False, True])
def test_propensity_equals_scikit_learn(tmp_path, dates):
    linear = pytest.importorskip("sklearn.linear_model")
    real, synthetic = population(500, 6), population(700, 7)
    synthetic["weight"] += 4
    if not dates:
        real["admitted"] = synthetic["admitted"] = np.nan
    _, checks = evaluate(tmp_path, real, synthetic)
    r, s = one_hot(real, synthetic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = linear.LogisticRegression(random_state=42, max_iter=300)
        x, y = pd.concat([r, s]).to_numpy(float), np.r_[np.zeros(len(r)), np.ones(len(s))]
        p = model.fit(x, y).predict_proba(x)[:, 1]
    # Both stop early, at a tolerance of 1e-4 of the gradient, by different line searches.
    assert checks["quality.pmse_logistic"]["legacy"] == pytest.approx(np.mean((p - 0.5) ** 2), rel=0.03)


def test_the_sdv_score_equals_sdmetrics(run):
    single = pytest.importorskip("sdmetrics.single_table")
    columns = pytest.importorskip("sdmetrics.single_column")
    pairs = pytest.importorskip("sdmetrics.column_pairs")
    real, synthetic, _, report, checks = run
    r, s = (filled(f).astype({c: str for c in CATEGORY}) for f in (real, synthetic))
    shown = table_of(report, "The measures inside the old SDV score").set_index("Measure")["Synthetic"]
    assert shown["CSTest"] == pytest.approx(np.mean([columns.CSTest.compute(r[c], s[c]) for c in CATEGORY]), rel=1e-5)
    ks = [columns.KSComplement.compute(r[c], s[c]) for c in NUMERIC]
    assert shown["KSTest"] == pytest.approx(np.mean(ks), rel=1e-5)
    levels = [columns.KSComplement.compute((r[c] == v).astype(float), (s[c] == v).astype(float))
              for c in CATEGORY for v in r[c].unique()]
    assert shown["KSTestExtended"] == pytest.approx(np.mean(ks + levels), rel=1e-5)
    kl = [pairs.ContinuousKLDivergence.compute(r[[a, b]].copy(), s[[a, b]].copy()) for a, b in itertools.combinations(NUMERIC, 2)]
    assert shown["ContinuousKLDivergence"] == pytest.approx(np.mean(kl), rel=1e-5)
    kl = [pairs.DiscreteKLDivergence.compute(r[[a, b]].copy(), s[[a, b]].copy()) for a, b in itertools.combinations(CATEGORY, 2)]
    assert shown["DiscreteKLDivergence"] == pytest.approx(np.mean(kl), rel=1e-5)
    metadata = {"columns": {c: {"sdtype": "numerical" if c in NUMERIC else "categorical"} for c in r}}
    detection = np.mean([single.LogisticDetection.compute(r.copy(), s.copy(), metadata) for _ in range(5)])
    assert shown["LogisticDetection"] == pytest.approx(detection, abs=0.08)  # other folds, other rows
    assert checks["quality.sdv_score"]["legacy"] == pytest.approx(shown.mean(), rel=1e-5)
    assert checks["quality.c2st_logistic"]["value"] == pytest.approx(detection, abs=0.08)
    wanted = 1 - (checks["quality.shape_error"]["value"] + checks["quality.trend_error"]["value"]) / 2
    assert checks["quality.sdv_score"]["value"] == pytest.approx(wanted, abs=1e-12)


def test_chi_square_equals_scipy(tmp_path):
    real, synthetic = population(500, 11), population(500, 12)
    synthetic.loc[:60, "group"] = "treated"
    _, checks = evaluate(tmp_path, real, synthetic)
    ratios = []
    for name in CATEGORY:
        table = pd.crosstab(np.repeat([0, 1], 500), pd.concat([real[name], synthetic[name]]).fillna("?").to_numpy())
        found = stats.chi2_contingency(table, correction=False)
        ratios.append(found.statistic / found.dof)
    assert checks["quality.chi_square"]["value"] == pytest.approx(np.mean(ratios), rel=1e-9)


def test_the_summary_equals_describe_and_statistic_similarity(run):
    columns = pytest.importorskip("sdmetrics.single_column")
    real, synthetic, _, report, checks = run
    r, s = typed(real), typed(synthetic)
    shown = table_of(report, "Summary of numbers").set_index(["Column", "Statistic"])
    scores = []
    for name in NUMERIC:
        a, b = r[name].describe(), s[name].describe()
        for statistic in a.index:
            assert shown.loc[(name, statistic), "Real"] == pytest.approx(a[statistic], rel=1e-5)
            assert shown.loc[(name, statistic), "Difference"] == pytest.approx(b[statistic] - a[statistic], rel=1e-4, abs=1e-4)
        scores.append([columns.StatisticSimilarity.compute(r[name], s[name], k) for k in ("mean", "median", "std")])
    assert checks["quality.statistic_error"]["value"] == pytest.approx(1 - np.mean(scores), rel=1e-9)
