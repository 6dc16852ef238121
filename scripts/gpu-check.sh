#!/usr/bin/env bash
# Builds the kernels on a machine with an NVIDIA GPU, runs every GPU test and the GPU benchmarks, and ends
# with a short table. Needs nvcc, CMake, Ninja and g++; no network, MPI, HDF5, Arrow or LibTorch. Where these are
# (./bootstrap has run, LibTorch's wheel has CUDA), training on the GPU is tested and measured too.
#
#   scripts/gpu-check.sh --pack DIR   on a Debian machine with network: unpack what is missing there (fmt,
#                                     GoogleTest; a few MB) into DIR, to be carried along
#   scripts/gpu-check.sh [ROWS]       on the GPU machine: build, test, measure (ROWS x ROWS nearest records,
#                                     default 1000000)
#
# Settings from the environment:
#   SEMBLANCE_GPU_PACKAGES  the folder DIR that was carried along (default: what the machine has)
#   SEMBLANCE_GPU_BUILD     build folder (default: build/gpu-check)
#   SEMBLANCE_GPU_TRAIN     0: leave training out
#   SEMBLANCE_DATA          a folder with adult/adult_train.csv.gz: the whole training of Adult is timed as well
#   SEMBLANCE_GPU_PYTHON    a Python with torch, for the ratio to torch.cdist (default: python3)
# Ends with status 0 only if every test ran on the GPU and passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pack() {  # pack DIR
  local dir=$1 here
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  here=$(mktemp -d)
  (cd "$here" && apt-get download -qq libfmt-dev libfmt9 libgtest-dev libgmock-dev googletest >/dev/null)
  for package in "$here"/*.deb; do dpkg-deb -x "$package" "$dir"; done
  rm -rf "$here" "$dir/usr/share" "$dir/usr/src"
  echo "gpu-check: $(du -sh "$dir" | cut -f1) in $dir; carry it along and set SEMBLANCE_GPU_PACKAGES"
}

if [ "${1:-}" = --pack ]; then
  pack "${2:?usage: scripts/gpu-check.sh --pack DIR}"
  exit 0
fi

rows=${1:-1000000}
build=${SEMBLANCE_GPU_BUILD:-build/gpu-check}
python=${SEMBLANCE_GPU_PYTHON:-python3}
[ -x /usr/local/cuda/bin/nvcc ] && PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null || { echo "gpu-check: there is no nvcc on PATH" >&2; exit 5; }

settings=()
if [ -n "${SEMBLANCE_GPU_PACKAGES:-}" ]; then
  packages=$(cd "$SEMBLANCE_GPU_PACKAGES" && pwd)
  for name in fmt GTest; do
    folder=$(find "$packages" -type d -path "*/cmake/$name" | head -n 1)
    [ -n "$folder" ] || { echo "gpu-check: no $name in SEMBLANCE_GPU_PACKAGES; see --pack" >&2; exit 2; }
    settings+=("-D${name}_DIR=$folder")
  done
fi

echo "== building in $build"
mkdir -p "$(dirname "$build")"
cmake --preset cuda-kernels -B "$build" "${settings[@]}" >"$build.log" 2>&1 || { tail -n 30 "$build.log"; exit 1; }
status=0
cmake --build "$build" -- -k 0 >>"$build.log" 2>&1 || { status=1; grep -E "FAILED|error" "$build.log" | head -n 20; }

echo "== GPU tests"
SEMBLANCE_REQUIRE_GPU=1 ctest --test-dir "$build" -L gpu --output-on-failure >"$build.tests" 2>&1 || status=1
grep -E "^[[:space:]]+[0-9]+ - |tests passed" "$build.tests" || true

echo "== GPU benchmarks"
bench=$("$build/bench/bench_gpu_kernels" "$rows") || status=1
peers=$("$python" bench/gpu_peers.py "$rows" 2>/dev/null) || peers="torch-cdist 0 (not measured: no torch with CUDA in $python)"

training() {  # tests and lines NAME<tab>RESULT<tab>NUMBER of training on the GPU
  local build=$build-train data=${SEMBLANCE_DATA:-}/adult/adult_train.csv.gz out start
  cmake --preset cuda -B "$build" -DSEMBLANCE_BENCH=ON >"$build.log" 2>&1 &&
    cmake --build "$build" --target test_trainer_tensor_step test_trainer_device_engine bench_train_device semblance \
      >>"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; return 1; }
  for unit in tensor_step device_engine; do
    SEMBLANCE_REQUIRE_GPU=1 "$build/tests/test_trainer_$unit" >"$build.$unit" 2>&1 ||
      { grep -E "FAILED|Failure" "$build.$unit" | head -n 20 >&2; return 1; }
  done
  printf 'tests of training on the GPU\tpassed\t\n'
  "$build/bench/bench_train_device" 500000 512 && "$build/bench/bench_train_device" 500000 4096 || return 1
  [ -f "$data" ] || return 0
  out=$(mktemp -d)
  start=$EPOCHREALTIME
  "$build/bin/semblance" train "$data" --device cuda --quiet --output "$out/model.h5" || return 1
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "semblance train adult, start to end\t%.2f s\t\n", b - a }'
  rm -r "$out"
}
trained="training	not measured: no LibTorch with CUDA (./bootstrap)	"
if [ "${SEMBLANCE_GPU_TRAIN:-1}" != 0 ] && compgen -G "${SEMBLANCE_DEPS:-.deps}/py/lib/python3*/site-packages/torch/lib/libtorch_cuda.so" >/dev/null; then
  echo "== training on the GPU"
  trained=$(training) || status=1
fi

echo
echo "gpu-check: commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1), $(nvcc --version | grep -o 'release [0-9.]*')"
printf '%-34s %s\n' "tests on the GPU" "$(grep -E "tests passed" "$build.tests" || echo "did not run")"
echo "$bench" | awk -F'\t' 'NF > 1 { printf "%-34s %s\n", $1, $2 }'
echo "$trained" | awk -F'\t' 'NF > 1 { printf "%-34s %s\n", $1, $2 }'
echo "$peers" | awk '{ name = $1; $1 = ""; printf "%-34s%s\n", name, $0 }'
ours=$(echo "$bench" | awk -F'\t' '$3 != "" { print $3; exit }')
theirs=$(echo "$peers" | awk '{ print $2; exit }')
awk -v a="${ours:-0}" -v b="${theirs:-0}" 'BEGIN { if (a > 0 && b > 0) printf "RATIO torch-cdist %.4g\n", a / b }'
[ "$status" -eq 0 ] && echo "gpu-check: all well" || echo "gpu-check: FAILED, see $build.tests"
exit "$status"
