"""L1 nearest rows by torch.cdist in tiles on one GPU, in rows of 107 features (Adult, one-hot): M pairs a second.

Prints `torch-cdist RATE text`; RATE in pairs a second. Brute force: the rate does not depend on the data.
"""

import sys
import time

import torch

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
queries = torch.rand(8_192, 107, device="cuda")
references = torch.rand(min(rows, 262_144), 107, device="cuda")


def scan():
    best = torch.full((len(queries), 2), float("inf"), device="cuda")
    for tile in references.split(16_384):
        two = torch.cdist(queries, tile, p=1).topk(2, largest=False).values
        best = torch.cat([best, two], dim=1).topk(2, largest=False).values
    torch.cuda.synchronize()
    return best


scan()
start = time.perf_counter()
scan()
seconds = time.perf_counter() - start
rate = len(queries) * len(references) / seconds
print(f"torch-cdist {rate:.6g} {rate / 1e9:.3g} G pairs/s ({len(queries)} x {len(references)} x 107, torch {torch.__version__})")
