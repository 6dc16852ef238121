"""The peers of bench/evaluate.py, in an environment of their own: prints one JSON object a line.

    evaluate_peers.py REAL SYNTHETIC HOLDOUT ATTACKS SECRET[,SECRET...]
"""

import json
import sys
import time
import warnings

import pandas as pd


def measure(what, work, values, repeats):
    """CPU seconds: the median of `repeats` calls after one that does not count (it compiles)."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        done = work()
        seconds.append(time.process_time() - start)
    print(json.dumps({"what": what, "cpu_s": sorted(seconds)[len(seconds) // 2], "values": values(done)}), flush=True)


def quality(real, synthetic):
    from sdmetrics.reports.single_table import QualityReport

    kinds = {name: {"sdtype": "categorical" if real[name].dtype == object else "numerical"} for name in real}

    def report():
        report = QualityReport()
        report.real_correlation_threshold = report.real_association_threshold = 0  # all pairs
        report.generate(real, synthetic, {"columns": kinds}, verbose=False)
        return report

    report()
    measure("quality", report, lambda r: [1 - score for score in r.get_properties()["Score"]], 3)


def attack(what, make):
    """One evaluation, after one of ten attacks that compiles what numba compiles."""

    def evaluate(n):
        evaluator, arguments = make(n)
        evaluator.evaluate(**arguments)
        return evaluator.results()

    evaluate(10)
    count = lambda r: [r.n_attacks_ori, r.n_success, r.n_attacks_control, r.n_control]
    measure(what, lambda: evaluate(ATTACKS), lambda r: [int(n) for n in count(r)], 1)


warnings.filterwarnings("ignore")
REAL, SYNTHETIC, HOLDOUT = (pd.read_csv(path) for path in sys.argv[1:4])
ATTACKS, SECRETS = int(sys.argv[4]), sys.argv[5].split(",")


def main():
    from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator

    quality(REAL, SYNTHETIC)
    tables = {"ori": REAL, "syn": SYNTHETIC, "control": HOLDOUT}
    for what, mode in (("singling out, one value", "univariate"), ("singling out, three values", "multivariate")):
        attack(what, lambda n: (SinglingOutEvaluator(**tables, n_attacks=n, n_cols=3), {"mode": mode}))
    names = list(REAL)
    attack("linkability", lambda n: (LinkabilityEvaluator(
        **tables, n_attacks=n, aux_cols=(names[::2], names[1::2]), n_neighbors=1), {"n_jobs": 1}))
    for secret in SECRETS:
        attack(f"inference of {secret}", lambda n: (InferenceEvaluator(
            **tables, n_attacks=n, aux_cols=[c for c in names if c != secret], secret=secret,
            regression=REAL[secret].dtype != object), {"n_jobs": 1}))


if __name__ == "__main__":
    main()
