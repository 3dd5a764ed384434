#!/bin/sh
# A tiny captioner learned from scratch within the test, encoder and decoder, must caption the photos
# it was trained on; and the same seed must give the same weights with any number of threads.
. "$(dirname "$0")/lib.sh"

# 30 photos: a red, green or blue tower or wall, of different sizes at different places on light
# grey; with two captions each in Karpathy's format.
mkdir "$work/images"
awk -v folder="$work/images" -v list="$work/dataset.json" '
function paint(file, wide, red, green, blue, along, across, thick,    x, y, u, inside) {
    printf "P6\n32 32\n255\n" >file
    for (y = 0; y < 32; y++)
        for (x = 0; x < 32; x++) {
            u = wide ? y : x
            inside = u >= across && u < across + thick && (wide ? x : y) >= along
            if (inside) printf "%c%c%c", red, green, blue >file
            else printf "%c%c%c", 220, 220, 220 >file
        }
    close(file)
}
BEGIN {
    split("red green blue", color); split("tower wall", shape)
    printf "{\"images\": [" >list
    for (i = 0; i < 30; i++) {
        c = i % 3 + 1; s = int(i / 3) % 2 + 1; place = int(i / 6)
        name = sprintf("%02d.ppm", i)
        paint(folder "/" name, s == 2, c == 1 ? 220 : 20, c == 2 ? 180 : 20, c == 3 ? 220 : 20,
              place, 4 + place * 4, 6 + place % 3)
        printf "%s{\"filename\": \"%s\", \"imgid\": %d, \"split\": \"train\", \"sentences\": [", \
            i ? ", " : "", name, i >list
        printf "{\"tokens\": [\"a\", \"%s\", \"%s\"]}, ", color[c], shape[s] >list
        printf "{\"tokens\": [\"a\", \"%s\", \"%s\", \"on\", \"grey\"]}]}", color[c], shape[s] >list
    }
    printf "]}\n" >list
}'

train() { # MODEL FLAGS...
    model=$1
    shift
    run train "$work/dataset.json" --val "$work/dataset.json" --images "$work/images" \
        --output "$model" --encoder-arch tiny --image-size 32 --hidden 48 --embed 48 \
        --min-count 1 --batch-size 6 --lr 3e-3 --joint-lr 3e-3 --encoder-lr 1e-4 \
        --label-smoothing 0 --average 0 "$@"
}

# All photos in one mini-batch: batch norm wants many in each of its slices.
train "$work/shapes.safetensors" --epochs 200 --freeze-encoder 10 --seed 3 --dropout 0 --crop 0 \
    --color 0 --batch-size 30 --encoder-lr 5e-3
expect 0 "a captioner is learned from scratch"
expect_lines "$out" 201
expect_in "$out" frozen learns
tail -n 3 "$out" | sed 's/^/  /'

run -m "$work/shapes.safetensors" "$work/images"
expect 0 "its photos are captioned"
jq -r '.images[] | .filename as $name | .sentences[].tokens | [$name, join(" ")] | @tsv' \
    "$work/dataset.json" >"$work/right.tsv"
sed "s|^$work/images/||" "$out" | sort >"$work/said.tsv"
right=$(sort "$work/right.tsv" | comm -12 - "$work/said.tsv" | wc -l)
if [ "$right" -ge 27 ]; then ok "$right of 30 captions are right"; else
    fail "$right of 30 captions are right, 27 expected"
    head -n 30 "$work/said.tsv"
fi

run eval "$work/dataset.json" --images "$work/images" -m "$work/shapes.safetensors" \
    --split train --json --results "$work/results.json"
expect 0 "eval on the photos it learned from"
jq -e '.CIDEr > 1.5 and .["BLEU-1"] > 0.85 and .distinct >= 6 and .perplexity < 2' "$out" >/dev/null || {
    fail "the scores on its own photos"
    explain
}
cp "$out" "$work/eval.json"
run score "$work/results.json" "$work/dataset.json" --split train --json
expect 0 "score on what eval wrote"
jq 'del(.perplexity)' "$work/eval.json" >"$work/eval_scores.json"
jq . "$out" | cmp -s - "$work/eval_scores.json" || fail "eval and score agree"

run info "$work/shapes.safetensors"
expect 0 "info tells of it"
expect_in "$out" "gru"

# The same seed gives the same numbers with any number of threads, another seed others. The header
# of a model file, which keeps the command line, may differ.
tensors() { # MODEL
    tail -c +$((9 + $(od -An -tu8 -N8 "$1"))) "$1"
}
short_run() { # SEED THREADS
    train "$work/seed$1_threads$2.safetensors" --epochs 4 --freeze-encoder 2 --seed "$1" \
        --threads "$2" --crop 0.3 --color 0.2 --dropout 0.3
    expect 0 "four epochs, seed $1, $2 thread(s)"
    tensors "$work/seed$1_threads$2.safetensors" >"$work/seed$1_threads$2.tensors"
    [ -s "$work/seed$1_threads$2.tensors" ] || fail "a model without tensors"
}
short_run 5 1
short_run 5 2
short_run 5 5
short_run 6 2
cmp -s "$work/seed5_threads1.tensors" "$work/seed5_threads2.tensors" ||
    fail "the same seed gives the same weights with one thread and with two"
cmp -s "$work/seed5_threads1.tensors" "$work/seed5_threads5.tensors" ||
    fail "the same seed gives the same weights with one thread and with five"
cmp -s "$work/seed5_threads2.tensors" "$work/seed6_threads2.tensors" &&
    fail "another seed gives other weights"

finish
