#!/bin/sh
# A step of training beside PyTorch's on this machine, as a Markdown table: medians of several runs
# that take turns. Photos per second, forward, backward and update:
#
#     sh tests/bench/train.sh [runs, 3 unless told]
#
# The encoder alone, and the whole captioner: ours is `caption train` itself on made-up photos, which
# it decodes beside its work and whose peak memory is told; PyTorch's photos lie in memory. Installs
# what is missing, python3-torch too; without that the table has our figures alone. The table goes to
# stdout, all else to stderr. Run it on an otherwise idle machine.
set -eu

cd "$(dirname "$0")/../.."
runs=${1:-3}
name=train.sh
. tests/bench/lib.sh
threads=2
slice=4
batch=16             # ours
batches="4 8 16 32"  # PyTorch's, of which the best counts
photos=160

build caption bench_train

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Photos of noise, 224 x 224, five captions of eleven words each, 3,469 different words.
mkdir "$work/photos"
for i in $(seq "$photos"); do
    { printf 'P6\n224 224\n255\n' && head -c 150528 /dev/urandom; } >"$work/photos/$i.ppm"
done
awk -v photos="$photos" 'BEGIN {
    for (i = 1; i <= photos; i++) {
        printf "{\"image\": \"%d.ppm\", \"split\": \"%s\", \"captions\": [", i, (i > 4 ? "train" : "val")
        for (caption = 0; caption < 5; caption++) {
            printf "%s\"", caption ? ", " : ""
            for (word = 0; word < 11; word++) printf "%sw%d", word ? " " : "", next_word++ % 3469
            printf "\""
        }
        print "]}"
    }
}' >"$work/photos/metadata.jsonl"

# The second epoch's seconds, and the peak of resident memory in MB.
ours_captioner() {
    rm -f "$work"/model*
    /usr/bin/time -f '%M' -o "$work/memory" build/caption train "$work/photos" \
        -o "$work/model.safetensors" --encoder weights/caption.safetensors --min-count 1 \
        --epochs 2 --freeze-encoder 0 --batch-size "$batch" --slice "$slice" --threads "$threads" \
        --crop 0 --color 0 >"$work/epochs" 2>"$work/messages" || {
        cat "$work/messages" >&2
        exit 1
    }
    awk -F '\t' -v photos=$((photos - 4)) '$1 == "2/2" { printf "%.2f\n", photos / $9 }' "$work/epochs"
    awk '{ printf "%.0f\n", $1 / 1000 }' "$work/memory" >>"$work/memories"
}

peer() { # MODE: the batch size goes to a file of its own
    [ -n "$torch" ] || return 0
    # shellcheck disable=SC2086
    OMP_NUM_THREADS=$threads PYTHONPATH=tests/bench "$python" tests/bench/train_peer.py \
        "$1" "$threads" $batches >"$work/peer"
    cut -d ' ' -f 1 "$work/peer" >"$work/$1.batch"
    cut -d ' ' -f 2 "$work/peer"
}

row() { # NAME FILE
    awk -v name="$1" -v ours="$(median "$work/$2.ours")" -v peer="$(median "$work/$2.peer")" \
        -v batch="$(cat "$work/$2.batch" 2>/dev/null)" 'BEGIN {
            if (peer == "") printf "| %s | %.1f | not measured | |\n", name, ours
            else printf "| %s | %.1f | %.1f (batch %d) | %.2f |\n", name, ours, peer, batch, ours / peer
        }'
}

for run in $(seq "$runs"); do
    echo "train.sh: run $run of $runs" >&2
    build/tests/bench_train "$batch" "$slice" "$threads" >>"$work/encoder.ours"
    peer encoder >>"$work/encoder.peer"
    ours_captioner >>"$work/captioner.ours"
    peer captioner >>"$work/captioner.peer"
done

cat <<TABLE
Processor: $processor, $(nproc) of its cores. PyTorch: ${torch:-not installed}, eager,
channels-last. Load average when it began: $load. Photos per second of a training step (forward,
backward, update), efficientnet_lite0 at 224 pixels, float32, $threads threads; medians of $runs
interleaved runs. Ours: steps of $batch photos in slices of $slice.

| what | ours | PyTorch | ratio (ours / PyTorch) |
|---|---:|---:|---:|
TABLE
row "the encoder alone" encoder
row "the whole captioner (ours: \`caption train\`, photos decoded beside it)" captioner
echo
echo "Peak memory of \`caption train\` in these runs: $(median "$work/memories") MB."
