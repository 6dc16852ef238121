#!/usr/bin/env bash
# pipeline.sbatch and submit.sh must say what is wrong with their settings before anything starts.
#   test_settings.sh JOBS_FOLDER
set -uo pipefail
jobs=$(realpath "${1:?use: test_settings.sh JOBS_FOLDER}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset SEMBLANCE_BIN SEMBLANCE_LAUNCHER SEMBLANCE_SETUP SEMBLANCE_GRACE_S SLURM_JOB_ID SLURM_CPUS_PER_TASK
echo 'table: a.csv' >config.yaml
failures=0

expect() {  # expect CODE TEXT COMMAND...
  local code=$1 text=$2 got output
  shift 2
  output=$("$@" 2>&1)
  got=$?
  if [ "$got" != "$code" ] || [[ "$output" != *"$text"* ]]; then
    printf 'FAILED: %s\n  expected exit %s and "%s"\n  got exit %s and:\n%s\n' "$*" "$code" "$text" "$got" "$output"
    failures=$((failures + 1))
  fi
}

# A program and launchers that only say how they were called.
mkdir bin
for name in program mpirun sbatch; do
  printf '#!/bin/sh\necho "%s called with $*"\n' "$name" >bin/$name
  chmod +x bin/$name
done
printf '#!/bin/sh\nexit 7\n' >bin/failing; chmod +x bin/failing
PATH=$work/bin:$PATH
job=$jobs/pipeline.sbatch

expect 2 "names no configuration" bash "$job"
expect 2 "absent.yaml cannot be read" bash "$job" absent.yaml
expect 2 "set SEMBLANCE_BIN" bash "$job" config.yaml
expect 2 "there is no program /absent" env SEMBLANCE_BIN=/absent bash "$job" config.yaml
export SEMBLANCE_BIN=$work/bin/program
expect 2 "SEMBLANCE_SETUP names /absent" env SEMBLANCE_SETUP=/absent bash "$job" config.yaml
expect 2 "there is no absent_launcher" env SEMBLANCE_LAUNCHER="absent_launcher -x" bash "$job" config.yaml
expect 2 "whole number of seconds" env SEMBLANCE_LAUNCHER=mpirun SEMBLANCE_GRACE_S=soon bash "$job" config.yaml
expect 0 "mpirun called with -n 2 $work/bin/program run config.yaml --to train --threads 3" \
  env SEMBLANCE_LAUNCHER="mpirun -n 2" SLURM_CPUS_PER_TASK=3 bash "$job" config.yaml --to train
expect 7 "ended with exit code 7" env SEMBLANCE_LAUNCHER=failing bash "$job" config.yaml
echo 'export SEMBLANCE_LAUNCHER="mpirun --from-setup"' >setup.sh
expect 0 "mpirun called with --from-setup" env SEMBLANCE_SETUP="$work/setup.sh" bash "$job" config.yaml

expect 2 "names no configuration" "$jobs/submit.sh"
expect 2 "absent.yaml cannot be read" "$jobs/submit.sh" absent.yaml
expect 2 "comes before the flags" "$jobs/submit.sh" --set a=b
expect 2 "the chain chooses the stages" "$jobs/submit.sh" config.yaml --from train
expect 2 "use --one-job" "$jobs/submit.sh" config.yaml --force
expect 2 "which is no program" env SEMBLANCE_BIN=/absent "$jobs/submit.sh" config.yaml
expect 0 "run sbatch called with" "$jobs/submit.sh" --one-job config.yaml --force
expect 0 "$work/config.yaml --to train" "$jobs/submit.sh" config.yaml
expect 0 "--job-name=semblance-evaluate --account=x --dependency=afterok:" \
  env SEMBLANCE_SBATCH=--account=x "$jobs/submit.sh" config.yaml
[ $failures -eq 0 ] && echo "job scripts: all settings are checked"
exit $((failures > 0))
