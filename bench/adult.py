"""The Adult table as numbers and codes: the real one under SEMBLANCE_DATA, or one made up in its shape."""

import os
import pathlib

import numpy as np
import pandas as pd

NUMERIC = 6  # columns; the other nine are categorical


def made_up(n, seed):
    """Columns with Adult's cardinalities and a latent class that ties them together."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 40, n)
    shape = np.random.default_rng(0)
    columns = {}
    for name, steps, zeros in (("age", 73, 0), ("weight", 30_000, 0), ("years", 15, 0),
                               ("gain", 120, 0.92), ("loss", 95, 0.95), ("hours", 98, 0)):
        centre = shape.random(40)[kind]
        value = np.clip(centre + random.normal(0, 0.12, n), 0, 1)
        value = np.where(random.random(n) < zeros, 0, value)
        columns[name] = np.round(value * steps).astype(int)
    for name, levels in (("work", 9), ("education", 16), ("marital", 7), ("occupation", 15), ("relation", 6),
                         ("race", 5), ("sex", 2), ("country", 42), ("income", 2)):
        weights = shape.dirichlet(np.full(levels, 0.25), 40).cumsum(axis=1)
        code = (random.random(n)[:, None] > weights[kind]).sum(axis=1).clip(0, levels - 1)
        columns[name] = pd.Series(code).map(lambda c: f"{name}{c}").to_numpy()
    return pd.DataFrame(columns)


def tables(n):
    """(queries, references, where from): n rows each, numeric columns first."""
    folder = os.environ.get("SEMBLANCE_DATA")
    if folder:
        train, test = (pd.read_csv(pathlib.Path(folder) / "adult" / f"adult_{part}.csv.gz", skipinitialspace=True)
                       for part in ("train", "test"))
        source = "Adult"
    else:
        train, test = made_up(32_561, 1), made_up(16_281, 2)
        source = "made up in Adult's shape (set SEMBLANCE_DATA for the real one)"
    order = sorted(train.columns, key=lambda name: train[name].dtype == object)
    return test[order].head(n), train[order].head(n), source


def encoded(queries, references):
    """Numeric columns over the references' range (float32) and category codes (int32; missing is -1)."""
    numeric, codes, n_levels = ([], []), ([], []), []
    for name in references.columns:
        if references[name].dtype == object:
            levels = {v: i for i, v in enumerate(sorted(
                v for v in pd.concat([queries[name], references[name]]).dropna().unique() if v != "?"))}
            n_levels.append(len(levels))
            for side, table in enumerate((queries, references)):
                codes[side].append(table[name].map(lambda v: levels.get(v, -1)).fillna(-1).to_numpy(np.int32))
        else:
            low, high = references[name].min(), references[name].max()
            for side, table in enumerate((queries, references)):
                numeric[side].append(((table[name] - low) / (high - low)).to_numpy(np.float32))
    return numeric, codes, n_levels
