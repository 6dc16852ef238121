"""CPU seconds of training on Adult: us at default settings, SDV's TVAE and CTGAN at theirs.

    bench/run train [--peer-epochs 10] [--whole-peer]

A peer's 300 default epochs are extrapolated from a shorter fit, whose clock is read after each epoch: what comes before
the first epoch, and the mean of the epochs after the first. With --whole-peer TVAE is fitted for all 300 (some minutes);
CTGAN would take a quarter of an hour and is extrapolated all the same. SDV is installed into an environment of its own,
.deps/bench-sdv.
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
# All that SDV needs, pinned and without its own list of dependencies; torch's wheel wants its CUDA libraries beside it
# even on a CPU (2.5 GB to fetch, 40 s on a fast line).
REQUIREMENTS = ROOT / "bench" / "requirements-sdv.txt"
SHOWN = ("sdv", "ctgan", "torch")
EPOCHS = 300  # SDV's default

PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import ctgan.synthesizers.ctgan, ctgan.synthesizers.tvae
import pandas as pd, torch
torch.set_num_threads(1)
from sdv.metadata import Metadata
from sdv.single_table import CTGANSynthesizer, TVAESynthesizer
kind, path, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
clock = []

class Epochs:
    # In the place of the progress bar that both loop over.
    def __init__(self, epochs, **_):
        self.epochs = epochs
    def __iter__(self):
        clock.append(time.process_time() - start)
        for epoch in self.epochs:
            yield epoch
            clock.append(time.process_time() - start)
            if (epoch + 1) % 25 == 0:
                print(f"{kind}: epoch {epoch + 1} after {clock[-1]:.1f} CPU s", file=sys.stderr, flush=True)

ctgan.synthesizers.ctgan.tqdm = ctgan.synthesizers.tvae.tqdm = Epochs
table = pd.read_csv(path)
metadata = Metadata.detect_from_dataframes({"table": table})
model = (TVAESynthesizer if kind == "tvae" else CTGANSynthesizer)(metadata, epochs=epochs, enable_gpu=False)
start = time.process_time()
model.fit({"table": table})
print(json.dumps({"clock": clock, "whole": time.process_time() - start}))
"""


def peer_python():
    python, installed = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "requirements.txt"
    if not installed.exists() or installed.read_text() != REQUIREMENTS.read_text():
        print(f"bench/run: installing SDV into {ENVIRONMENT}", file=sys.stderr)
        subprocess.run(["python3", "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "-r", REQUIREMENTS], check=True)
        installed.write_text(REQUIREMENTS.read_text())
    return python


def peer_versions():
    pins = dict(line.split("==") for line in REQUIREMENTS.read_text().split())
    return {name: pins[name] for name in SHOWN}


def fit_peer(kind, path, epochs):
    """CPU seconds after 0, 1 ... epochs, and of the whole fit."""
    done = subprocess.run([peer_python(), "-c", PEER, kind, path, str(epochs)], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def whole_fit(kind, path):
    """A peer's record for its default number of epochs, fitted to the end."""
    fit = fit_peer(kind, path, EPOCHS)
    after = {str(e): fit["clock"][e] for e in (0, 1, 10, 50, 100, 200, 300)}
    print(f"SDV {kind:6s}          {fit['whole']:8.2f} CPU s for {EPOCHS} epochs, fitted whole; after epochs "
          + ", ".join(f"{e}: {s:.1f}" for e, s in after.items()), flush=True)
    return {"who": f"SDV {kind}", "cpu_s": fit["whole"], "extrapolated": False, "cpu_s_after_epoch": after}


def extrapolated_fit(kind, path, epochs):
    """The same from a fit of a few epochs. The first one warms up and does not count for the others."""
    fit = fit_peer(kind, path, epochs)
    first, last = fit["clock"][1], fit["clock"][epochs]
    seconds = fit["whole"] + (last - first) / (epochs - 1) * (EPOCHS - epochs)
    print(f"SDV {kind:6s}          {seconds:8.2f} CPU s for {EPOCHS} epochs, extrapolated from {fit['whole']:.2f} s for {epochs},"
          f" of which {first:.2f} s until the end of the first", flush=True)
    return {"who": f"SDV {kind}", "cpu_s": seconds, "extrapolated": True, "fitted_epochs": epochs, "fit_cpu_s": fit["whole"],
            "cpu_s_after_epoch": {"0": fit["clock"][0], "1": first, str(epochs): last}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer-epochs", type=int, default=10, help="epochs of the longer fit of a peer, 2 to 300")
    parser.add_argument("--whole-peer", action="store_true", help="fit TVAE for all its epochs")
    args = parser.parse_args()
    _, train, source = adult.tables(10**9)
    versions = peer_versions()
    print(f"{harness.cpu_model()}; commit {harness.commit()}; {len(train)} rows, {source}; one thread; "
          + ", ".join(f"{k} {v}" for k, v in versions.items()))
    results, ratios = [], {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ours = [learn_and_make(train, seed, folder)[1] for seed in (1, 2, 3)]
        mine = statistics.median(ours)
        print(f"semblance train     {mine:8.2f} CPU s (median of 3: {', '.join(f'{s:.2f}' for s in ours)})", flush=True)
        results.append({"who": "semblance", "cpu_s": mine, "each": ours})
        for kind in ("tvae", "ctgan"):
            path = folder / "train.csv"
            whole = args.whole_peer and kind == "tvae"
            record = whole_fit(kind, path) if whole else extrapolated_fit(kind, path, args.peer_epochs)
            results.append(record)
            ratios[kind] = record["cpu_s"] / mine
    harness.store("train", {"unit": "CPU seconds", "threads": 1, "versions": versions, "source": source, "rows": len(train),
                            "results": results, "ratios": ratios})
    for kind, ratio in ratios.items():
        print(f"RATIO {kind} {ratio:.4g}")


if __name__ == "__main__":
    main()
