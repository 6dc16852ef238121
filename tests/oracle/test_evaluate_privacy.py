"""Privacy numbers of `semblance evaluate` against brute force in numpy, pandas and scipy."""
import os
import subprocess

import numpy as np
import pandas as pd
import pytest

from evaluate_tables import BIN, NUMERIC, evaluate, gower, population, typed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    real, synthetic, holdout = population(500, 1), population(400, 2), population(300, 3)
    synthetic.iloc[:20] = real.iloc[100:120].to_numpy()  # 5 % copies
    folder = tmp_path_factory.mktemp("privacy")
    report, checks = evaluate(folder, real, synthetic, holdout)
    return typed(real), typed(synthetic), typed(holdout), report, checks


def test_copies_equal_a_merge(run):
    real, synthetic, holdout, _, checks = run
    keys = {tuple(row) for row in real.fillna(-1).itertuples(index=False)}
    share = np.mean([tuple(row) in keys for row in synthetic.fillna(-1).itertuples(index=False)])
    assert checks["privacy.exact_copies"]["value"] == pytest.approx(share)
    assert share >= 0.05
    assert checks["privacy.exact_copies"]["verdict"] == "fail"


def test_distances_equal_brute_force(run):
    real, synthetic, holdout, _, checks = run
    d = np.sort(gower(synthetic, real, real), axis=1)
    h = np.sort(gower(holdout, real, real), axis=1)
    assert checks["privacy.dcr_median"]["value"] == pytest.approx(np.median(d[:, 0]), abs=1e-6)
    assert checks["privacy.dcr_median"]["reference"] == pytest.approx(np.median(h[:, 0]), abs=1e-6)
    assert checks["privacy.dcr_p5"]["value"] == pytest.approx(np.quantile(d[:, 0], 0.05), abs=1e-6)
    ratio = (d[:, 0] + 1e-8) / (d[:, 1] + 1e-8)
    assert checks["privacy.nndr_p5"]["value"] == pytest.approx(np.quantile(ratio, 0.05), abs=1e-4)


def test_the_share_nearer_to_training_data_is_half_for_strangers(tmp_path):
    _, checks = evaluate(tmp_path, population(400, 11), population(900, 12), population(400, 13))
    check = checks["privacy.dcr_share"]
    assert check["interval"]["low"] - 0.02 < 0.5 < check["interval"]["high"] + 0.02
    real, synthetic, holdout = (typed(population(n, s)) for n, s in ((400, 11), (900, 12), (400, 13)))
    a, b = gower(synthetic, real, real).min(1), gower(synthetic, holdout, real).min(1)
    assert check["value"] == pytest.approx(np.mean((a < b - 1e-9) + 0.5 * (np.abs(a - b) <= 1e-9)), abs=0.005)


def test_wilson_equals_scipy(run):
    stats = pytest.importorskip("scipy.stats")
    check = run[4]["privacy.exact_copies"]
    n = len(run[1])
    interval = stats.binomtest(round(check["value"] * n), n).proportion_ci(method="wilson")
    assert check["interval"]["low"] == pytest.approx(interval.low, abs=1e-9)
    assert check["interval"]["high"] == pytest.approx(interval.high, abs=1e-9)


def test_a_failed_gate_ends_with_exit_code_6(tmp_path):
    real = population(300, 1)
    evaluate(tmp_path, real, real, population(300, 2), "--gate", code=6)
    evaluate(tmp_path, real, population(300, 3), population(300, 2), "--gate", code=0)


def test_a_gate_without_an_answer_ends_with_exit_code_6(tmp_path):
    real, synthetic = population(300, 1), population(300, 3)
    report, _ = evaluate(tmp_path, real, synthetic, None, "--gate", code=6)
    assert "privacy.dcr_share" in report["unanswered_gates"]
    (tmp_path / "t.yaml").write_text("checks:\n" + "".join(f"  {name}: {{gate: false}}\n" for name in report["unanswered_gates"]))
    evaluate(tmp_path, real, synthetic, None, "--gate", "--thresholds", str(tmp_path / "t.yaml"), code=0)


def test_without_the_gate_flag_a_failed_gate_is_only_reported(tmp_path):
    real = population(200, 1)
    report, _ = evaluate(tmp_path, real, real, population(200, 2), code=0)
    assert "privacy.exact_copies" in report["failed_gates"]


@pytest.mark.parametrize("text,line,hint", [
    ("checks:\n  privacy.exact_copies: {pass: 0.1, wran: 0.2}\n", 2, "warn"),
    ("checks:\n  privacy.dcr_share: {pass: 1}\n  privacy.exact_copys: {pass: 1}\n", 3, "privacy.exact_copies"),
    ("checks:\n  privacy.dcr_share: {pass: 2, warn: 1}\n", 2, "stricter"),
])
def test_a_wrong_thresholds_file_ends_with_exit_code_3_and_its_line(tmp_path, text, line, hint):
    (tmp_path / "t.yaml").write_text(text)
    frame = population(30, 1)
    frame.to_csv(tmp_path / "r.csv", index=False)
    command = [os.path.abspath(BIN), "evaluate", "--real", "r.csv", "--synthetic", "r.csv", "--output", "out", "--thresholds", "t.yaml", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert f"t.yaml:{line}:" in done.stderr and hint in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_thresholds_file_replaces_single_rules(tmp_path):
    (tmp_path / "t.yaml").write_text("checks:\n  privacy.exact_copies: {pass: 1}\n  quality.wasserstein: {pass: 0, gate: true}\n")
    real = population(200, 1)
    report, checks = evaluate(tmp_path, real, population(200, 3), population(200, 2), "--thresholds", str(tmp_path / "t.yaml"), "--gate", code=6)
    assert checks["privacy.exact_copies"]["verdict"] == "pass"
    assert report["failed_gates"] == ["quality.wasserstein"]  # a check without a rule of its own may get one
    assert checks["privacy.dcr_share"]["rule"]
