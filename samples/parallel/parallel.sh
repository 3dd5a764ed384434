#!/bin/sh
# parallel.sh [PHOTOS [COUNT]]: GNU parallel over ssh, with two hosts of one core each that are network namespaces of
# this machine, each with an sshd of its own: ten tar shards, on one host, on both, and once more while the second host
# loses all its processes in the middle, its sshd too. The rows are those of one process, each photo once. As root; see
# samples/cluster.sh; $PARTS chooses among "workers killed".
. "$(dirname "$0")/../cluster.sh"

[ "$(id -u)" -eq 0 ] || skip "network namespaces and sshd, as root only"
for needed in parallel ssh /usr/sbin/sshd ip; do
    command -v $needed >/dev/null || install_packages parallel openssh-client openssh-server iproute2
done
one=caption-$$-1 two=caption-$$-2
ip netns add "$one" && ip netns add "$two" && ip link add veth1 netns "$one" type veth peer name veth2 netns "$two" || {
    ip netns delete "$one" 2>/dev/null || true
    ip netns delete "$two" 2>/dev/null || true
    skip "no network namespaces here"
}
stop() {
    for host in "$one" "$two"; do
        ip netns pids "$host" | while read -r pid; do kill "$pid" 2>/dev/null || true; done
        ip netns delete "$host"
    done
}
trap stop EXIT
trap 'exit 1' INT TERM
make_photos
run_single

# Hosts with keys and settings of their own: those of the system stay as they are.
cluster=$work/hosts
rm -rf "$cluster"
mkdir -p "$cluster" /run/sshd
chmod 755 "$work" "$cluster"
ssh-keygen -q -t ed25519 -N '' -f "$cluster/key"
ssh-keygen -q -t ed25519 -N '' -f "$cluster/host_key"
for host in 1 2; do
    ip -n "caption-$$-$host" address add 10.78.0.$host/24 dev veth$host
    ip -n "caption-$$-$host" link set veth$host up
    ip -n "caption-$$-$host" link set lo up
    cat >"$cluster/sshd$host" <<END
ListenAddress 10.78.0.$host
HostKey $cluster/host_key
AuthorizedKeysFile $cluster/key.pub
PidFile $cluster/pid$host
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM no
END
    ip netns exec "caption-$$-$host" /usr/sbin/sshd -f "$cluster/sshd$host" -E "$cluster/log$host"
done
login="ssh -i $cluster/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
login="$login -o ServerAliveInterval=5 -o ConnectTimeout=5"
turns=0
until [ "$(ip netns exec "$one" $login 10.78.0.1 ip netns identify 2>/dev/null)" = "$one" ] &&
    [ "$(ip netns exec "$one" $login 10.78.0.2 ip netns identify 2>/dev/null)" = "$two" ]; do
    turns=$((turns + 1))
    [ $turns -lt 20 ] || { tail -n 3 "$cluster"/log* >&2; skip "no sshd in network namespaces here"; }
    sleep 0.5
done
say "$(parallel --version 2>/dev/null | head -n 1), two hosts of one core"

# Rows come back over ssh; a shard that failed is run again, on the other host. Keys are called by the photo's number.
on_hosts() { # HOSTS FOLDER
    rm -f "$cluster/jobs"
    ls "$2"/shards/*.tar >"$cluster/shards"
    timed ip netns exec "$one" parallel --ssh "$login" -S "$1" --retries 4 --joblog "$cluster/jobs" -a "$cluster/shards" \
        "CAPTION_MODEL=$CAPTION_MODEL $program -q -t 1 --jsonl --tar {}" >"$work/parallel.rows" 2>"$cluster/messages" ||
        { tail -n 3 "$cluster/messages" >&2; fail "parallel on $1: exit status"; }
}
hosts() { # WORKERS FOLDER
    if [ "$1" -eq 1 ]; then on_hosts 1/10.78.0.1 "$2"; else on_hosts 1/10.78.0.1,1/10.78.0.2 "$2"; fi
    same_numbers "$work/parallel.rows" "$(ls "$2/photos" | wc -l)"
}
workers() {
    by_turns hosts
}

# A host dies once three shards are done.
killed() {
    begun=$(seconds)
    on_hosts 1/10.78.0.1,1/10.78.0.2 "$work" &
    running=$!
    turns=0
    until [ "$(cat "$cluster/jobs" 2>/dev/null | wc -l)" -ge 4 ] && ip netns pids "$two" | while read -r pid; do
        tr '\0' ' ' <"/proc/$pid/cmdline"
    done 2>/dev/null | grep -q -- --tar; do
        turns=$((turns + 1))
        [ $turns -lt 36000 ] || fail "parallel does not begin"
        sleep 0.1
    done
    ip netns pids "$two" | while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done
    say "a host killed when $(($(wc -l <"$cluster/jobs") - 1)) of 10 shards were done"
    wait $running || fail "parallel ends with an error after the loss of a host"
    say "the same, one host lost: $(since "$begun")"
    same_numbers "$work/parallel.rows"
    say "every photo once, and the rows of the single run to the byte: $(wc -l <"$work/parallel.rows")"
}

for part in ${PARTS:-workers killed}; do "$part"; done
