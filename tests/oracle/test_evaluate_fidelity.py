"""α-precision, β-recall and authenticity against numpy: as synthcity publishes them, and corrected."""
import numpy as np
import pandas as pd
import pytest

from evaluate_tables import CATEGORY, NUMERIC, evaluate, gower, population, table_of, typed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    real, synthetic, holdout = population(300, 1), population(300, 2), population(300, 3)
    synthetic["weight"] += 6
    synthetic.iloc[:30] = real.iloc[:30].to_numpy()
    report, checks = evaluate(tmp_path_factory.mktemp("fidelity"), real, synthetic, holdout)
    return typed(real), typed(synthetic), typed(holdout), report, checks


def embed(frame, real):
    """Numbers over the real range, missing at the real mean; categories one-hot, missing a level."""
    parts = []
    for name in frame:
        if name in NUMERIC:
            low, high = real[name].min(), real[name].max()
            parts.append(((frame[name].fillna(real[name].mean()) - low) / (high - low)).to_numpy(float))
        else:
            levels = list(real[name].dropna().unique()) + [None]
            parts += [(frame[name].where(frame[name].notna(), None) == v if v is not None else frame[name].isna()).to_numpy(float) for v in levels]
    return np.column_stack(parts)


def distances(a, b):
    return np.sqrt(np.maximum(((a[:, None, :] - b[None, :, :]) ** 2).sum(-1), 0))


def synthcity_naive(x, s):
    """AlphaPrecision.metrics of synthcity, its indexing of authenticity included."""
    alphas = np.linspace(0, 1, 30)
    centre = x.mean(0)
    radii = np.quantile(np.linalg.norm(x - centre, axis=1), alphas)
    to_centre = np.linalg.norm(s - centre, axis=1)
    among = distances(x, x)
    np.fill_diagonal(among, np.inf)
    real_to_real = among.min(1)
    across = distances(x, s)
    real_to_synth, args = across.min(1), across.argmin(1)
    closest = np.linalg.norm(s[args] - s.mean(0), axis=1)
    synth_radii = np.quantile(closest, alphas)
    precision = np.array([(to_centre <= r).mean() for r in radii])
    recall = np.array([((real_to_synth <= real_to_real) & (closest <= r)).mean() for r in synth_radii])
    score = lambda curve: 1 - np.abs(alphas - curve).sum() / alphas.sum()
    return score(precision), score(recall), (real_to_real[args] < real_to_synth).mean()


def test_the_naive_scores_equal_synthcitys_formulas(run):
    real, synthetic, holdout, report, checks = run
    x = embed(real, real)
    shown = table_of(report, "The naive scores, as published").set_index("Score")
    for frame, name in ((synthetic, "Synthetic"), (holdout, "Holdout")):
        wanted = synthcity_naive(x, embed(frame, real))
        # Numbers are kept as float32: a row on the edge of a ball may fall on the other side of it.
        assert shown[name].to_numpy(float) == pytest.approx(wanted, abs=2 / len(real))
    assert checks["quality.alpha_precision"]["legacy"] == pytest.approx(shown["Synthetic"].iloc[0], rel=1e-5)


def test_authenticity_equals_brute_force(run):
    real, synthetic, holdout, _, checks = run
    among = gower(real, real, real)
    np.fill_diagonal(among, np.inf)
    for frame, key in ((synthetic, "value"), (holdout, "reference")):
        across = gower(frame, real, real)
        nearest = across.argmin(1)
        wanted = (among.min(1)[nearest] < across.min(1) - 1e-7).mean()
        assert checks["quality.authenticity"][key] == pytest.approx(wanted, abs=0.01)


def curve_score(within, queries):
    """Where each query stands among the reference distances, ties at the middle."""
    ranks = np.array([(within < q - 1e-7).sum() + (np.abs(within - q) <= 1e-7).sum() / 2 + 0.5 for q in queries]) / (len(within) + 1)
    alphas = np.linspace(0, 1, 30)
    return 1 - np.abs(alphas - [(ranks <= a).mean() for a in alphas]).sum() / alphas.sum()


def test_the_corrected_scores_equal_ranks_of_distances(run):
    real, synthetic, _, _, checks = run
    among_real, among_synthetic = gower(real, real, real), gower(synthetic, synthetic, real)
    np.fill_diagonal(among_real, np.inf)
    np.fill_diagonal(among_synthetic, np.inf)
    across = gower(synthetic, real, real)
    precision = curve_score(among_real.min(1), across.min(1))
    recall = curve_score(among_synthetic.min(1), across.min(0))
    assert checks["quality.alpha_precision"]["value"] == pytest.approx(precision, abs=0.02)  # ties at random
    assert checks["quality.beta_recall"]["value"] == pytest.approx(recall, abs=0.02)


def test_fresh_rows_score_one_and_shifted_rows_do_not(run):
    _, _, _, _, checks = run
    for name in ("alpha_precision", "beta_recall"):
        check = checks[f"quality.{name}"]
        assert check["reference"] > 0.8  # 300 against 300 rows
        assert check["value"] < check["reference"]
