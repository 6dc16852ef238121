"""CPU seconds of training on Adult: us at default settings, SDV's TVAE and CTGAN at theirs.

    bench/run train [--peer-epochs 10]

A peer's 300 default epochs are measured by a shorter fit and one of a single epoch: the difference is the price
of an epoch. SDV is installed into an environment of its own, .deps/bench-sdv.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import adult
import harness
from quality import learn_and_make

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".deps" / "bench-sdv"
PACKAGES = ["sdv==2.0.0", "ctgan==0.12.1", "torch==2.11.0"]
# The wheels that SDV works with on a CPU; torch's own list would add gigabytes of CUDA.
STEPS = [
    ["--no-deps", "torch==2.11.0", "nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"],
    ["boto3", "botocore", "cloudpickle", "Faker", "filelock", "fsspec", "graphviz", "jinja2", "networkx", "numpy==2.4.6",
     "pandas==2.3.3", "platformdirs", "plotly", "pyyaml", "scikit-learn==1.9.1", "scipy", "setuptools", "sympy", "tqdm",
     "typing-extensions", "packaging"],
    ["--no-deps", "sdv==2.0.0", "ctgan==0.12.1", "rdt", "copulas", "deepecho", "sdmetrics==0.32.0"],
]

PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd, torch
torch.set_num_threads(1)
from sdv.metadata import Metadata
from sdv.single_table import CTGANSynthesizer, TVAESynthesizer
kind, path, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
table = pd.read_csv(path)
metadata = Metadata.detect_from_dataframes({"table": table})
arguments = {"epochs": epochs}
for name, off in (("cuda", False), ("enable_gpu", False)):
    try:
        model = (TVAESynthesizer if kind == "tvae" else CTGANSynthesizer)(metadata, **arguments, **{name: off})
        break
    except TypeError:
        continue
start = time.process_time()
try:
    model.fit(table)
except Exception:
    model.fit({"table": table})
print(json.dumps(time.process_time() - start))
"""


def peer_python():
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "ready").exists():
        print(f"bench/run: installing SDV into {ENVIRONMENT}", file=sys.stderr)
        subprocess.run(["python3", "-m", "venv", ENVIRONMENT], check=True)
        for step in STEPS:
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", *step], check=True)
        (ENVIRONMENT / "ready").touch()
    return python


def peer_seconds(kind, path, epochs):
    done = subprocess.run([peer_python(), "-c", PEER, kind, path, str(epochs)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer-epochs", type=int, default=10)
    args = parser.parse_args()
    _, train, source = adult.tables(10**9)
    print(f"{harness.cpu_model()}; commit {harness.commit()}; {len(train)} rows, {source}; one thread; {', '.join(PACKAGES)}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ours = [learn_and_make(train, seed, folder)[1] for seed in (1, 2, 3)]
        mine = statistics.median(ours)
        print(f"semblance train     {mine:8.2f} CPU s (median of 3: {', '.join(f'{s:.2f}' for s in ours)})", flush=True)
        ratios = {}
        for kind in ("tvae", "ctgan"):
            one, more = (peer_seconds(kind, folder / "train.csv", e) for e in (1, args.peer_epochs))
            whole = one + (more - one) / (args.peer_epochs - 1) * 299
            print(f"SDV {kind:6s}          {whole:8.2f} CPU s for 300 epochs ({one:.2f} s for 1, {more:.2f} s for {args.peer_epochs})",
                  flush=True)
            ratios[kind] = whole / mine
    for kind, ratio in ratios.items():
        print(f"RATIO {kind} {ratio:.4g}")


if __name__ == "__main__":
    main()
