#!/bin/sh
# A tiny captioner learned from scratch within the test, encoder and decoder, must caption the photos
# it was trained on.
. "$(dirname "$0")/lib.sh"

shapes "$work"

train() { # MODEL FLAGS...
    model=$1
    shift
    run train "$work/dataset.json" --val "$work/dataset.json" --images "$work/images" \
        --output "$model" --encoder-arch tiny --image-size 32 --hidden 48 --embed 48 \
        --min-count 1 --batch-size 6 --lr 3e-3 --joint-lr 3e-3 --encoder-lr 1e-4 \
        --label-smoothing 0 --average 0 "$@"
}

# All photos in one mini-batch: batch norm wants many in each of its micro-batches.
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
jq 'del(.perplexity, .precision)' "$work/eval.json" >"$work/eval_scores.json"
jq . "$out" | cmp -s - "$work/eval_scores.json" || fail "eval and score agree"

run info "$work/shapes.safetensors"
expect 0 "info tells of it"
expect_in "$out" "lstm"

finish
