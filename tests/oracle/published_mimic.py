"""The published MIMIC-III input table, rule by rule, in pandas and the standard library.

An independent implementation for comparison with recipes/mimic3-*-compatible.yaml: it follows the
description of the procedure, not our engine. Slow and plain on purpose.
"""

import datetime
import random

import numpy as np
import pandas as pd

# What pandas 1.x took for a missing value; pandas 2 added "None".
MISSING = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
           "<NA>", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null"]
REFERENCE = pd.Timestamp("2021-12-01")
CUTS = {"medium": (0.3, 0.9), "large": (0.3, 0.7)}


def read(folder, name, **options):
    for path in sorted(folder.iterdir()):
        if path.name.lower() in (name.lower() + ".csv.gz", name.lower() + ".csv"):
            # low_memory: column kinds are guessed anew for each run of rows, as the program did.
            table = pd.read_csv(path, low_memory=True, keep_default_na=False, na_values=MISSING, **options)
            return table.rename(columns=str.upper)
    raise FileNotFoundError(name)


def year_ends(start, end):
    """Number of 31 Decembers, at the time of day of start, from start to end."""
    time = start.to_pydatetime().time()
    first = datetime.datetime.combine(datetime.date(start.year, 12, 31), time)
    return sum(
        1
        for year in range(first.year, end.year + 1)
        if start <= pd.Timestamp(first.replace(year=year)) <= end
    )


def shift_births(patients):
    random.seed(2021)
    births = []
    for birth in pd.to_datetime(patients["DOB"]):
        past, future = year_ends(birth, REFERENCE), year_ends(REFERENCE, birth)
        if past != 0 and birth < pd.Timestamp("1930-01-01"):
            birth += pd.DateOffset(years=random.randrange(past - 80, past - 40))
        elif future != 0 and birth > REFERENCE:
            birth -= pd.DateOffset(years=random.randrange(future + 30, future + 50))
        births.append(birth)
    return patients.assign(DOB=births)


def choose_events(events, size):
    if size == "small":
        return events.drop_duplicates(["SUBJECT_ID", "ICUSTAY_ID"])
    subjects = events["SUBJECT_ID"].drop_duplicates().tolist()
    first, second = (round(cut * len(subjects)) for cut in CUTS[size])
    allowed = {s: 1 if i < first else 2 if i < second else 100 for i, s in enumerate(subjects)}
    seen = events.groupby("SUBJECT_ID").cumcount()
    return events[seen < events["SUBJECT_ID"].map(allowed)]


def random_dates(table):
    random.seed(2021)
    rows = []
    for row in table.itertuples(index=False):
        lived = max((REFERENCE - row.DOB).days + 1, 0)
        stay = pd.Timestamp(row.DISCHTIME) - pd.Timestamp(row.ADMITTIME)
        length = max(int(stay.total_seconds()) + 1, 0)
        admit_day = random.randrange(int(np.round(lived * 0.25)), int(np.round(lived * 0.9)) + 5)
        days = random.randrange(0, 50)
        seconds = random.randrange(int(np.round(length * 0.01)) + 1, int(np.round(length * 0.99)) + 10)
        admitted = row.DOB + pd.Timedelta(days=admit_day)
        rows.append((admitted, admitted + pd.Timedelta(days=days), admitted + pd.Timedelta(seconds=seconds)))
    new = pd.DataFrame(rows, columns=["ADMITTIME", "DISCHTIME", "CHARTTIME"], index=table.index)
    return table.assign(**{name: new[name] for name in new})


def merge_by_groups(left, right, keys):
    """An inner merge in the row order of pandas before 2.2: the rows of one key stand together, keys
    in order of their first appearance in the left table (pandas 2.2 and later keep the left order)."""
    group = left.groupby(keys, sort=False, dropna=False).ngroup()
    return left.iloc[np.argsort(group.to_numpy(), kind="stable")].merge(right, on=keys)


def published_table(folder, size, rows=10_000_000):
    admissions = read(folder, "admissions")[
        ["ROW_ID", "SUBJECT_ID", "ETHNICITY", "ADMITTIME", "DISCHTIME", "DISCHARGE_LOCATION"]
    ]
    patients = shift_births(read(folder, "patients"))[["SUBJECT_ID", "GENDER", "DOB"]]
    stays = read(folder, "icustays")[["SUBJECT_ID", "ICUSTAY_ID", "FIRST_CAREUNIT"]]
    people = merge_by_groups(merge_by_groups(admissions, patients, ["SUBJECT_ID"]), stays, ["SUBJECT_ID"])

    events = read(folder, "chartevents", nrows=rows)
    events = choose_events(events, size)
    events = events[["SUBJECT_ID", "ICUSTAY_ID", "CHARTTIME", "ITEMID", "VALUE", "VALUEUOM"]]
    table = random_dates(merge_by_groups(people, events, ["SUBJECT_ID", "ICUSTAY_ID"]))
    table = table[(table["ADMITTIME"] < table["CHARTTIME"]) & (table["DISCHTIME"] > table["CHARTTIME"])]

    items = read(folder, "d_items")[["ITEMID", "LABEL"]]
    table = merge_by_groups(table, items, ["ITEMID"]).drop(columns=["ICUSTAY_ID", "ITEMID"])
    days = (REFERENCE - table["DOB"]).dt.days
    table["age"] = np.trunc(days / 365.2425)
    if size == "small":
        table = table.groupby("SUBJECT_ID").head(4)
    return table
