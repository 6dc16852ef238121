#!/usr/bin/env bash
# Submits a configuration to Slurm as a chain of jobs: prepare -> train -> generate -> evaluate.
#
#   jobs/submit.sh [--one-job] CONFIG.yaml [--set a.b=v] [--output DIR] ...
#
# Each job starts when the one before it has succeeded, and looks again at the earlier stages: what is
# done is skipped. Prints the number of each job. With --one-job everything runs in a single job.
#
# Settings from the environment (those of jobs/pipeline.sbatch are passed on):
#   SEMBLANCE_SBATCH            options of sbatch for every job, for example "--partition=gpu --account=abc"
#   SEMBLANCE_SBATCH_PREPARE    more options for one job, for example SEMBLANCE_SBATCH_TRAIN="--nodes=4
#   SEMBLANCE_SBATCH_TRAIN      --ntasks-per-node=4 --gpus-per-node=4 --time=12:00:00"
#   SEMBLANCE_SBATCH_GENERATE
#   SEMBLANCE_SBATCH_EVALUATE
set -euo pipefail

die() { printf 'submit.sh: %s\n' "$*" >&2; exit 2; }
usage='use: jobs/submit.sh [--one-job] CONFIG.yaml [FLAGS of semblance run]'

job_script=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/pipeline.sbatch
[ -r "$job_script" ] || die "$job_script is missing; keep submit.sh and pipeline.sbatch together"
command -v sbatch >/dev/null || die "there is no sbatch here; log in to a machine of the cluster, or use 'semblance run'"

one_job=no
if [ "${1:-}" = --one-job ]; then one_job=yes; shift; fi
[ $# -ge 1 ] || die "names no configuration; $usage"
[[ "$1" != -* ]] || die "the configuration comes before the flags; $usage"
[ -r "$1" ] || die "the configuration $1 cannot be read"
config=$(realpath "$1")
shift
for flag in "$@"; do
  case $flag in
    --from | --to | --from=* | --to=*) [ $one_job = yes ] || die "$flag: the chain chooses the stages; use --one-job" ;;
    --force) [ $one_job = yes ] || die "--force would run earlier stages again in every job of the chain; use --one-job" ;;
  esac
done

if [ -n "${SEMBLANCE_BIN:-}" ]; then
  [ -x "$SEMBLANCE_BIN" ] || die "SEMBLANCE_BIN names $SEMBLANCE_BIN, which is no program"
  SEMBLANCE_BIN=$(realpath "$SEMBLANCE_BIN"); export SEMBLANCE_BIN
fi

submit() {  # submit NAME OPTIONS -- RUN FLAGS: prints the number of the job
  local name=$1 options=() flags=()
  read -r -a options <<< "${SEMBLANCE_SBATCH:-} $2"
  shift 3
  flags=("$@")
  local id
  id=$(sbatch --parsable --export=ALL --job-name="semblance-$name" "${options[@]}" "$job_script" "$config" "${flags[@]}") ||
    die "sbatch refused the job '$name' (options: ${options[*]:-none})"
  printf '%s\n' "${id%%;*}"
}

if [ $one_job = yes ]; then
  id=$(submit run "" -- "$@")
  echo "run $id"
  exit
fi

before=""
for stage in prepare train generate evaluate; do
  variable=SEMBLANCE_SBATCH_${stage^^}
  wanted=${!variable:-}
  [ -z "$before" ] || wanted="--dependency=afterok:$before --kill-on-invalid-dep=yes $wanted"
  case $stage in
    prepare) to=(--to holdout) ;;
    evaluate) to=() ;;
    *) to=(--to "$stage") ;;
  esac
  before=$(submit "$stage" "$wanted" -- "$@" "${to[@]}")
  echo "$stage $before"
done
echo "watch: squeue --me; the log of each job is semblance-STAGE-JOB.log"
