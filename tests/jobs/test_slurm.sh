#!/usr/bin/env bash
# The job scripts on a real two-node Slurm on this machine: the chain, one job under mpirun, a failing chain,
# and a job that is stopped and goes on from its checkpoint.
# At last a rank is killed, and its job must end by itself.
#   test_slurm.sh PROGRAM JOBS_FOLDER RECIPE        exit code 77: skipped, with the reason
set -euo pipefail
program=$(realpath "${1:?use: test_slurm.sh PROGRAM JOBS_FOLDER RECIPE}")
jobs=$(realpath "${2:?use: test_slurm.sh PROGRAM JOBS_FOLDER RECIPE}")
recipe=$(realpath "${3:?use: test_slurm.sh PROGRAM JOBS_FOLDER RECIPE}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unset "${!SLURM_@}"

work=$(mktemp -d /tmp/semblance-slurm.XXXXXX)
trap '"$here/slurm_down.sh" "$work/slurm"; rm -rf "$work"' EXIT
"$here/slurm_up.sh" "$work/slurm" 2
export SLURM_CONF=$work/slurm/slurm.conf
cd "$work"

fail() {
  printf 'FAILED: %s\n' "$*"
  tail -n 30 "$work"/*.log 2>/dev/null
  exit 1
}
wait_until() {  # wait_until SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.3
  done
}
no_jobs_left() { [ -z "$(squeue -h -o %i)" ]; }
state_of() { scontrol -o show job "$1" | sed 's/.* JobState=\([A-Z_]*\).*/\1/'; }
ranks_of() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["stages"][sys.argv[2]]["ranks"])' "$1/run.json" "$2"; }

cat >config.yaml <<YAML
mock_hospital: {patients: 150}
prepare: {recipe: $recipe}
output: chain
train: {epochs: 2, hidden: 32}
generate: {rows: 3000, rows_per_part: 1000}
YAML

export SEMBLANCE_BIN=$program SEMBLANCE_GRACE_S=20
# Root, more ranks than cores, and two nodes that are one machine: true of this test only.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl=self,tcp
two_nodes="--nodes=2 --ntasks-per-node=1"

# 1. The chain through srun: each stage on its own number of ranks.
SEMBLANCE_SBATCH_TRAIN=$two_nodes SEMBLANCE_SBATCH_GENERATE=$two_nodes "$jobs/submit.sh" config.yaml >submitted
mapfile -t ids < <(awk '/^(prepare|train|generate|evaluate) [0-9]+$/ { print $2 }' submitted)
[ ${#ids[@]} = 4 ] || fail "submit.sh did not name four jobs: $(cat submitted)"
wait_until 60 no_jobs_left || fail "the chain did not end: $(squeue)"
for id in "${ids[@]}"; do
  [ "$(state_of "$id")" = COMPLETED ] || fail "job $id is $(state_of "$id")"
done
[ -s chain/report/report.html ] || fail "there is no report"
[ "$(ranks_of chain prepare)" = 1 ] || fail "the first job should have one rank"
[ "$(ranks_of chain train)" = 2 ] || fail "training should have two ranks"
[ "$(ranks_of chain generate)" = 2 ] || fail "generating should have two ranks"
echo "ok ($SECONDS s): the chain ran through srun --mpi=pmix on two nodes"

# 2. One job under mpirun gives the same rows.
SEMBLANCE_LAUNCHER="mpirun --oversubscribe" SEMBLANCE_SBATCH=$two_nodes \
  "$jobs/submit.sh" --one-job config.yaml --output "$work/single" >/dev/null
wait_until 60 no_jobs_left || fail "the job under mpirun did not end: $(squeue)"
[ "$(ranks_of single train)" = 2 ] || fail "mpirun should have started two ranks"
cmp chain/synthetic.csv single/synthetic.csv || fail "srun and mpirun gave different rows"
echo "ok ($SECONDS s): one job under mpirun gave the same rows"

# 3. When a stage fails, the jobs after it do not start.
"$jobs/submit.sh" config.yaml --output "$work/failing" --set evaluate.target=absent >submitted
mapfile -t ids < <(awk '/^(prepare|train|generate|evaluate) [0-9]+$/ { print $2 }' submitted)
wait_until 30 no_jobs_left || fail "the failing chain did not end: $(squeue)"
[ "$(state_of "${ids[0]}")" = FAILED ] || fail "the first job is $(state_of "${ids[0]}")"
for id in "${ids[@]:1}"; do
  [ "$(state_of "$id")" = CANCELLED ] || fail "job $id is $(state_of "$id")"
done
grep -q "there is no column 'absent'" "semblance-prepare-${ids[0]}.log" || fail "the log does not say why"
echo "ok ($SECONDS s): a failed stage stops the chain"

# 4. A job that is about to be stopped writes a checkpoint, is requeued and goes on.
SEMBLANCE_SBATCH=$two_nodes "$jobs/submit.sh" --one-job config.yaml --output "$work/stopped" --to train \
  --set train.epochs=1000000 --set train.patience=1000000 >submitted
id=$(awk '{ print $2 }' submitted)
log=semblance-run-$id.log
wait_until 30 grep -qs "training on" "$log" || fail "training did not start"
sleep 2
scancel --batch --signal=USR1 "$id" # as --signal=B:USR1@120 does before the end of the time, or a preemption
wait_until 60 grep -q "going on from" "$log" || fail "the job did not go on from its checkpoint: $(squeue)"
scontrol -o show job "$id" | grep -q "Restarts=1" || fail "the job was not requeued"
echo "ok ($SECONDS s): a stopped job went on from its checkpoint"

# 5. A rank that dies ends its job.
rank_process() {  # rank_process JOB RANK: the process of that rank
  local environment
  for environment in /proc/[0-9]*/environ; do
    if grep -qzFx "SLURM_JOB_ID=$1" "$environment" 2>/dev/null && grep -qzFx "SLURM_PROCID=$2" "$environment" 2>/dev/null &&
      [ "$(readlink "${environment%/environ}/exe")" = "$program" ]; then
      basename "${environment%/environ}"
      return
    fi
  done
}
victim=$(rank_process "$id" 1)
[ -n "$victim" ] || fail "there is no second rank"
kill -9 "$victim"
wait_until 20 no_jobs_left || fail "the job goes on without its second rank: $(squeue)"
[ "$(state_of "$id")" = FAILED ] || fail "the job with a dead rank is $(state_of "$id")"
echo "ok ($SECONDS s): a rank that died ended its job"
