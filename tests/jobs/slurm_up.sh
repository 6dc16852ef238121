#!/usr/bin/env bash
# A real Slurm on this one machine: slurmctld and NODES slurmd, without systemd, as root.
#
#   tests/jobs/slurm_up.sh DIR [NODES]     prints the line that sets SLURM_CONF; stop with slurm_down.sh DIR
#
# Exit code 77 (skip) with the reason when this machine cannot do it.
set -euo pipefail

dir=$(realpath -m "${1:?use: slurm_up.sh DIR [NODES]}")
nodes=${2:-2}

skip() { printf 'skipped: %s\n' "$*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "starting a Slurm of our own needs root"
for program in slurmctld slurmd munged; do
  [ -x "/usr/sbin/$program" ] || skip "there is no $program (Debian: apt-get install slurm-wlm munge)"
done

mountpoint -q /sys/fs/cgroup || skip "slurmd needs control groups, and nothing is mounted on /sys/fs/cgroup"

start_munge() {  # a munged that was running already is used, and left running
  munge -n >/dev/null 2>&1 && return
  mkdir -p /run/munge && chown munge:munge /run/munge && chmod 755 /run/munge
  if [ ! -s /etc/munge/munge.key ]; then
    (umask 077 && dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 status=none)
    chown munge:munge /etc/munge/munge.key
  fi
  runuser -u munge -- /usr/sbin/munged --key-file=/etc/munge/munge.key || skip "munged does not start"
  cp /run/munge/munged.pid "$dir/run/munged.pid" 2>/dev/null || pgrep -xu munge munged >"$dir/run/munged.pid"
  wait_for munge -n || skip "munged does not answer"
}

wait_for() {  # wait_for COMMAND...: up to 10 s
  local i
  for ((i = 0; i < 100; ++i)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  return 1
}

free_base_port() {  # so many ports in a row that nobody listens at: two of these tests may run at once
  local base port
  while true; do
    base=$((20000 + RANDOM % 10000))
    for ((port = base; port <= base + nodes; ++port)); do
      (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
    done
    echo "$base"
    return
  done
}

write_configuration() {
  local host memory base_port i
  base_port=$(free_base_port)
  host=$(hostname -s)
  memory=$(($(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo) / nodes - 256))
  cat <<CONF
ClusterName=semblance_test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A requeued job waits for the life of its credential: seconds here, not two minutes.
AuthInfo=cred_expire=5
CredType=cred/munge
SlurmctldPort=$base_port
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1
MpiDefault=none
ReturnToService=2
# pmix keeps its files in TmpFS: nodes on one machine need one each.
TmpFS=$dir/tmp/%n
MinJobAge=600
KillWait=2
SlurmdTimeout=60
JobRequeue=1
CONF
  for ((i = 1; i <= nodes; ++i)); do
    echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((base_port + i)) CPUs=$(nproc) RealMemory=$memory State=UNKNOWN"
  done
  echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4"
}

all_idle() { [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)" = "$nodes" ]; }

mkdir -p "$dir"/{state,spool,log,run,tmp}
for ((i = 1; i <= nodes; ++i)); do mkdir -p "$dir/tmp/n$i"; done
start_munge
export SLURM_CONF=$dir/slurm.conf
write_configuration >"$SLURM_CONF"
printf 'CgroupPlugin=autodetect\nCgroupAutomount=no\n' >"$dir/cgroup.conf"
/usr/sbin/slurmctld -c -f "$SLURM_CONF"
for ((i = 1; i <= nodes; ++i)); do
  /usr/sbin/slurmd -N "n$i" -f "$SLURM_CONF" || echo "slurmd of node n$i ends with $?" >&2
done
if ! wait_for all_idle; then
  tail -n 20 "$dir"/log/*.log >&2
  "$(dirname "${BASH_SOURCE[0]}")/slurm_down.sh" "$dir"
  skip "the nodes do not come up (their logs are above)"
fi
echo "export SLURM_CONF=$SLURM_CONF"
