"""Cross tables, information, coverage, dates and intervals against pandas, scipy, scikit-learn, sdmetrics."""
import itertools

import numpy as np
import pandas as pd
import pytest

from evaluate_tables import CATEGORY, NUMERIC, evaluate, population, table_of, typed

stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    # Equally many rows, so that statistics on even samples use all of them.
    real, synthetic, holdout = population(500, 21), population(500, 22), population(500, 23)
    synthetic["weight"] += 3
    report, checks = evaluate(tmp_path_factory.mktemp("tables"), real, synthetic, holdout)
    return typed(real), typed(synthetic), typed(holdout), report, checks


def codes(frame, real, name):
    """Ten bins of equal frequency of the real values; levels; missing as its own."""
    if name in CATEGORY:
        return frame[name].fillna("(missing)").to_numpy()
    values = np.sort(real[name].dropna().to_numpy())
    edges = np.unique([values[len(values) * k // 10] for k in range(1, 10)])
    edges = edges[edges < values[-1]]
    out = np.searchsorted(edges, frame[name].to_numpy(), side="left").astype(float)
    out[frame[name].isna()] = -1
    return out


def cells(frame, real, names):
    return pd.Series(list(zip(*(codes(frame, real, n) for n in names)))).value_counts()


@pytest.mark.parametrize("width,key", [(1, "accuracy_1way"), (2, "accuracy_2way"), (3, "accuracy_3way")])
def test_accuracy_equals_pandas(run, width, key):
    real, synthetic, holdout, _, checks = run
    for other, which in ((synthetic, "value"), (holdout, "reference")):
        wanted = []
        for names in itertools.combinations(real, width):
            p, q = (cells(f, real, names) / len(f) for f in (real, other))
            wanted.append(1 - p.sub(q, fill_value=0).abs().sum() / 2)
        assert checks[f"quality.{key}"][which] == pytest.approx(np.mean(wanted), abs=1e-10)


def test_voas_williamson_equals_the_chi_square_of_scipy(run):
    real, synthetic, holdout, _, checks = run
    for other, which in ((synthetic, "value"), (holdout, "reference")):
        ratios = []
        for names in itertools.combinations(real, 2):
            both = pd.concat([cells(real, real, names), cells(other, real, names)], axis=1).fillna(0).T
            found = stats.chi2_contingency(both, correction=False)
            ratios.append(2 * found.statistic / found.dof)  # equally many rows: VW is twice χ²
        assert checks["quality.svw_pairs"][which] == pytest.approx(np.mean(ratios), rel=1e-9)


def test_mutual_information_equals_scikit_learn(run):
    information = pytest.importorskip("sklearn.metrics").normalized_mutual_info_score
    real, synthetic, _, report, checks = run
    gaps = []
    for x, y in itertools.combinations(real, 2):
        a, b = (information(*([str(v) for v in codes(f, real, n)] for n in (x, y)), average_method="geometric") for f in (real, synthetic))
        gaps.append(abs(a - b))
    assert checks["quality.mutual_information_error"]["value"] == pytest.approx(np.mean(gaps), abs=1e-9)


def test_jensen_shannon_equals_scipy(run):
    distance = pytest.importorskip("scipy.spatial.distance").jensenshannon
    real, synthetic, _, report, checks = run
    wanted = []
    for name in real:
        both = pd.concat([cells(real, real, [name]), cells(synthetic, real, [name])], axis=1).fillna(0).to_numpy()
        wanted.append(distance(both[:, 0], both[:, 1], base=2))
    assert checks["quality.jensen_shannon"]["value"] == pytest.approx(np.mean(wanted), abs=1e-9)


def test_wasserstein_equals_scipy(run):
    real, synthetic, holdout, _, checks = run
    for other, which in ((synthetic, "value"), (holdout, "reference")):
        wanted = [stats.wasserstein_distance(real[n].dropna(), other[n].dropna()) / real[n].std(ddof=0) for n in NUMERIC]
        assert checks["quality.wasserstein"][which] == pytest.approx(np.mean(wanted), rel=1e-9)


def test_coverage_and_adherence_equal_sdmetrics(run):
    columns = pytest.importorskip("sdmetrics.single_column")
    real, synthetic, _, report, checks = run
    coverage = [columns.RangeCoverage.compute(real[n], synthetic[n]) for n in NUMERIC]
    coverage += [columns.CategoryCoverage.compute(real[n], synthetic[n]) for n in CATEGORY]
    assert checks["quality.coverage"]["value"] == pytest.approx(np.mean(coverage), rel=1e-9)
    adherence = []
    for name in real:
        present = synthetic[name].dropna()
        inside = present.between(real[name].min(), real[name].max()) if name in NUMERIC else present.isin(real[name].dropna())
        adherence.append(inside.mean())
    assert checks["quality.adherence"]["value"] == pytest.approx(np.mean(adherence), rel=1e-9)


def test_correlations_equal_pandas_and_scipy(run):
    real, synthetic, holdout, _, checks = run
    for other, which in ((synthetic, "value"), (holdout, "reference")):
        pearson, spearman = [], []
        for x, y in itertools.combinations(NUMERIC, 2):
            pearson.append(abs(real[x].corr(real[y]) - other[x].corr(other[y])))
            rank = lambda f: f[x].rank().corr(f[y].rank())  # ranks within the column's present values
            spearman.append(abs(rank(real) - rank(other)))
        assert checks["quality.pearson_error"][which] == pytest.approx(np.mean(pearson), abs=1e-10)
        assert checks["quality.spearman_error"][which] == pytest.approx(np.mean(spearman), abs=1e-10)


def test_the_rhythm_of_dates_equals_pandas(run):
    real, synthetic, _, _, checks = run
    days = [pd.to_datetime(f["admitted"].dropna(), unit="D") for f in (real, synthetic)]
    for key, part in (("weekday_error", lambda d: d.dt.weekday), ("month_error", lambda d: d.dt.month)):
        p, q = (part(d).value_counts(normalize=True) for d in days)
        assert checks[f"quality.{key}"]["value"] == pytest.approx(p.sub(q, fill_value=0).abs().sum() / 2, abs=1e-12)


@pytest.mark.parametrize("key,statistic", [
    ("quality.shape_error", lambda r, s: np.mean([stats.ks_2samp(r[n].dropna(), s[n].dropna()).statistic if n in NUMERIC else
                                                  r[n].value_counts(normalize=True).sub(s[n].value_counts(normalize=True), fill_value=0).abs().sum() / 2
                                                  for n in r])),
    ("quality.missing_rate_error", lambda r, s: (r.isna().mean() - s.isna().mean()).abs().mean()),
    ("quality.pearson_error", lambda r, s: np.mean([abs(r[x].corr(r[y]) - s[x].corr(s[y])) for x, y in itertools.combinations(NUMERIC, 2)])),
])
def test_intervals_are_as_wide_as_those_of_a_plain_bootstrap(run, key, statistic):
    real, synthetic, _, _, checks = run
    rng, draws = np.random.default_rng(1), []
    for _ in range(120):
        draws.append(statistic(real.iloc[rng.integers(0, len(real), len(real))], synthetic.iloc[rng.integers(0, len(synthetic), len(synthetic))]))
    interval = checks[key]["interval"]
    wanted = np.quantile(draws, 0.975) - np.quantile(draws, 0.025)
    # Centred intervals are cut at 0, the plain one is not: compare the upper half with half the width.
    upper = interval["high"] - checks[key]["value"]
    assert upper == pytest.approx(np.quantile(draws, 0.975) - np.mean(draws), rel=0.4)
    assert interval["high"] - interval["low"] <= 1.4 * wanted
