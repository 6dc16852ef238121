"""A table with a column of every type, each with a habit that has to survive. Used by test_types.py and bench/column_types.py."""
import numpy as np
import pandas as pd

METADATA = """
columns:
  patient: {kind: id, id_pattern: "P######"}
  number: {kind: id}
  uuid: {kind: id, id_pattern: uuid}
  discharged: {relative_to: admitted}
  left: {relative_to: seen}
"""


def stamps(base, seconds, fraction=False):
    text = (pd.Timestamp(base) + pd.to_timedelta(seconds, unit="us" if fraction else "s")).strftime(
        "%Y-%m-%d %H:%M:%S.%f" if fraction else "%Y-%m-%d %H:%M")
    return text.to_numpy(object)


def typed_table(n, seed=1):
    """n rows, at least 1,000."""
    rng = np.random.default_rng(seed)
    ward = rng.choice(["medical", "surgical", "elderly"], n, p=[0.5, 0.3, 0.2])
    tested = rng.random(n) < 0.6
    days = rng.integers(0, 208, n) * 7 + rng.choice(7, n, p=[0.22, 0.2, 0.2, 0.18, 0.16, 0.03, 0.01])  # from a Monday on
    minutes = rng.integers(0, 1400, n) * 1440 + np.clip(rng.normal(12, 2.5, n), 7, 18).astype(int) * 60 + rng.integers(0, 12, n) * 5
    stay = rng.poisson(np.where(ward == "elderly", 9, 3))
    table = pd.DataFrame({
        "patient": [f"P{i:06}" for i in rng.permutation(80_000)[:n]],
        "number": rng.permutation(80_000)[:n] + 100,
        "uuid": [f"{a:08x}-0000-4000-8000-{b:012x}" for a, b in rng.integers(0, 2**31, (n, 2))],
        "ward": ward,
        "dose": np.where(rng.random(n) < 0.6, 0, np.round(rng.lognormal(3, 1.5, n)).astype(int)),  # a spike and a heavy tail
        "signed": rng.integers(-40, 41, n),
        "weight": [f"{v:.1f}" for v in rng.normal(np.where(ward == "elderly", 60, 80), 8)],
        "ratio": [f"{v:.3f}" for v in rng.beta(2, 5, n)],
        "free": rng.normal(size=n) * np.pi,  # no decimals to keep
        "income": np.round(rng.lognormal(10, 1, n), 2),
        "admitted": (pd.Timestamp("2015-01-05") + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d"),
        "discharged": (pd.Timestamp("2015-01-05") + pd.to_timedelta(days + stay, unit="D")).strftime("%Y-%m-%d"),
        "seen": stamps("2019-03-01", minutes * 60),
        "left": stamps("2019-03-01", (minutes + rng.integers(1, 40, n) * 5) * 60),
        "logged": stamps("2020-01-01", rng.integers(0, 86_400 * 30, n) * 1_000_000 + rng.integers(0, 1_000_000, n), fraction=True),
        "tested": np.where(tested, "yes", "no"),
        "sodium": np.where(tested, np.round(rng.normal(140, 4, n)).astype(int).astype(str), ""),
        "potassium": np.where(tested, [f"{v:.1f}" for v in rng.normal(4.2, 0.5, n)], ""),
        "reported": np.where(tested, (pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D")).strftime("%Y-%m-%d"), ""),
        "diagnosis": rng.choice([f"code {k}" for k in range(40)], n, p=np.arange(1, 41) / 820),
        "same": "always",
        "seven": 7,
        "nothing": "",
    })
    table.loc[:2, "diagnosis"] = "one person's own"
    table.loc[3:11, "diagnosis"] = "nine of them"
    table.loc[:4, "income"] = 10.0 ** np.arange(7, 12)
    table.loc[5:6, "income"] = [-5e9, -4e9]
    table.loc[7, "admitted"], table.loc[7, "discharged"] = "1890-01-01", "1890-01-02"
    return table
