#!/usr/bin/env bash
# Stops what slurm_up.sh DIR started: jobs, slurmd, slurmctld, and munged if it was not running before.
set -uo pipefail
trap '' PIPE INT TERM HUP  # whatever happens to the test, this goes on to the end

dir=$(realpath -m "${1:?use: slurm_down.sh DIR}")
export SLURM_CONF=$dir/slurm.conf

if [ -s "$SLURM_CONF" ] && timeout 5 squeue -h >/dev/null 2>&1; then
  timeout 5 scancel --full --signal=KILL --state=RUNNING 2>/dev/null
  timeout 5 scancel --state=PENDING 2>/dev/null
  for _ in $(seq 30); do
    [ -z "$(timeout 5 squeue -h 2>/dev/null)" ] && break
    sleep 0.1
  done
fi
pids=()
for pidfile in "$dir"/run/slurmd.*.pid "$dir/run/slurmctld.pid" "$dir/run/munged.pid"; do
  [ -s "$pidfile" ] && pids+=("$(cat "$pidfile")")
done
for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
for pid in "${pids[@]}"; do  # the hard way after 10 s
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || continue 2
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null
done
# Step daemons carry their node's spool folder on no command line; they end with their jobs. What is left is
# found by the configuration file in its environment.
for environment in /proc/[0-9]*/environ; do
  grep -qzFx "SLURM_CONF=$SLURM_CONF" "$environment" 2>/dev/null || continue
  pid=${environment//[!0-9]/}
  grep -q slurmstepd "/proc/$pid/comm" 2>/dev/null && kill -9 "$pid" 2>/dev/null
done
exit 0
