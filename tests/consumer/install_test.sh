#!/usr/bin/env bash
# install_test.sh BUILD SOURCE: installs BUILD into a new folder and builds and runs a consumer of it.
set -euo pipefail
build=$1; source=$2
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
if [ -f "$build/bin/semblance" ]; then "$work/prefix/bin/semblance" --version; fi  # not where only the kernels are built
cmake -S "$source/tests/consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/consumer"
