"""Nearest records where pruning fails (random rows, many columns, one kind alone) beside a vectorised brute force."""

import sys

import harness

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 3

results = harness.Results("dcr_worst", "M pairs", [])
ratios, worst = {}, 0.0
for line in harness.run_ours("bench_dcr_worst", REPEATS):
    name = f"{line['case']}, {line['columns']} columns"
    ours = results.add(f"semblance, {name}", line["pairs"] / 1e6, line["cpu_s"])
    brute = results.add(f"brute force in float32, {name}", line["pairs"] / 1e6, line["brute_s"])
    ratios[f"brute-{line['case']}"] = ours / brute
    worst = max(worst, line["difference"])
if worst > 1e-5:
    sys.exit(f"bench/dcr_worst: distances differ from the brute force by {worst}")
results.finish(ratios, [f"largest difference from the brute force: {worst:.2g} (its sums are float32)"])
