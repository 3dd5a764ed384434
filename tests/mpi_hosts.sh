#!/bin/sh
# mpi_hosts.sh [PROGRAM]: training by hand on two hosts that are network namespaces of this machine, joined by a
# cable of 1 Gb/s and one of 100 Mb/s (veth, tc): the weights of one process, bit for bit; bytes and seconds of
# communication a step; a rank killed in the middle ends the run with a message, and --resume goes on to the same
# bytes with another number of ranks. As root; needs Open MPI, iproute2. Skips loudly where that is not to be had.
set -eu

program=$(realpath "${1:-$(dirname "$0")/../build/caption}")
CAPTION_SOURCE=$(cd "$(dirname "$0")/.." && pwd)
export CAPTION_SOURCE
set -- "$program"
. "$CAPTION_SOURCE/tests/e2e/lib.sh"

[ "$(id -u)" -eq 0 ] || { skip "network namespaces are made by root only"; exit 77; }
for needed in mpirun ip tc unshare; do
    command -v $needed >/dev/null || sh "$CAPTION_SOURCE/samples/packages.sh" openmpi-bin iproute2 util-linux || {
        skip "no $needed here"
        exit 77
    }
done
one=caption-$$-1 two=caption-$$-2
ip netns add "$one" && ip netns add "$two" && ip link add veth1 netns "$one" type veth peer name veth2 netns "$two" || {
    skip "no network namespaces here"
    ip netns delete "$one" 2>/dev/null || true
    ip netns delete "$two" 2>/dev/null || true
    exit 77
}
trap 'ip netns delete "$one"; ip netns delete "$two"; rm -rf "$work"' EXIT
for host in 1 2; do
    ip -n "caption-$$-$host" address add 10.77.0.$host/24 dev veth$host
    ip -n "caption-$$-$host" link set veth$host up
    ip -n "caption-$$-$host" link set lo up
done

cable() { # RATE
    for host in 1 2; do
        tc -n "caption-$$-$host" qdisc replace dev veth$host root tbf rate "$1" burst 256kb latency 100ms
    done
}
sent() { # bytes that either host has sent
    for host in 1 2; do
        ip netns exec "caption-$$-$host" cat /sys/class/net/veth$host/statistics/tx_bytes
    done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# What mpirun calls in place of ssh: HOST COMMAND...
cat >"$work/agent" <<END
#!/bin/sh
host=\${1##*.}
shift
exec ip netns exec "caption-$$-\$host" unshare --uts sh -c "hostname host\$host; \$*"
END
chmod 755 "$work/agent"

shapes "$work"
# About a million weights in float: four megabytes of gradients a step.
learn() { # OUTPUT LAUNCHER...: prints the seconds
    output=$work/$1
    shift
    begun=$(date +%s.%N)
    status=0
    "$@" "$program" train "$work/dataset.json" --images "$work/images" --val "$work/dataset.json" -o "$output" \
        --encoder-arch tiny --image-size 32 --hidden 256 --embed 256 --min-count 1 --epochs "${epochs:-4}" --batch-size 10 \
        --micro-batch 1 --checkpoint-minutes 0 --threads 1 ${more:-} >"$out" 2>"$err" </dev/null || status=$?
    took=$(date +%s.%N | awk -v begun="$begun" '{ printf "%.1f", $1 - begun }')
}
on_hosts() { # RANKS COMMAND...
    ranks=$1
    shift
    half=$((ranks / 2))
    ip netns exec "$one" unshare --uts sh -c 'hostname host1; exec "$@"' sh \
        env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 CAPTION_SOURCE="$CAPTION_SOURCE" \
        mpirun -n "$ranks" --host "10.77.0.1:$half,10.77.0.2:$half" --mca plm_rsh_agent "$work/agent" \
        --mca btl tcp,self --mca pml ob1 --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
        --mca mpi_yield_when_idle 1 "$@"
}

learn alone env
expect 0 "one process: $took s"
tensors "$work/alone" | cksum >"$work/sum"
size=$(tensors "$work/alone" | wc -c)
echo "model: $((size / 2)) weights, $((size * 2)) bytes of gradients; 12 steps"
for rate in 1gbit 100mbit; do
    cable $rate
    for ranks in ${RANKS:-2 4 8}; do
        before=$(sent)
        learn "many" on_hosts "$ranks"
        bytes=$(($(sent) - before))
        expect 0 "$ranks ranks on two hosts, $rate: $took s, $((bytes / 12)) bytes over the cable a step"
        tensors "$work/many" | cksum | cmp -s - "$work/sum" || fail "$ranks ranks: other weights"
    done
done

# A rank on the second host is killed; the run ends, and goes on with other numbers of ranks.
epochs=16
learn long env
tensors "$work/long" | cksum >"$work/sum"
learn killed on_hosts 2 &
running=$!
turns=0
until [ -f "$work/killed.checkpoint" ] || [ $turns -eq 600 ]; do
    sleep 0.1
    turns=$((turns + 1))
done
sleep 1
victim=$(ip netns pids "$two" | while read -r pid; do
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "^$program train" && echo "$pid"
done | head -n 1)
kill -9 "$victim"
begun=$(date +%s)
wait $running || true
[ $(($(date +%s) - begun)) -lt 60 ] && ok "a rank killed ends the run in $(($(date +%s) - begun)) s" || fail "the run goes on without a rank"
grep -m 1 -i "signal 9\|killed\|lost" "$err" || fail "nothing is said of it"
[ ! -f "$work/killed" ] || fail "the run was over before the kill"
more=--resume
learn killed on_hosts 4
expect 0 "the run is resumed with four ranks: $took s"
tensors "$work/killed" | cksum | cmp -s - "$work/sum" && ok "it ends with the weights of one process" || fail "other weights after --resume"
finish
