#!/bin/sh
# mpi_hosts.sh [PROGRAM [PHOTOS [COUNT]]]: training by hand on two hosts that are network namespaces of this machine,
# joined by a cable without a limit, one of 1 Gb/s and one of 100 Mb/s (veth, tc): COUNT photos (2,000), copies of those in the folder PHOTOS
# (made up here), with captions that are made up. The weights are those of one process, bit for bit; bytes and seconds of
# communication a step, beside what the cable needs for them; a rank killed in the middle ends the run with a message, and
# --resume goes on to the same bytes with another number of ranks. As root; needs Open MPI, iproute2. Skips loudly where
# that is not to be had. $RANKS (2 4 8), $RATES (none 1gbit 100mbit) and $BATCH (200) choose; PARTS=table leaves out the
# kill. $BEFORE is a command that each of the compared runs is given to.
set -eu

program=$(realpath "${1:-$(dirname "$0")/../build/caption}")
CAPTION_SOURCE=$(cd "$(dirname "$0")/.." && pwd)
export CAPTION_SOURCE
source_photos=${2:-}
count=${3:-2000}
batch=${BATCH:-200}
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
trap 'exit 1' INT TERM
for host in 1 2; do
    ip -n "caption-$$-$host" address add 10.77.0.$host/24 dev veth$host
    ip -n "caption-$$-$host" link set veth$host up
    ip -n "caption-$$-$host" link set lo up
done

cable() { # RATE
    for host in 1 2; do
        tc -n "caption-$$-$host" qdisc delete dev veth$host root 2>/dev/null || true
        [ "$1" = none ] || tc -n "caption-$$-$host" qdisc add dev veth$host root tbf rate "$1" burst 256kb latency 100ms
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

# The data set: three captions for every photo, the validation photos are the first twenty.
shapes "$work"
find "${source_photos:-$work/images}" -maxdepth 1 -type f | sort >"$work/sources"
mkdir "$work/photos"
awk -v n="$count" -v to="$work/photos" '{ file[NR] = $0 }
    END { for (i = 0; i < n; i++) {
        f = file[i % NR + 1]; sub(/^.*\./, ".", f)
        printf "%s\t%s/%06d%s\n", file[i % NR + 1], to, i, f } }' "$work/sources" |
    while IFS='	' read -r from to; do ln "$from" "$to" 2>/dev/null || cp "$from" "$to"; done
ls "$work/photos" | awk '{
    for (i = 0; i < 3; i++)
        printf "{\"file_name\": \"%s\", \"text\": \"a thing %s near %s and %s\"}\n", $0, "of" NR % 17, "by" (NR + i) % 29,
            "with" i }' >"$work/photos.jsonl"
head -n 60 "$work/photos.jsonl" >"$work/few.jsonl"

# About a million weights in float: three megabytes of gradients a step.
learn() { # OUTPUT LAUNCHER...: prints the seconds
    output=$work/$1
    shift
    begun=$(date +%s.%N)
    status=0
    "$@" "$program" train "$work/photos.jsonl" --images "$work/photos" --val "$work/few.jsonl" -o "$output" \
        --encoder-arch tiny --image-size 32 --hidden 256 --embed 256 --min-count 1 --epochs "${epochs:-1}" \
        --freeze-encoder 0 --batch-size "$batch" --micro-batch 5 --checkpoint-minutes "${minutes:-1000}" --threads 1 ${more:-} \
        >"$out" 2>"$err" </dev/null || status=$?
    took=$(date +%s.%N | awk -v begun="$begun" '{ printf "%.1f", $1 - begun }')
}
on_hosts() { # RANKS COMMAND...
    ranks=$1
    shift
    half=$((ranks / 2))
    ${BEFORE:-} ip netns exec "$one" unshare --uts sh -c 'hostname host1; exec "$@"' sh \
        env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 CAPTION_SOURCE="$CAPTION_SOURCE" \
        mpirun -n "$ranks" --host "10.77.0.1:$half,10.77.0.2:$half" --mca plm_rsh_agent "$work/agent" \
        --mca btl tcp,self --mca pml ob1 --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
        --mca mpi_yield_when_idle 1 "$@"
}

learn alone env
expect 0 "one process: $took s"
tensors "$work/alone" | cksum >"$work/sum"
size=$(tensors "$work/alone" | wc -c)
steps=$((count / batch))
echo "model: $((size / 2)) weights, $((size * 2)) bytes of gradients; $steps steps"
# Of a step: its seconds, those of waiting after the work, of sending beside the work, what SCALE.md's model says that the
# cable needs, and what the step takes longer than over the cable without a limit.
echo "| ranks | cable | bytes | step, s | waited, s | of the step | sent beside the work, s | model, s | of the step | longer, s |" \
    >"$work/table"
for rate in ${RATES:-none 1gbit 100mbit}; do
    cable $rate
    for ranks in ${RANKS:-2 4 8}; do
        before=$(sent)
        learn "many" on_hosts "$ranks"
        bytes=$((($(sent) - before) / steps))
        expect 0 "$ranks ranks on two hosts, $rate: $took s"
        said=$(grep "$ranks processes: " "$err") || fail "something is said of what a step waits for"
        free=$(cat "$work/free.$ranks" 2>/dev/null || true)
        echo "$said" | awk -v bytes="$bytes" -v gradients="$((size * 2))" -v rate="$rate" -v ranks="$ranks" -v free="$free" \
            -v keep="$work/free.$ranks" '{
                sub(/.* processes: /, "")
                step = $1 + 0; waited = $5 + 0; match($0, /; [0-9.]+ s of sending/); beside = substr($0, RSTART + 2) + 0
                if (rate == "none") print step >keep
                model = rate == "none" ? 0 : gradients * 8 / (rate == "1gbit" ? 1e9 : 1e8) * (1 + ranks / 32)
                printf "| %d | %s | %.2f MB | %.3f | %.3f | %.0f %% | %.3f | %.3f | %.0f %% | %s |\n", ranks, rate, bytes / 1e6,
                    step, waited, 100 * waited / step, beside, model, 100 * model / step,
                    free == "" ? "" : sprintf("%.3f", step - free) }' >>"$work/table"
        tensors "$work/many" | cksum | cmp -s - "$work/sum" || fail "$ranks ranks: other weights"
    done
done
cat "$work/table"

[ "${PARTS:-table killed}" != table ] || finish

# A rank on the second host is killed; the run ends, and goes on with other numbers of ranks.
epochs=${EPOCHS:-4} minutes=0
learn long env
tensors "$work/long" | cksum >"$work/sum"
learn killed on_hosts 2 &
running=$!
turns=0
until [ -f "$work/killed.checkpoint" ] || [ $turns -eq 6000 ]; do
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
