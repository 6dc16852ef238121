"""Identifiability, hitting rate, disclosure and membership against brute force, sdmetrics, scikit-learn."""
import warnings

import numpy as np
import pandas as pd
import pytest

from evaluate_tables import CATEGORY, NUMERIC, evaluate, gower, population, table_of, typed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    # Equally many rows, so that even samples are whole tables.
    real, synthetic, holdout = population(300, 31), population(300, 32), population(300, 33)
    synthetic.iloc[:60] = real.iloc[100:160].to_numpy()
    report, checks = evaluate(tmp_path_factory.mktemp("neighbours"), real, synthetic, holdout,
                              "--quasi-identifiers", "ward", "--quasi-identifiers", "visits", "--sensitive", "group")
    return typed(real), typed(synthetic), typed(holdout), report, checks


def test_identifiability_equals_brute_force(run):
    real, synthetic, holdout, _, checks = run
    among = gower(real, real, real)
    np.fill_diagonal(among, np.inf)
    for other, which in ((synthetic, "value"), (holdout, "reference")):
        wanted = (gower(real, other, real).min(1) < among.min(1) - 1e-7).mean()
        assert checks["privacy.identifiability"][which] == pytest.approx(wanted, abs=0.01)  # ties in float32


def test_hitting_equals_brute_force(run):
    real, synthetic, holdout, _, checks = run
    for other, which in ((synthetic, "value"), (holdout, "reference")):
        hit = np.ones((len(real), len(other)), bool)
        for name in real:
            a, b = real[name].to_numpy()[:, None], other[name].to_numpy()[None, :]
            gone_a, gone_b = pd.isna(a), pd.isna(b)
            near = np.abs(a.astype(float) - b.astype(float)) <= np.ptp(real[name].dropna()) / 30 if name in NUMERIC else a == b
            hit &= np.where(gone_a | gone_b, gone_a & gone_b, near)
        assert checks["privacy.hitting_rate"][which] == pytest.approx(hit.any(1).mean(), abs=1e-12)


def test_disclosure_equals_sdmetrics(run):
    privacy = pytest.importorskip("sdmetrics.single_table.privacy")
    real, synthetic, holdout, report, checks = run
    values = np.sort(real["visits"].dropna().to_numpy())
    edges = np.unique([values[len(values) * k // 10] for k in range(1, 10)])
    edges = edges[edges < values[-1]]
    frames = [pd.DataFrame({"visits": np.searchsorted(edges, f["visits"]).astype(str), "ward": f["ward"].fillna("?"), "group": f["group"]})
              for f in (real, synthetic, holdout)]
    def score(metric, other):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return 1 - metric.compute(frames[0], other, key_fields=["ward", "visits"], sensitive_fields=["group"])
    cap, zero, general = privacy.CategoricalCAP, privacy.CategoricalZeroCAP, privacy.CategoricalGeneralizedCAP
    shown = table_of(report, "Attribute disclosure").iloc[0]
    assert checks["privacy.attribute_disclosure"]["value"] == pytest.approx(score(cap, frames[1]), abs=1e-9)
    assert checks["privacy.attribute_disclosure"]["reference"] == pytest.approx(score(cap, frames[2]), abs=1e-9)
    assert shown["ZeroCAP"] == pytest.approx(score(zero, frames[1]), rel=1e-5)
    assert checks["privacy.generalised_cap"]["value"] == pytest.approx(score(general, frames[1]), abs=1e-9)
    assert checks["privacy.generalised_cap"]["reference"] == pytest.approx(score(general, frames[2]), abs=1e-9)


def test_replicated_uniques_equal_pandas(run):
    real, synthetic, _, _, checks = run
    alone = [set(k for k, n in f[["ward", "visits"]].fillna(-1).value_counts().items() if n == 1) for f in (real, synthetic)]
    assert checks["privacy.replicated_uniques"]["value"] == pytest.approx(len(alone[0] & alone[1]) / len(real), abs=1e-12)


def test_replicated_uniques_of_fresh_rows_pass_whatever_the_size_of_the_holdout(tmp_path):
    # Fresh rows of the same population, four times as many as the holdout has: no more is known of anybody.
    # About 65 of 600 people are met; the limit is half as many again, six standard deviations off.
    _, checks = evaluate(tmp_path, population(600, 41), population(600, 42), population(150, 43),
                         "--quasi-identifiers", "age", "--quasi-identifiers", "visits")
    check = checks["privacy.replicated_uniques"]
    assert check["verdict"] == "pass"
    assert check["value"] == pytest.approx(check["reference"], rel=0.5)
    assert "On 150 rows" in check["note"] and "all 600 synthetic rows" in check["note"]


def test_the_distance_attack_agrees_with_scikit_learn(run):
    auc = pytest.importorskip("sklearn.metrics").roc_auc_score
    real, synthetic, holdout, _, checks = run
    members, strangers = -gower(real, synthetic, real).min(1), -gower(holdout, synthetic, real).min(1)
    wanted = auc(np.r_[np.ones(len(members)), np.zeros(len(strangers))], np.r_[members, strangers])
    # Ours attacks 150 random people of each kind: a standard error of 0.033.
    assert checks["privacy.mia_distance_auc"]["value"] == pytest.approx(wanted, abs=0.13)
    assert wanted > 0.55
