#!/bin/sh
# slurm.sh [PHOTOS [COUNT]]: Slurm itself on this machine, with two simulated nodes of one core each: a job
# array of four tasks captions the photos with --shard auto, on one node, on two, and once more while one task is
# killed in the middle and Slurm runs it again. The rows together are those of one process, each photo once. As root;
# see samples/cluster.sh; $PARTS chooses among "workers killed".
. "$(dirname "$0")/../cluster.sh"

[ "$(id -u)" -eq 0 ] || skip "two slurmd on one machine, as root only"
command -v slurmctld >/dev/null && command -v munged >/dev/null || install_packages slurm-wlm munge
make_photos
run_single

# Daemons of our own, with ports, keys and folders of their own: those of the system stay as they are.
cluster=$work/cluster
rm -rf "$cluster"
mkdir -p "$cluster/state" "$cluster/n1" "$cluster/n2" "$cluster/munge" "$work/parts"
chmod 755 "$work" "$cluster" "$cluster/munge"
rm -f "$work"/parts/*
export SLURM_CONF="$cluster/slurm.conf"
cat >"$SLURM_CONF" <<END
ClusterName=caption
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=26817
AuthType=auth/munge
AuthInfo=socket=$cluster/munge/socket
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/%n.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,batch_sched_delay=1
SlurmdParameters=config_overrides
ReturnToService=2
RequeueExit=137
MailProg=/bin/true
NodeName=n1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=26818 CPUs=1
NodeName=n2 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=26819 CPUs=1
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
END
head -c 1024 /dev/urandom >"$cluster/munge/key"
chmod 600 "$cluster/munge/key"

daemons=
stop() {
    if [ -n "${job:-}" ] && [ -n "$(squeue -h -j "$job" 2>/dev/null)" ]; then
        scancel "$job" 2>/dev/null || true
        sleep 3 # else their processes stay
    fi
    for daemon in $daemons; do kill "$daemon" 2>/dev/null || true; done
    for daemon in $daemons; do wait "$daemon" 2>/dev/null || true; done
}
trap stop EXIT
trap 'exit 1' INT TERM
munged -F --force --socket="$cluster/munge/socket" --key-file="$cluster/munge/key" --pid-file="$cluster/munge/pid" \
    --log-file="$cluster/munge/log" --seed-file="$cluster/munge/seed" >"$cluster/munged.out" 2>&1 &
daemons="$daemons $!"
sleep 2
slurmctld -D -c >"$cluster/slurmctld.out" 2>&1 &
daemons="$daemons $!"
for node in n1 n2; do
    slurmd -D -N $node >"$cluster/$node.out" 2>&1 &
    daemons="$daemons $!"
done
turns=0
until [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" -eq 2 ]; do
    turns=$((turns + 1))
    [ $turns -lt 60 ] || { tail -n 3 "$cluster"/*.log "$cluster"/*.out >&2; skip "Slurm does not start here"; }
    sleep 1
done
say "Slurm $(slurmctld -V | cut -d ' ' -f 2), nodes: $(sinfo -h -N -o '%N (%t)' | tr '\n' ' ')"

# A task writes its part under its own name once it is whole: who is killed leaves nothing.
cat >"$cluster/task.sh" <<END
#!/bin/sh
srun --ntasks=1 "$program" -q -t 1 --jsonl --shard auto "\$1" >"$work/parts/\$SLURM_ARRAY_TASK_ID.new"
status=\$?
[ \$status -eq 0 ] || exit \$status
mv "$work/parts/\$SLURM_ARRAY_TASK_ID.new" "$work/parts/\$SLURM_ARRAY_TASK_ID"
END
submit() { # SBATCH-OPTIONS...: a job array, its number in $job
    rm -f "$work"/parts/*
    begun=$(seconds)
    job=$(sbatch --parsable --requeue --array=1-4 --ntasks=1 -o "$cluster/task-%a.out" --open-mode=append "$@")
}
are_there() { # all parts; looking costs less than asking Slurm
    [ -f "$work/parts/1" ] && [ -f "$work/parts/2" ] && [ -f "$work/parts/3" ] && [ -f "$work/parts/4" ]
}
settle() { # until the nodes are free
    until [ -z "$(squeue -h -j "$job" 2>/dev/null)" ]; do sleep 0.5; done
}

hurry() { # Slurm puts off what it runs again for two minutes.
    [ $again = no ] || return 0
    scontrol -o show job "${job}_2" 2>/dev/null | grep -q 'Restarts=[1-9]' || return 0
    ! scontrol update "jobid=${job}_2" StartTime=now 2>/dev/null || again=yes
}

# One node beside two, and what Slurm itself takes: the same array without photos.
cat >"$cluster/array.sh" <<END
#!/bin/sh
set -e
rm -f "$work"/parts/*
sbatch --parsable --array=1-4 --ntasks=1 -o "$cluster/task-%a.out" --open-mode=append "\$@" >"$cluster/job"
until [ -f "$work/parts/1" ] && [ -f "$work/parts/2" ] && [ -f "$work/parts/3" ] && [ -f "$work/parts/4" ]; do
    sleep 0.1
done
END
array() { # SBATCH-OPTIONS...: a job array, timed until its parts are there
    timed sh "$cluster/array.sh" "$@"
    job=$(cat "$cluster/job")
    settle
}
nodes() { # WORKERS FOLDER
    if [ "$1" -eq 1 ]; then array -w n1 "$cluster/task.sh" "$2/photos"; else array "$cluster/task.sh" "$2/photos"; fi
    cat "$work"/parts/[1-4] >"$work/merged"
    same_numbers "$work/merged" "$(ls "$2/photos" | wc -l)"
}
workers() {
    by_turns nodes
    array --wrap "srun --ntasks=1 '$program' --version >/dev/null && touch '$work/parts/'\$SLURM_ARRAY_TASK_ID"
    say "an array of four tasks with nothing to do: $(cat "$work/seconds") s"
}

# A step is killed.
killed() {
    submit "$cluster/task.sh" "$photos"
    turns=0
    until [ "$(cat "$work/parts/2.new" 2>/dev/null | wc -l)" -ge $((count / 20)) ]; do
        turns=$((turns + 1))
        [ $turns -lt 18000 ] || fail "task 2 does not begin: $(tail -n 3 "$cluster"/task-2.out)"
        sleep 0.2
    done
    scancel --signal=KILL "${job}_2.0" # the step: of the whole task Slurm would understand that nobody wants it
    say "task 2 killed after $(wc -l <"$work/parts/2.new") rows"
    again=no
    turns=0
    until are_there; do
        turns=$((turns + 1))
        [ $turns -lt 18000 ] || fail "the tasks do not end: $(tail -n 3 "$cluster"/task-*.out)"
        hurry
        sleep 0.2
    done
    [ $again = yes ] || fail "task 2 was not run again"
    say "the same, one of them twice in part: $(since "$begun")"
    [ "$(ls "$work/parts" | tr '\n' ' ')" = "1 2 3 4 " ] || fail "parts: $(ls "$work/parts" | tr '\n' ' ')"
    sort "$work"/parts/[1-4] >"$work/merged"
    same_as_single "$work/merged"
    settle
    say "every photo once, and the rows of the single run to the byte: $(wc -l <"$work/merged")"
}

for part in ${PARTS:-workers killed}; do "$part"; done
