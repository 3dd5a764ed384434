#!/bin/sh
# container.sh [PHOTO...]: builds samples/container/Containerfile and tries what src/cli/README.md says of it.
# Where podman or docker works, the engine builds it and captions the photos once. Without an engine the steps of the
# Containerfile are run one by one in a Debian 12 of debootstrap's, and the image is the read-only root of processes that
# are number 1 in name spaces of their own, as in a container: size, captions, user, environment, health, exit statuses,
# SIGTERM. As root; the work folder is $WORK or build-container. Captions are compared with those of $CAPTION or
# build/caption. $IMAGE, a folder that image.sh has filled, is tried as it is, and nothing is built.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
program=$(realpath "${CAPTION:-$tree/build/caption}")
work=${WORK:-$tree/build-container}
most=60000000 # bytes
deadline=30   # seconds that Kubernetes waits after SIGTERM
failures=0
mkdir -p "$work"
work=$(cd "$work" && pwd)
export CAPTION_MODEL="$tree/weights/caption.safetensors"
[ $# -gt 0 ] || set -- "$tree/tests/e2e/gradient.jpg"
[ -x "$program" ] || { echo "container: no program at $program: build it, or set CAPTION" >&2; exit 1; }

say() { echo "container: $*"; }
skip() {
    echo "container: SKIPPED: $*" >&2
    exit 77
}
check() { # WHAT COMMAND...
    what=$1
    shift
    if "$@"; then say "ok: $what"; else say "FAIL: $what"; failures=$((failures + 1)); fi
}

# The photos, alone and in an archive, and what the program of this machine says of them.
rm -rf "$work/data"
mkdir -p "$work/data/photos"
cp "$@" "$work/data/photos"
(cd "$work/data" && tar -cf photos.tar photos && "$program" -q --jsonl photos >"$work/expected" &&
    "$program" -q --jsonl --tar photos.tar >"$work/expected.tar")
head -c 1000 "$1" >"$work/data/broken.jpg"
chmod -R a+rX "$work/data" "$work"

for engine in podman docker; do
    [ -z "${IMAGE:-}" ] || break
    $engine info >/dev/null 2>&1 || continue
    $engine build -f "$here/Containerfile" -t caption "$tree"
    size=$($engine image inspect -f '{{.Size}}' caption)
    check "$engine's image of $size bytes" [ "$size" -le $most ]
    $engine run --rm --read-only --cap-drop=ALL --network=none -v "$work/data:/data:ro" -w /data caption \
        -q --jsonl photos >"$work/found"
    check "its captions, without network and rights" cmp "$work/expected" "$work/found"
    exit $((failures > 0))
done

[ "$(id -u)" -eq 0 ] || skip "neither podman nor docker works here, and debootstrap needs root"
sh "$tree/samples/packages.sh" debootstrap util-linux iproute2 curl || skip "no debootstrap here"
# steps: the instructions, one a line.
steps() {
    sed -e '/^#/d' -e '/^$/d' "$here/Containerfile" | sed -e ':a' -e '/\\$/{N;s/\\\n *//;ta' -e '}'
}
copy() { # [--from=build] SOURCE... TARGET, into $root
    from=$tree
    [ "$1" != --from=build ] || { from=$work/build && shift; }
    for target; do :; done
    while [ $# -gt 1 ]; do
        mkdir -p "$root$target"
        if [ -d "$from/$1" ]; then cp -a "$from/$1/." "$root$target"; else cp -a "$from/$1" "$root$target"; fi
        shift
    done
}
run_step() { # COMMAND, in the root of the stage that builds
    unshare --mount --fork sh -ec 'mount -t proc proc "$1/proc"; exec chroot "$1" sh -ec "cd $2; $3"' sh \
        "$root" "$folder" "$1"
}
image=${IMAGE:-$work/image}
steps >"$work/steps"
sed -n 's/^ENV //p' "$work/steps" >"$work/environment"
user=$(sed -n 's/^USER //p' "$work/steps")
[ "$user" = 65534:65534 ] || { echo "container: the steps are not understood" >&2; exit 1; }

build_image() {
    if [ ! -d "$work/debian" ]; then
        debootstrap --variant=minbase bookworm "$work/debian.part" >"$work/debootstrap.log" || skip "Debian cannot be had"
        mv "$work/debian.part" "$work/debian"
    fi
    rm -rf "$work/build" "$work/image"
    folder=/
    while read -r instruction arguments; do
        case $instruction in
        FROM)
            case $arguments in
            scratch) root=$work/image && mkdir "$root" ;;
            *) root=$work/build && cp -a "$work/debian" "$root" && cp /etc/resolv.conf "$root/etc" ;;
            esac
            ;;
        COPY) copy $arguments ;;
        WORKDIR) folder=$arguments ;;
        RUN) run_step "$arguments" >>"$work/build.log" 2>&1 </dev/null || { tail -n 20 "$work/build.log" >&2; exit 1; } ;;
        esac
    done <"$work/steps"
}
[ -n "${IMAGE:-}" ] || build_image

size=$(du -sb "$image" | cut -f 1)
check "an image of $size bytes" [ "$size" -le $most ]
check "nothing in it has rights of its own or is for all to write" \
    [ -z "$(find "$image" \( -perm /6000 -o -perm -o=w ! -type l \) -print)" ]

# inside [NAME=VALUE...] -- ARGUMENTS...: the program as process 1, root and data read-only, a network of its own.
network=caption-$$
ip netns add "$network" || skip "no network namespaces here"
trap 'ip netns delete "$network"' EXIT
ip -n "$network" link set lo up
mkdir -p "$work/out"
chown 65534 "$work/out"
inside() {
    settings=$(tr '\n' ' ' <"$work/environment")
    while [ "$1" != -- ]; do
        settings="$settings $1"
        shift
    done
    shift
    # shellcheck disable=SC2016,SC2086
    exec ip netns exec "$network" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin $settings unshare --mount --pid --fork sh -ec '
        mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
        mount --bind "$2" "$1/data" && mount -o remount,bind,ro "$1/data"
        mount --bind "$3" "$1/tmp"
        work=$1 user=$4
        shift 4
        exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid \
            chroot --userspec="$user" --groups= "$work" /usr/bin/caption "$@"' \
        sh "$image" "$work/data" "$work/out" "$user" "$@"
}
status_of() { # COMMAND...: its exit status in $status, its words in $work/found and $work/words
    status=0
    ("$@") >"$work/found" 2>"$work/words" </dev/null || status=$?
}

status_of inside -- -q --jsonl data/photos
sed 's|"path":"data/|"path":"|' "$work/found" | cmp -s - "$work/expected" && status=$status || status=differs
check "captions of photos are those of this machine" [ "$status" = 0 ]
status_of inside CAPTION_JSONL=1 CAPTION_QUIET=1 -- --tar data/photos.tar
check "captions out of an archive, flags in the environment" cmp -s "$work/found" "$work/expected.tar"
status_of inside -- data/broken.jpg
check "a broken photo ends with 1" [ "$status" = 1 ]
status_of inside CAPTION_BEAM_SIZE=none -- data/photos
check "a wrong variable ends with 2" [ "$status" = 2 ]
status_of inside -- -q --sidecar data/photos
check "what may not be written ends with 1" [ "$status" = 1 ]
status_of inside -- -q --csv --output-dir /tmp data/photos
check "what may be written is written" [ "$status" = 0 ]

# server NAME=VALUE...: its process in $server, outside its name space.
server() {
    (inside "$@" CAPTION_PORT=18080 CAPTION_THREADS=1 -- serve) >"$work/serve.log" 2>&1 &
    launcher=$!
    turns=0
    until (inside CAPTION_PORT=18080 -- serve --health) 2>/dev/null; do
        turns=$((turns + 1))
        [ $turns -lt 100 ] || { cat "$work/serve.log" >&2; exit 1; }
        sleep 0.2
    done
    server=$(ip netns pids "$network" | while read -r pid; do
        [ "$(readlink "/proc/$pid/root")" != "$image" ] || echo "$pid"
    done | head -n 1)
}
ask() { ip netns exec "$network" curl -s -m 60 "$@"; }
terminate() { # the seconds in $took, the exit status in $status
    begun=$(date +%s.%N)
    kill -TERM "$server"
    status=0
    wait "$launcher" || status=$?
    took=$(date +%s.%N | awk -v begun="$begun" '{ printf "%.1f", $1 - begun }')
}
within() { awk -v took="$took" -v most="$1" 'BEGIN { exit took > most }'; }

server CAPTION_TOKEN=secret
check "the server runs as user 65534, has no rights and gets none" \
    [ "$(awk '/^Uid:|^CapPrm:|^CapEff:|^NoNewPrivs:/ { printf "%s ", $2 }' "/proc/$server/status")" = \
    "65534 0000000000000000 0000000000000000 1 " ]
check "it is number 1" [ "$(awk '/^NSpid:/ { print $NF }' "/proc/$server/status")" = 1 ]
check "a probe of a server that is well ends with 0" eval '(inside CAPTION_PORT=18080 -- serve --health)'
check "a probe of none ends with 1" eval '! (inside CAPTION_PORT=18081 -- serve --health) 2>/dev/null'
check "a token out of the environment" [ "$(ask -o /dev/null -w '%{http_code}' "http://127.0.0.1:18080/api/tags")" = 401 ]
first=$(head -n 1 "$work/expected" | sed 's/.*"caption":"\([^"]*\)".*/\1/')
photo=$work/data/$(head -n 1 "$work/expected" | sed 's/.*"path":"\([^"]*\)".*/\1/')
for request in 1 2 3 4 5 6 7 8; do
    ask -H 'Authorization: Bearer secret' --data-binary "@$photo" "http://127.0.0.1:18080/caption" \
        >"$work/answer.$request" &
    requests="${requests:-} $!"
done
sleep 0.3
terminate
for request in $requests; do wait "$request" || true; done
check "SIGTERM: all eight requests in hand are answered, exit status $status, $took s" \
    [ "$(grep -l "\"caption\":\"$first\"" "$work"/answer.? | wc -l) $status" = "8 0" ]
server CAPTION_TIME_LIMIT=5
(printf 'POST /caption HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n'; sleep 40) |
    ip netns exec "$network" sh -c 'exec curl -s -m 60 telnet://127.0.0.1:18080' >/dev/null 2>&1 &
slow=$!
sleep 1
terminate
check "SIGTERM: a client that sends nothing holds it up no longer than its time limit: $took s" within 10
check "less than $deadline s in any case" within $deadline
kill $slow 2>/dev/null || true
[ $failures -eq 0 ] || { say "$failures failed"; exit 1; }
