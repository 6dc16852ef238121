#!/usr/bin/env bash
# Builds the kernels on a machine with an NVIDIA GPU, runs every GPU test and the GPU benchmarks, of training
# too, and ends with a short table. Needs nvcc, CMake, Ninja and g++ there; no network, MPI, HDF5 or Arrow.
#
#   scripts/gpu-check.sh --pack [DIR]  on a Debian machine with network where ./bootstrap has run, with nvcc (no
#                                      GPU): puts into DIR what the GPU machine may lack: fmt and GoogleTest,
#                                      and in training.tar.xz the programs that test and measure training, with
#                                      their libraries. DIR (default: build/gpu-pack) is to be carried along
#   scripts/gpu-check.sh [ROWS]        on the GPU machine: test and measure (ROWS x ROWS nearest records,
#                                      default 1000000)
#
# Training comes from training.tar.xz where DIR has one, and then runs with the LibTorch of a Python there (the
# same version, with CUDA). Else it is built, which takes what ./bootstrap fetches.
#
# Settings from the environment:
#   SEMBLANCE_GPU_PACKAGES  the folder DIR that was carried along (default: build/gpu-pack where there is one,
#                           else what the machine has)
#   SEMBLANCE_GPU_BUILD     build folder (default: build/gpu-check)
#   SEMBLANCE_GPU_TRAIN     0: leave training out. Otherwise it is a failure when training cannot be tested
#   SEMBLANCE_GPU_PYTHON    a Python with torch: for LibTorch and for the ratio to torch.cdist (default: python3)
#   SEMBLANCE_GPU_TORCH     torch's folder, where no Python knows it (it has lib/libtorch_cuda.so)
#   SEMBLANCE_DATA          a folder with adult/adult_train.csv.gz: the whole training of Adult is timed as well,
#                           where training was built
#   OUT                     an existing folder: the logs and the table are copied there
# Ends with status 0 only if every test ran on the GPU and passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${SEMBLANCE_GPU_BUILD:-build/gpu-check}
train=$build-train
deps=${SEMBLANCE_DEPS:-.deps}
python=${SEMBLANCE_GPU_PYTHON:-python3}
wants_training=${SEMBLANCE_GPU_TRAIN:-1}
limit=(timeout 240 stdbuf -oL)  # of one program; what it has printed by then counts
mkdir -p "$(dirname "$build")"
[ -x /usr/local/cuda/bin/nvcc ] && PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null || { echo "gpu-check: there is no nvcc on PATH" >&2; exit 5; }

build_training() {  # build_training [TARGET...]: the programs of training, in $train
  if ! { cmake --preset cuda -B "$train" -DSEMBLANCE_BENCH=ON -DSEMBLANCE_WERROR=OFF &&
    cmake --build "$train" --target test_trainer_tensor_step test_trainer_device_engine bench_train_device "$@"; } \
    >"$train.log" 2>&1; then
    tail -n 40 "$train.log" >&2
    return 1
  fi
}

torch_version() {  # torch_version FOLDER: such as 2.11.0
  sed -n "s/^__version__ *= *'\([^'+]*\).*/\1/p" "$1/version.py"
}

pack_packages() {  # pack_packages DIR: fmt and GoogleTest
  local here; here=$(mktemp -d)
  (cd "$here" && apt-get download -qq libfmt-dev libfmt9 libgtest-dev libgmock-dev googletest >/dev/null)
  for package in "$here"/*.deb; do dpkg-deb -x "$package" "$1"; done
  rm -rf "$here" "${1:?}/usr/share" "${1:?}/usr/src"
}

pack_training() {  # pack_training DIR: training.tar.xz with bin, lib and the version of torch
  local here program name path size
  build_training
  here=$(mktemp -d)
  mkdir "$here/bin" "$here/lib"
  for program in tests/test_trainer_tensor_step tests/test_trainer_device_engine bench/bench_train_device; do
    cp "$train/$program" "$here/bin/"
    ldd "$train/$program"
  done | sort -u >"$here/ldd"
  strip "$here"/bin/*
  if grep "not found" "$here/ldd" >&2; then return 1; fi
  while read -r name _ path _; do
    case $name in
      libtorch_cpu.so) torch_version "$(dirname "$path")/.." >"$here/torch" ;;
      libtorch* | libc10* | libgomp.* | libcudart.* | libcupti.*) ;;                # torch's own there
      libc.so* | libm.so* | libdl.* | libpthread.* | librt.* | libutil.* | libresolv.*) ;;  # with the loader
      libstdc++.* | libgcc_s.*) ;;
      lib*) cp -L "$path" "$here/lib/$name" ;;
    esac
  done <"$here/ldd"
  rm "$here/ldd"
  [ -s "$here/torch" ] || { echo "gpu-check: LibTorch's version is not known" >&2; return 1; }
  tar -C "$here" -c . | xz -9 -T0 >"$1/training.tar.xz"
  rm -r "$here"
  size=$(stat -c %s "$1/training.tar.xz")
  echo "gpu-check: $((size / 1048576)) MiB of it are training.tar.xz"
  [ "$size" -le $((60 * 1048576)) ] || { echo "gpu-check: that is more than 60 MiB" >&2; return 1; }
}

if [ "${1:-}" = --pack ]; then
  mkdir -p "${2:-build/gpu-pack}"
  dir=$(cd "${2:-build/gpu-pack}" && pwd)
  rm -f "$dir/training.tar.xz"
  pack_packages "$dir"
  [ "$wants_training" = 0 ] || pack_training "$dir"
  echo "gpu-check: $(du -sh "$dir" | cut -f1) in $dir; carry it along and set SEMBLANCE_GPU_PACKAGES to where it is"
  exit 0
fi

rows=${1:-1000000}
# shellcheck disable=SC2317  # called at the end
keep_logs() {
  [ -d "${OUT:-}" ] || return 0
  for file in "$build".{log,tests,table} "$train".{log,tensor_step,device_engine}; do
    [ ! -f "$file" ] || cp "$file" "$OUT/"
  done
}
trap keep_logs EXIT
rm -f "$build".{log,tests,table} "$train".{log,tensor_step,device_engine}

packages=${SEMBLANCE_GPU_PACKAGES:-}
[ -n "$packages" ] || [ ! -d build/gpu-pack ] || packages=build/gpu-pack
settings=()
if [ -n "$packages" ]; then
  packages=$(cd "$packages" && pwd)
  for name in fmt GTest; do
    folder=$(find "$packages" -type d -path "*/cmake/$name" | head -n 1)
    [ -n "$folder" ] || { echo "gpu-check: no $name in $packages; see --pack" >&2; exit 2; }
    settings+=("-D${name}_DIR=$folder")
  done
fi

status=0
echo "== building in $build"
if cmake --preset cuda-kernels -B "$build" -DSEMBLANCE_WERROR=OFF "${settings[@]}" >"$build.log" 2>&1; then
  cmake --build "$build" -- -k 0 >>"$build.log" 2>&1 || { status=1; grep -E "FAILED|error" "$build.log" | head -n 20; }
else
  status=1
  tail -n 40 "$build.log"
fi

echo "== GPU tests"
SEMBLANCE_REQUIRE_GPU=1 timeout 240 ctest --test-dir "$build" -L gpu -j 8 --no-tests=error --output-on-failure >"$build.tests" 2>&1 ||
  { status=1; tail -n 40 "$build.tests"; }

torch_folder() {  # the folder of a torch with CUDA
  local candidate folder
  for candidate in "$python" python3 python "$deps/py/bin/python3"; do
    folder=${SEMBLANCE_GPU_TORCH:-$("$candidate" -c 'import importlib.util as u, os
print(os.path.dirname(u.find_spec("torch").origin))' 2>/dev/null)} || continue
    if [ -f "$folder/lib/libtorch_cuda.so" ]; then echo "$folder"; return; fi
  done
  echo "gpu-check: there is no torch with CUDA in $python; set SEMBLANCE_GPU_PYTHON or SEMBLANCE_GPU_TORCH" >&2
  return 1
}

unpack_training() {  # into $train; sets `within`, the environment of its programs
  local torch there packed
  rm -rf "$train"
  mkdir -p "$train"
  tar -C "$train" -xJf "$packages/training.tar.xz" 2>/dev/null ||
    "$python" -m tarfile -e "$packages/training.tar.xz" "$train" || return 1
  torch=$(torch_folder) || return 1
  there=$(torch_version "$torch")
  packed=$(cat "$train/torch")
  [ "$there" = "$packed" ] ||
    { echo "gpu-check: training.tar.xz is for torch $packed, but $torch is $there" >&2; return 1; }
  within=(env "LD_LIBRARY_PATH=$torch/lib:$train/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
}

training() {  # tests and lines NAME<tab>RESULT<tab>NUMBER of training on the GPU; goes on after a failure
  local data=${SEMBLANCE_DATA:-}/adult/adult_train.csv.gz tests=$train/tests benches=$train/bench
  local within=(env) failed=0 unit batch out start
  if [ -f "$packages/training.tar.xz" ]; then
    unpack_training || return 1
    tests=$train/bin benches=$train/bin
  else
    build_training semblance || return 1
  fi
  for unit in tensor_step device_engine; do
    if SEMBLANCE_REQUIRE_GPU=1 "${within[@]}" "${limit[@]}" "$tests/test_trainer_$unit" --gtest_filter='*/Cuda*' \
      >"$train.$unit" 2>&1 && grep -q '^\[  PASSED  \] [1-9]' "$train.$unit"; then
      printf 'training, tests of %s\t%s passed\t\n' "$unit" "$(sed -n 's/^\[  PASSED  \] \([0-9]*\).*/\1/p' "$train.$unit")"
    else
      failed=1
      tail -n 40 "$train.$unit" >&2
      printf 'training, tests of %s\tFAILED\t\n' "$unit"
    fi
  done
  for batch in 128 512 4096; do  # the default first
    "${within[@]}" "${limit[@]}" "$benches/bench_train_device" 500000 "$batch" || failed=1
  done
  if [ -x "$train/bin/semblance" ] && [ -f "$data" ]; then
    out=$(mktemp -d)
    start=$EPOCHREALTIME
    if "${limit[@]}" "$train/bin/semblance" train "$data" --device cuda --quiet --output "$out/model.h5"; then
      awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "semblance train adult, start to end\t%.2f s\t\n", b - a }'
    else
      failed=1
    fi
    rm -r "$out"
  fi
  return $failed
}
trained="training	not tested: SEMBLANCE_GPU_TRAIN=0	"
if [ "$wants_training" != 0 ]; then
  echo "== training on the GPU"
  if [ -f "$packages/training.tar.xz" ] || compgen -G "$deps/py/lib/python3*/site-packages/torch/lib/libtorch_cuda.so" >/dev/null; then
    trained=$(training) || status=1
  else
    status=1
    trained="training	NOT TESTED: neither training.tar.xz (--pack) nor what ./bootstrap fetches is here	"
  fi
fi

echo "== GPU benchmarks of the kernels"
bench=$("${limit[@]}" "$build/bench/bench_gpu_kernels" "$rows") || status=1
peers=$("${limit[@]}" "$python" bench/gpu_peers.py "$rows" 2>/dev/null) || peers="torch-cdist 0 (not measured: no torch with CUDA in $python)"

table() {
  echo "gpu-check: commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1), $(nvcc --version | grep -o 'release [0-9.]*')"
  printf '%-34s %s\n' "tests of the kernels on the GPU" "$(grep -E "tests passed" "$build.tests" || echo "did not end")"
  echo "$trained" | awk -F'\t' 'NF > 1 { printf "%-34s %s\n", $1, $2 }'
  echo "$bench" | awk -F'\t' 'NF > 1 { printf "%-34s %s\n", $1, $2 }'
  echo "$peers" | awk '{ name = $1; $1 = ""; printf "%-34s%s\n", name, $0 }'
  ours=$(echo "$bench" | awk -F'\t' '$3 != "" { print $3; exit }')
  theirs=$(echo "$peers" | awk '{ print $2; exit }')
  awk -v a="${ours:-0}" -v b="${theirs:-0}" 'BEGIN { if (a > 0 && b > 0) printf "RATIO torch-cdist %.4g\n", a / b }'
  [ "$status" -eq 0 ] && echo "gpu-check: all well" || echo "gpu-check: FAILED, see $build.* and $train.*"
}
echo
table | tee "$build.table"
exit "$status"
