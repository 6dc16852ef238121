"""What `semblance prepare` says of bad input: exit code, place, and nothing under the name of the output."""

import gzip
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

PROGRAM = os.environ.get("SEMBLANCE_BIN")
pytestmark = pytest.mark.skipif(not PROGRAM, reason="SEMBLANCE_BIN names no program")

SOURCES = """sources:
  people: {columns: {PERSON: integer, WARD: text}}
  visits: {columns: {VISIT: integer, PERSON: integer, WARD: text}}
"""
JOIN = SOURCES + """tables:
  t:
    from: people
    steps:
      - join: {with: visits, on: [%s]%s}
output: {from: t}
"""
ALL_VISITS = SOURCES + "output: {from: visits}\n"
VISITS = "VISIT,PERSON,WARD\n" + "".join(f"{i},{i % 3},A\n" for i in range(3000))
CIRCLE = SOURCES + "tables:\n  a: {from: b}\n  b:\n    from: c\n  c: {from: a}\noutput: {from: a}\n"

# name: (recipe, what becomes of the files, exit code, pattern of the message)
CASES = {
    "a missing file": (ALL_VISITS, {"visits.csv": None, "visit.csv": VISITS}, 3,
                       r"recipe\.yaml:3:3: there is no table 'visits' .* \(did you mean 'visit'\?\)"),
    "a missing column": (ALL_VISITS, {"visits.csv": VISITS.replace("WARD", "WARDS")}, 3,
                         r"recipe\.yaml:3:\d+: there is no column 'WARD' in .*visits\.csv \(did you mean 'WARDS'\?\)"),
    "a duplicate key": (JOIN % ("PERSON", ", promise: one, columns: [VISIT]"), {}, 3,
                        r"recipe\.yaml:8:9: the join with 'visits' promises one row a key, but PERSON = 0 comes more than once"),
    "a gz file cut short": (ALL_VISITS, {"visits.csv": None, "visits.csv.gz": gzip.compress(VISITS.encode())[:-900]}, 3,
                            r"visits\.csv\.gz: the gzip file is cut short"),
    "too many fields": (ALL_VISITS, {"visits.csv": VISITS + "3000,1,A,B\n"}, 3,
                        r"visits\.csv: row 3001: has 4 fields, but the header has 3 columns"),
    "mixed encodings": (ALL_VISITS, {"visits.csv": (VISITS + "3000,1,caf\u00e9\n").encode() + b"3001,1,caf\xe9\n"}, 3,
                        r"visits\.csv: row 3002, column 'WARD': holds bytes that are not UTF-8"),
    "a value of another kind": (ALL_VISITS, {"visits.csv": VISITS + "3000,one,A\n"}, 3,
                                r"visits\.csv: row 3001, column PERSON: 'one' is not a whole number"),
    "a join that explodes": (JOIN % ("WARD", ", columns: [VISIT]"), {}, 3,
                             r"recipe\.yaml:8:9: the join with 'visits' explodes: the row with WARD = A .* has 3000 matches"),
    "a join that explodes as a whole": (
        (JOIN % ("WARD", ", columns: [VISIT], at_most: 4000")).replace("columns: {PERSON: integer, WARD", "file: many, columns: {PERSON: integer, WARD"),
        {"many.csv": "PERSON,WARD\n" + "1,A\n" * 2000}, 3,
        r"explodes: the row with WARD = A .* is one of 334 that became 1002000 rows, 3000 each"),
    "a cyclic recipe": (CIRCLE, {}, 3, r"recipe\.yaml:\d+:\d+: .*circle.* a needs b needs c needs a"),
    "a recipe that is no YAML": (ALL_VISITS + "output: [\n", {}, 3, r"recipe\.yaml:\d+:\d+: "),
    "an unknown column in an expression": (
        SOURCES + "tables:\n  t:\n    from: visits\n    steps:\n      - filter: WARDS = 'A'\noutput: {from: t}\n", {}, 3,
        r"recipe\.yaml:8:17: in 'WARDS = 'A'': character 1: there is no column 'WARDS' here \(did you mean 'WARD'\?\)"),
}


def write(folder, recipe, files):
    all_files = {"people.csv": "PERSON,WARD\n1,A\n2,B\n", "visits.csv": VISITS} | files
    for name, text in all_files.items():
        if text is not None:
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "recipe.yaml").write_text(recipe)


def prepare(folder, *more):
    command = [PROGRAM, "prepare", "recipe.yaml", "--input", ".", "--output", "out/table.csv", "--quiet", *more]
    (folder / "out").mkdir(exist_ok=True)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("threads", ["1", "3"])
@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_named_and_leaves_no_output(name, threads, tmp_path):
    recipe, files, code, message = CASES[name]
    write(tmp_path, recipe, files)
    done = prepare(tmp_path, "--threads", threads)
    assert re.search(message, done.stderr), done.stderr
    assert done.returncode == code
    assert list((tmp_path / "out").iterdir()) == []


def test_an_output_that_cannot_be_written_is_an_io_error(tmp_path):
    write(tmp_path, ALL_VISITS, {})
    command = [PROGRAM, "prepare", "recipe.yaml", "--input", ".", "--output", "nowhere/table.csv", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 4 and "nowhere" in done.stderr


def test_an_input_folder_that_is_not_there_is_an_io_error(tmp_path):
    write(tmp_path, ALL_VISITS, {})
    command = [PROGRAM, "prepare", "recipe.yaml", "--input", "nowhere", "--output", "table.csv", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 4 and "nowhere" in done.stderr


def test_a_program_killed_in_the_middle_leaves_nothing_under_the_final_name(tmp_path):
    """The last source is a pipe that never ends: the program waits with rows written, and is killed."""
    write(tmp_path, ALL_VISITS, {"visits.csv": None})
    os.mkfifo(tmp_path / "visits.csv")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "table.csv").write_text("from before\n")
    command = [PROGRAM, "prepare", "recipe.yaml", "--input", ".", "--output", "out/table.csv", "--quiet"]
    process = subprocess.Popen(command, cwd=tmp_path)
    with open(tmp_path / "visits.csv", "w") as pipe:
        pipe.write(VISITS * 1 + "".join(f"{i},1,B\n" for i in range(200_000)))
        pipe.flush()
        for _ in range(100):
            time.sleep(0.05)
            if len(list((tmp_path / "out").iterdir())) > 1:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "out" / "table.csv").read_text() == "from before\n"
