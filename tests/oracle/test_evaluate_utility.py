"""Utility numbers of `semblance evaluate` against xgboost, scikit-learn and numpy."""
import numpy as np
import pandas as pd
import pytest

from evaluate_tables import CATEGORY, NUMERIC, evaluate, population, table_of, typed

xgboost = pytest.importorskip("xgboost")
metrics = pytest.importorskip("sklearn.metrics")
linear_model = pytest.importorskip("sklearn.linear_model")

FLAGS = ("--protected-column", "ward", "--threads", "1")


@pytest.fixture(scope="module")
def frames():
    # Equally many rows, so that every comparison uses all of them.
    real, synthetic, holdout = population(800, 1), population(800, 2), population(800, 3)
    synthetic["group"] = np.where(np.random.default_rng(4).random(800) < 0.2, "treated", synthetic["group"])
    return real, synthetic, holdout


@pytest.fixture(scope="module")
def classified(frames, tmp_path_factory):
    return evaluate(tmp_path_factory.mktemp("classes"), *frames, "--target", "group", *FLAGS)


@pytest.fixture(scope="module")
def regressed(frames, tmp_path_factory):
    return evaluate(tmp_path_factory.mktemp("numbers"), *frames, "--target", "weight", *FLAGS)


def tree_matrix(frame, target, levels):
    out = typed(frame).drop(columns=target)
    for name in CATEGORY:
        if name in out:
            out[name] = out[name].map({v: k for k, v in enumerate(levels[name])}).astype(float)
    return out.to_numpy(np.float32)


def booster(x, y, objective, trees=200, depth=6, rate=0.1, **more):
    settings = {"verbosity": 0, "tree_method": "hist", "max_depth": depth, "learning_rate": rate, "seed": 1, "nthread": 1,
                "objective": objective, **more}
    return xgboost.train(settings, xgboost.DMatrix(x, label=y), num_boost_round=trees)


def tree_scores(frames, target, **settings):
    """Predictions for the present test rows of trees learned from the real and the synthetic table."""
    levels = {c: sorted(pd.concat(frames)[c].dropna().unique()) for c in CATEGORY}
    test = frames[2][frames[2][target].notna()]
    out = []
    for train in frames[:2]:
        train = train[train[target].notna()]
        y = typed(train)[target]
        if target in NUMERIC:
            mean, deviation = y.mean(), y.std(ddof=0)
            model = booster(tree_matrix(train, target, levels), (y - mean) / deviation, "reg:squarederror", **settings)
            out.append(model.predict(xgboost.DMatrix(tree_matrix(test, target, levels))) * deviation + mean)
        else:
            model = booster(tree_matrix(train, target, levels), (y == levels[target][1]).astype(float), "binary:logistic", **settings)
            out.append(model.predict(xgboost.DMatrix(tree_matrix(test, target, levels))))
    return test, out


def test_trees_equal_xgboost_for_classes(frames, classified):
    _, checks = classified
    test, (by_real, by_synthetic) = tree_scores(frames, "group")
    truth = test["group"] == "treated"
    a, b = metrics.roc_auc_score(truth, by_real), metrics.roc_auc_score(truth, by_synthetic)
    assert checks["utility.tstr_trees"]["reference"] == pytest.approx(a, abs=1e-6)
    assert checks["utility.tstr_trees"]["value"] == pytest.approx(b, abs=1e-6)
    assert checks["utility.tstr_gap"]["value"] == pytest.approx(a - b, abs=1e-6)


def test_trees_equal_xgboost_for_numbers(frames, regressed):
    _, checks = regressed
    test, (by_real, by_synthetic) = tree_scores(frames, "weight")
    assert checks["utility.tstr_trees"]["reference"] == pytest.approx(metrics.r2_score(test["weight"], by_real), abs=1e-4)
    assert checks["utility.tstr_trees"]["value"] == pytest.approx(metrics.r2_score(test["weight"], by_synthetic), abs=1e-4)


def design(frame, base, target, drop_first=True):
    """Standardised numbers, indicators of levels and of missing values, as in `base`."""
    out, numbers = {}, typed(base)
    for name in base:
        if name == target:
            continue
        values = typed(frame)[name]
        if name in NUMERIC:
            out[name] = ((values - numbers[name].mean()) / numbers[name].std(ddof=0)).fillna(0)
        else:
            for level in base[name].value_counts().index[1 if drop_first else 0:]:
                out[f"{name} = {level}"] = (values == level).astype(float)
        if base[name].isna().any():
            out[f"{name} is missing"] = values.isna().astype(float)
    return pd.DataFrame(out)


def test_linear_models_equal_scikit_learn(frames, classified, regressed):
    real, synthetic, holdout = frames
    for train, key in ((real, "reference"), (synthetic, "value")):
        test = holdout[holdout["group"].notna()]
        model = linear_model.LogisticRegression(C=100, max_iter=5000, tol=1e-10).fit(design(train, train, "group"), train["group"] == "treated")
        wanted = metrics.roc_auc_score(test["group"] == "treated", model.decision_function(design(test, train, "group")))
        # Ours leaves out the most frequent level of the real table, which moves the ridge a little.
        assert classified[1]["utility.tstr_linear"][key] == pytest.approx(wanted, abs=1e-3)
        test, train = holdout[holdout["weight"].notna()], train[train["weight"].notna()]
        fit = linear_model.LinearRegression().fit(design(train, train, "weight"), train["weight"])
        wanted = metrics.r2_score(test["weight"], fit.predict(design(test, train, "weight")))
        assert regressed[1]["utility.tstr_linear"][key] == pytest.approx(wanted, abs=1e-4)


def least_squares(frame, base):
    frame = frame[frame["weight"].notna()]
    x = np.column_stack([np.ones(len(frame)), design(frame, base, "weight")])
    y = frame["weight"].to_numpy()
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    rest = y - x @ beta
    return beta[1:], np.sqrt(np.diag(inverse) * (rest @ rest) / (len(y) - x.shape[1]))[1:]


def logistic(frame, base):
    x = np.column_stack([np.ones(len(frame)), design(frame, base, "group")])
    y = (frame["group"] == "treated").to_numpy(float)
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        hessian = x.T @ (x * (p * (1 - p))[:, None])
        beta = beta + np.linalg.solve(hessian, x.T @ (y - p))
    return beta[1:], np.sqrt(np.diag(np.linalg.inv(hessian)))[1:]


@pytest.mark.parametrize("fit,which", [(least_squares, "regressed"), (logistic, "classified")])
def test_overlap_of_coefficients_equals_numpy(frames, request, fit, which):
    real, synthetic, holdout = frames
    report, checks = request.getfixturevalue(which)
    overlaps = {}
    for other, key in ((synthetic, "value"), (holdout, "reference")):
        (a, ea), (b, eb) = fit(real, real), fit(other, real)
        z = 1.959963984540054
        shared = np.minimum(a + z * ea, b + z * eb) - np.maximum(a - z * ea, b - z * eb)
        overlaps[key] = np.mean(0.5 * (shared / (2 * z * ea) + shared / (2 * z * eb)))
        assert checks["utility.ci_overlap"][key] == pytest.approx(overlaps[key], abs=1e-3)
    shown = table_of(report, "Coefficients").set_index("Feature")
    a, _ = fit(real, real)
    assert shown["Real"].to_numpy(float) == pytest.approx(a[[list(design(real, real, "group" if which == "classified" else "weight")).index(f) for f in shown.index]], rel=1e-3, abs=1e-3)


def test_fairness_equals_group_rates(frames, classified):
    _, checks = classified
    test, predictions = tree_scores(frames, "group")
    truth = (test["group"] == "treated").to_numpy()
    for p, key in zip(predictions, ("reference", "value")):
        rates = []
        for level in test["ward"].dropna().unique():
            inside = (test["ward"] == level).to_numpy()
            if inside.sum() < 30:
                continue
            said = p[inside] >= 0.5
            rates.append((said.mean(), said[truth[inside]].mean(), said[~truth[inside]].mean()))
        wanted = np.ptp(np.array(rates), axis=0)
        for k, name in enumerate(("parity", "tpr", "fpr")):
            assert checks[f"utility.fairness_{name}"][key] == pytest.approx(wanted[k], abs=1e-6)


def test_global_utility_equals_xgboost(frames, classified):
    report, checks = classified
    shown = table_of(report, "Target by target").set_index("Target")
    ratios = []
    for target in shown.index:
        if target == "ward":  # more than two classes: looked at through the table alone
            ratios.append(shown.loc[target, "Ratio"])
            continue
        test, (by_real, by_synthetic) = tree_scores(frames, target, trees=30, depth=4, rate=0.3)
        truth = typed(test)[target]
        score = (lambda p: metrics.r2_score(truth, p)) if target in NUMERIC else (lambda p: metrics.roc_auc_score(truth == "treated", p))
        a, b = score(by_real), score(by_synthetic)
        assert shown.loc[target, "Learned from real"] == pytest.approx(a, abs=1e-4)
        assert shown.loc[target, "Learned from synthetic"] == pytest.approx(b, abs=1e-4)
        above = (lambda v: v) if target in NUMERIC else (lambda v: 2 * v - 1)
        ratios.append(np.clip(above(b) / above(a), 0, 1))
    assert checks["utility.global"]["value"] == pytest.approx(np.mean(ratios), abs=1e-4)


def test_the_bootstrap_of_the_loss_equals_a_plain_one(frames, classified):
    _, checks = classified
    test, (by_real, by_synthetic) = tree_scores(frames, "group")
    truth = (test["group"] == "treated").to_numpy()
    rng, draws = np.random.default_rng(0), []
    for _ in range(300):
        rows = rng.integers(0, len(truth), len(truth))
        draws.append(metrics.roc_auc_score(truth[rows], by_real[rows]) - metrics.roc_auc_score(truth[rows], by_synthetic[rows]))
    interval = checks["utility.tstr_gap"]["interval"]
    wanted = np.quantile(draws, 0.975) - np.quantile(draws, 0.025)
    # 200 and 300 draws and 256 groups: the widths agree to about a tenth, one standard error.
    assert interval["high"] - interval["low"] == pytest.approx(wanted, rel=0.35)
