#!/bin/sh
# Our encoder beside PyTorch's on this machine, as a Markdown table: medians of several runs that
# take turns (ours, PyTorch's, ours, ...), so that what else the machine does falls on both.
#
#     sh tests/bench/peer.sh [runs, 5 unless told]
#
# Installs what is missing, python3-torch too; without that the table has our figures alone. The
# table goes to stdout, all else to stderr. Run it on an otherwise idle machine: PyTorch's threads
# wait for one another after every layer, and lose far more than ours to a core that is taken.
set -eu

cd "$(dirname "$0")/../.."
runs=${1:-5}
name=peer.sh
. tests/bench/lib.sh
photos=4                # a slice in training; a batch of PyTorch
threads=2               # in training

build bench_encoder

measured=$(mktemp -d)
trap 'rm -rf "$measured"' EXIT

# The milliseconds of "forward 1 photo(s) a slice, 1 thread(s): 15.32 ms a photo".
ours() { # MODE PHOTOS THREADS
    awk -v line="$1 $2 photo(s) a slice, $3 thread(s):" '
        { $1 = $1 } # single spaces
        index($0, line) == 1 { print $(NF - 3); found = 1 }
        END { if (!found) { print "peer.sh: bench_encoder printed no \"" line "\"" >"/dev/stderr"; exit 1 } }
    ' "$measured/bench"
}

peer() { # MODE PHOTOS THREADS
    [ -z "$torch" ] || OMP_NUM_THREADS=$3 "$python" tests/bench/encoder_peer.py "$@"
}

row() { # NAME FILE
    awk -v name="$1" -v ours="$(median "$measured/$2.ours")" -v peer="$(median "$measured/$2.peer")" '
        BEGIN {
            if (peer == "") printf "| %s | %.2f | not measured | |\n", name, ours
            else printf "| %s | %.2f | %.2f | %.2f |\n", name, ours, peer, peer / ours
        }'
}

run=0
while [ "$run" -lt "$runs" ]; do
    run=$((run + 1))
    echo "peer.sh: run $run of $runs" >&2
    build/tests/bench_encoder efficientnet_lite0 224 "$photos" "$threads" >"$measured/bench"
    ours forward 1 1 >>"$measured/forward.ours"
    ours "forward + backward" "$photos" "$threads" >>"$measured/training.ours"
    peer forward 1 1 >>"$measured/forward.peer"
    peer training "$photos" "$threads" >>"$measured/training.peer"
done

cat <<TABLE
Processor: $processor, $(nproc) of its cores. PyTorch: ${torch:-not installed}.
Load average when it began: $load.
Milliseconds a photo, efficientnet_lite0 at 224 pixels, float32; medians of $runs interleaved runs.

| what | ours | PyTorch | ratio (PyTorch / ours) |
|---|---:|---:|---:|
TABLE
row "forward, batch 1, 1 thread (PyTorch: traced, frozen, channels-last)" forward
row "forward + backward, $threads threads (ours: $photos photos a thread; PyTorch: eager, channels-last, batch $photos)" training
