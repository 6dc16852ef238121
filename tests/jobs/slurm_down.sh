#!/usr/bin/env bash
# Stops what slurm_up.sh DIR started: jobs, slurmd, slurmctld, and munged if it was not running before.
set -uo pipefail

dir=$(realpath -m "${1:?use: slurm_down.sh DIR}")
export SLURM_CONF=$dir/slurm.conf

stop() {  # stop PIDFILE: ends that process, the hard way after 5 s
  local pid i
  pid=$(cat "$1" 2>/dev/null) || return 0
  [ -n "$pid" ] && kill "$pid" 2>/dev/null || return 0
  for ((i = 0; i < 50; ++i)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null
}

if [ -s "$SLURM_CONF" ] && timeout 5 squeue -h >/dev/null 2>&1; then
  timeout 5 scancel --full --signal=KILL --state=RUNNING 2>/dev/null
  timeout 5 scancel --state=PENDING 2>/dev/null
  for _ in $(seq 30); do
    [ -z "$(timeout 5 squeue -h 2>/dev/null)" ] && break
    sleep 0.1
  done
fi
for pidfile in "$dir"/run/slurmd.*.pid "$dir/run/slurmctld.pid" "$dir/run/munged.pid"; do
  [ -e "$pidfile" ] && stop "$pidfile"
done
# Step daemons carry their node's spool folder on no command line; they end with their jobs. What is left is
# found by the configuration file in its environment.
for environment in /proc/[0-9]*/environ; do
  grep -qzFx "SLURM_CONF=$SLURM_CONF" "$environment" 2>/dev/null || continue
  pid=${environment//[!0-9]/}
  grep -q slurmstepd "/proc/$pid/comm" 2>/dev/null && kill -9 "$pid" 2>/dev/null
done
exit 0
