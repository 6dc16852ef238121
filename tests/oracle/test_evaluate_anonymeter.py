"""The three attacks of `semblance evaluate` against the anonymeter package on the same data.

Both attack at random rows with other random numbers, so rates agree within their 95 % intervals: a
pair of them differs by more than the sum of both half widths about once in 200 (5.5 standard
errors of one of them, 3.9 of the difference, were they independent)."""
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from evaluate_tables import evaluate, population, typed

evaluators = pytest.importorskip("anonymeter.evaluators")

ATTACKS = 250


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    # The synthetic table leaks: a third of it are training rows with one number changed a little.
    real, synthetic, holdout = population(600, 1), population(600, 2), population(600, 3)
    synthetic.iloc[:200] = real.iloc[200:400].to_numpy()
    synthetic.loc[:199, "height"] = synthetic.loc[:199, "height"].astype(float) + 0.3
    # Singling out counts distinct rows in anonymeter: without repeats both count the same.
    report, checks = evaluate(tmp_path_factory.mktemp("anonymeter"), real, synthetic, holdout, "--attacks", str(ATTACKS),
                              "--sensitive", "group")
    frames = []
    for frame in (real, synthetic, holdout):
        frame = typed(frame)
        for name in ("height", "weight", "visits", "age", "admitted"):
            frame[name] = frame[name].astype(float)
        frames.append(frame)
    return frames, checks


def compare(check, results):
    """Our counts, read from the note, against the package's Wilson rates."""
    right, attacks, control_right, control_attacks = map(float, re.findall(r"(\d+) of (\d+)", check["note"])[0] + re.findall(r"(\d+) of (\d+)", check["note"])[1])
    confidence = pytest.importorskip("anonymeter.stats.confidence")
    for successes, n, theirs in ((right, attacks, results.attack_rate), (control_right, control_attacks, results.control_rate)):
        ours = confidence.success_rate(n_total=int(n), n_success=int(successes), confidence_level=0.95)
        assert abs(ours.value - theirs.value) <= ours.error + theirs.error, (ours, theirs)
    risk = results.risk(baseline=False)
    assert check["interval"]["low"] <= risk.ci[1] and risk.ci[0] <= check["interval"]["high"]
    return right / attacks, control_right / control_attacks


def quietly(evaluator, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator.evaluate(**how)
        return evaluator.results(confidence_level=0.95)


@pytest.mark.parametrize("mode", ["univariate", "multivariate"])
def test_singling_out(run, mode):
    (real, synthetic, holdout), checks = run
    np.random.seed(0)
    more = {} if mode == "univariate" else {"n_cols": 3}
    evaluator = evaluators.SinglingOutEvaluator(real, synthetic, control=holdout, n_attacks=ATTACKS, **more)
    attack, control = compare(checks[f"privacy.singling_out_{mode}"], quietly(evaluator, mode=mode))
    assert attack > control


def test_inference(run):
    (real, synthetic, holdout), checks = run
    known = [c for c in real if c != "group"]
    evaluator = evaluators.InferenceEvaluator(real, synthetic, control=holdout, aux_cols=known, secret="group", n_attacks=ATTACKS)
    attack, control = compare(checks["privacy.inference"], quietly(evaluator))
    assert attack > control


def test_linkability(run):
    (real, synthetic, holdout), checks = run
    # Five random splits of the columns in halves, as ours; the splits themselves differ.
    rng, totals = np.random.default_rng(0), np.zeros(4)
    for _ in range(5):
        order = list(rng.permutation(real.columns))
        evaluator = evaluators.LinkabilityEvaluator(real, synthetic, control=holdout, aux_cols=(order[::2], order[1::2]),
                                                    n_attacks=ATTACKS // 5, n_neighbors=1)
        found, n = quietly(evaluator), ATTACKS // 5
        # A Wilson rate is (s + z²/2) / (n + z²): solved for the number of successes s.
        z2 = 1.959963984540054**2
        successes = [round(rate.value * (n + z2) - z2 / 2) for rate in (found.attack_rate, found.control_rate)]
        totals += [successes[0], n, successes[1], n]
    confidence = pytest.importorskip("anonymeter.stats.confidence")
    results = confidence.EvaluationResults(n_attacks=int(totals[1]), n_success=int(totals[0]), n_baseline=0, n_control=int(totals[2]),
                                           confidence_level=0.95)
    attack, control = compare(checks["privacy.linkability"], results)
    assert attack > control


def test_the_risk_and_its_interval_equal_the_package(run):
    _, checks = run
    confidence = pytest.importorskip("anonymeter.stats.confidence")
    for name in ("singling_out_univariate", "singling_out_multivariate", "linkability", "inference"):
        check = checks[f"privacy.{name}"]
        a, n, c, m = map(int, sum(re.findall(r"(\d+) of (\d+)", check["note"]), ()))
        assert n == m
        results = confidence.EvaluationResults(n_attacks=n, n_success=a, n_baseline=0, n_control=c, confidence_level=0.95)
        risk = results.risk(baseline=False)
        assert check["value"] == pytest.approx(risk.value, abs=1e-6)
        assert (check["interval"]["low"], check["interval"]["high"]) == pytest.approx(tuple(risk.ci), abs=1e-6)
