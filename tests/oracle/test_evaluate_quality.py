"""Quality numbers of `semblance evaluate` against pandas, scipy, scikit-learn and sdmetrics."""
import itertools

import numpy as np
import pandas as pd
import pytest

from evaluate_tables import CATEGORY, NUMERIC, evaluate, population, table_of, typed

scipy_stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    real, synthetic, holdout = population(700, 1), population(900, 2), population(400, 3)
    synthetic["weight"] += 3
    folder = tmp_path_factory.mktemp("quality")
    report, checks = evaluate(folder, real, synthetic, holdout)
    return typed(real), typed(synthetic), typed(holdout), report, checks


def shape_distance(a, b, numeric):
    a, b = a.dropna(), b.dropna()
    if numeric:
        return scipy_stats.ks_2samp(a, b).statistic
    p, q = a.value_counts(normalize=True), b.value_counts(normalize=True)
    return p.sub(q, fill_value=0).abs().sum() / 2


def test_shapes_equal_scipy(run):
    real, synthetic, holdout, report, checks = run
    errors = [shape_distance(real[c], synthetic[c], c in NUMERIC) for c in real]
    floor = [shape_distance(real[c], holdout[c], c in NUMERIC) for c in real]
    assert checks["quality.shape_error"]["value"] == pytest.approx(np.mean(errors), abs=1e-12)
    assert checks["quality.shape_error"]["reference"] == pytest.approx(np.mean(floor), abs=1e-12)
    shown = table_of(report, "Column by column").set_index("Column")
    for name, error in zip(real, errors):
        assert shown.loc[name, "Distance (KS or TVD)"] == pytest.approx(error, rel=1e-5)
    for name in NUMERIC:
        a, b = real[name].dropna(), synthetic[name].dropna()
        wanted = scipy_stats.wasserstein_distance(a, b) / a.std(ddof=0)
        assert shown.loc[name, "Wasserstein / sd"] == pytest.approx(wanted, rel=1e-5)


def test_trends_equal_numpy(run):
    real, synthetic, _, _, checks = run
    wanted = []
    for x, y in itertools.combinations(real, 2):
        if x in NUMERIC and y in NUMERIC:
            wanted.append(abs(real[x].corr(real[y]) - synthetic[x].corr(synthetic[y])) / 2)
            continue
        cells = []
        for frame in (real, synthetic):
            codes = []
            for name in (x, y):
                if name in NUMERIC:
                    edges = np.histogram_bin_edges(real[name].dropna(), bins=10)
                    codes.append(pd.Series(np.digitize(frame[name], edges)))
                else:
                    codes.append(frame[name].fillna("(missing)"))
            cells.append(pd.crosstab(*codes, normalize="all").stack())
        wanted.append(cells[0].sub(cells[1], fill_value=0).abs().sum() / 2)
    assert checks["quality.trend_error"]["value"] == pytest.approx(np.mean(wanted), abs=1e-10)


def test_shapes_and_trends_equal_sdmetrics_on_complete_rows(tmp_path):
    reports = pytest.importorskip("sdmetrics.reports.single_table")
    real, synthetic = population(500, 4).dropna().reset_index(drop=True), population(500, 5).dropna().reset_index(drop=True)
    keep = [c for c in real if c != "admitted"]
    _, checks = evaluate(tmp_path, real, synthetic)
    columns = {c: {"sdtype": "numerical" if c in NUMERIC else "categorical"} for c in keep}
    quality = reports.QualityReport()
    quality.generate(real[keep], synthetic[keep], {"columns": columns}, verbose=False)
    shapes = quality.get_details("Column Shapes").set_index("Column")["Score"]
    wanted = [1 - shapes[c] for c in keep]
    a, b = typed(real)["admitted"], typed(synthetic)["admitted"]
    wanted.append(scipy_stats.ks_2samp(a, b).statistic)
    assert checks["quality.shape_error"]["value"] == pytest.approx(np.mean(wanted), abs=1e-10)


def test_missingness_equals_pandas(run):
    real, synthetic, _, _, checks = run
    gap = (real.isna().mean() - synthetic.isna().mean()).abs()
    assert checks["quality.missing_rate_error"]["value"] == pytest.approx(gap.mean(), abs=1e-12)
    assert checks["quality.missing_rate_worst"]["value"] == pytest.approx(gap.max(), abs=1e-12)
    p, q = (f.isna().apply(tuple, axis=1).value_counts(normalize=True) for f in (real, synthetic))
    assert checks["quality.missing_pattern_error"]["value"] == pytest.approx(p.sub(q, fill_value=0).abs().sum() / 2, abs=1e-12)
    names = [c for c in real if 0 < real[c].isna().mean() < 1]
    a, b = real[names].isna().corr().to_numpy(), synthetic[names].isna().corr().to_numpy()
    wanted = np.abs(a - b)[np.triu_indices(len(names), 1)].mean()
    assert checks["quality.missing_correlation_error"]["value"] == pytest.approx(wanted, abs=1e-10)


def test_the_logistic_pmse_equals_scikit_learn(tmp_path):
    linear = pytest.importorskip("sklearn.linear_model")
    real, synthetic = population(600, 6), population(600, 7)
    synthetic["weight"] += 4
    _, checks = evaluate(tmp_path, real, synthetic)
    both = pd.concat([typed(real), typed(synthetic)], ignore_index=True)
    features = []
    for name in both:
        if name in NUMERIC:
            values = both[name]
            features.append(((values - values.mean()) / values.std(ddof=0)).fillna(0))
            if values.isna().any():
                features.append(values.isna().astype(float))
        else:
            features += [(both[name] == level).astype(float) for level in both[name].dropna().unique()]
            features += [both[name].isna().astype(float)] if both[name].isna().any() else []
    x = np.column_stack(features)
    y = np.r_[np.zeros(len(real)), np.ones(len(synthetic))]
    model = linear.LogisticRegression(C=1e8, max_iter=5000, tol=1e-10).fit(x, y)
    p = model.predict_proba(x)[:, 1]
    pmse = np.mean((p - 0.5) ** 2)
    assert checks["quality.pmse_logistic"]["value"] == pytest.approx(pmse, rel=1e-3)
    rank = np.linalg.matrix_rank(np.column_stack([np.ones(len(x)), x])) - 1
    assert checks["quality.spmse_logistic"]["value"] == pytest.approx(pmse / (rank / 8 / len(x)), rel=1e-3)
    assert checks["quality.specks"]["value"] == pytest.approx(scipy_stats.ks_2samp(p[:len(real)], p[len(real):]).statistic, abs=0.01)


def test_trees_tell_shifted_tables_apart_as_xgboost_does(run):
    xgboost = pytest.importorskip("xgboost")
    model_selection = pytest.importorskip("sklearn.model_selection")
    real, synthetic, _, _, checks = run
    n = min(len(real), len(synthetic))
    x = pd.concat([real.sample(n, random_state=0), synthetic.sample(n, random_state=1)], ignore_index=True)
    for name in CATEGORY:
        x[name] = x[name].astype("category").cat.codes.where(x[name].notna()).astype(float)
    y = np.r_[np.zeros(n), np.ones(n)]
    model = xgboost.XGBClassifier(n_estimators=200, max_depth=6, learning_rate=0.1, tree_method="hist", n_jobs=1)
    folds = model_selection.StratifiedKFold(3, shuffle=True, random_state=0)
    auc = model_selection.cross_val_score(model, x.to_numpy(float), y, cv=folds, scoring="roc_auc").mean()
    assert checks["quality.c2st_auc"]["value"] == pytest.approx(auc, abs=0.05)  # other folds, other rows


def test_principal_components_equal_scikit_learn(tmp_path):
    decomposition = pytest.importorskip("sklearn.decomposition")
    real, synthetic = population(500, 8).dropna().reset_index(drop=True), population(400, 9).dropna().reset_index(drop=True)
    synthetic["height"] += 5
    _, checks = evaluate(tmp_path, real, synthetic)
    frames = [typed(real), typed(synthetic)]
    def encode(frame):
        parts = [frame[NUMERIC].to_numpy(float)]
        parts += [(frame[name] == level).to_numpy(float)[:, None] for name in CATEGORY for level in frames[0][name].unique()]
        return np.column_stack(parts)
    a, b = encode(frames[0]), encode(frames[1])
    mean, deviation = a.mean(0), a.std(0)
    pca = decomposition.PCA(2, svd_solver="full").fit((a - mean) / deviation)
    u, v = pca.transform((a - mean) / deviation), pca.transform((b - mean) / deviation)
    wanted = max(scipy_stats.ks_2samp(u[:, k], v[:, k]).statistic for k in (0, 1))
    assert checks["quality.pca_gap"]["value"] == pytest.approx(wanted, abs=0.005)
