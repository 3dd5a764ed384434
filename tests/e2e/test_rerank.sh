#!/bin/sh
# The re-ranking of captions by the photo's tags: of a model whose file has its numbers, in every
# way of captioning; fitted by caption eval --calibrate.
. "$(dirname "$0")/lib.sh"

plain=$work/plain.safetensors
tiny_model "$plain"
list=$work/shapes/dataset.json
images=$work/shapes/images
run train "$list" --images "$images" -o "$work/tags" --val "$list" --init "$plain" --tags 5 \
    --min-count 1 --epochs 40 --freeze-encoder 0 --joint-lr 0.01 --encoder-lr 0.003 --crop 0 --color 0
expect 0 "a tiny model learns tags"

with_metadata "$work/tags" "$work/reranked" rerank '{"agreement": 0.5, "coverage": 20}'
with_metadata "$work/tags" "$work/none" rerank '{"agreement": 0, "coverage": 0}'
with_metadata "$work/tags" "$work/broken" rerank '{"agreement": 0.5, "coverage": -1}'
run info "$work/reranked"
expect_in "$out" "by tags: agreement 0.5, coverage 20"
run info --json "$work/reranked"
[ "$(jq -c .rerank "$out")" = '{"agreement":0.5,"coverage":20}' ] || fail "caption info --json has the re-ranking"

captions() { # MODEL FLAGS...: rows of JSON of all photos, without what tells the model
    model=$1
    shift
    run -m "$model" --jsonl "$@" "$images"
    expect 0 "$model $*"
}

captions "$work/tags" -b 5 -n 5
jq -c '[.path, (.captions | map([.caption, .logprob]))]' "$out" >"$work/search"
captions "$work/reranked" -b 5 -n 5
jq -c '[.path, (.captions | map([.caption, .logprob]))]' "$out" >"$work/order"
cmp -s "$work/search" "$work/order" && fail "another order than that of the search"
jq -c '.[1] |= sort' "$work/search" >"$work/search.sorted"
jq -c '.[1] |= sort' "$work/order" | cmp -s - "$work/search.sorted" ||
    fail "the same captions with the same log-probabilities"

# The first of them is said, whatever else is asked for.
captions "$work/reranked" -b 5
cp "$out" "$work/batch"
jq -c '[.path, .caption, .logprob]' "$out" >"$work/said"
jq -c '[.[0], .[1][0][0], .[1][0][1]]' "$work/order" | cmp -s - "$work/said" ||
    fail "without -n the first of the order"
captions "$work/reranked" -b 5 -t 3
cmp -s "$out" "$work/batch" || fail "the same bytes with three threads"
for photo in "$images"/0[0-5].ppm; do
    run -m "$work/reranked" --jsonl -b 5 "$photo"
    grep -Fxq "$(cat "$out")" "$work/batch" || fail "$photo alone is said to be what it is in a batch"
done
run eval "$list" --images "$images" --split train -m "$work/reranked" -b 5 --results "$work/results.json"
jq -r '.[].caption' "$work/results.json" >"$work/scored"
captions "$work/reranked" -b 5 --precision f32
jq -r .caption "$out" | cmp -s - "$work/scored" || fail "caption eval scores the order"

captions "$work/none" -b 5 -n 5
jq -c '[.path, (.captions | map([.caption, .logprob]))]' "$out" | cmp -s - "$work/search" ||
    fail "numbers of 0 change nothing"
run -m "$work/broken" "$images"
expect 1 "a re-ranking that is none"
expect_in "$err" "__metadata__: rerank: coverage: expected a number from 0 to"

# --calibrate fits it, the old one forgotten, and scores what is said with it.
fitted() { metadata "$1" | jq -r '.rerank // "none"'; }
run eval "$list" --images "$images" --split train -m "$work/tags" --calibrate "$work/fitted"
expect 0 "--calibrate fits a re-ranking"
cp "$out" "$work/fitted.txt"
run eval "$list" --images "$images" --split train -m "$work/reranked" --calibrate "$work/again"
[ "$(fitted "$work/again")" = "$(fitted "$work/fitted")" ] || fail "fitted anew, it is the same"
run eval "$list" --images "$images" --split train -m "$work/fitted"
expect_in "$work/fitted.txt" "$(grep CIDEr "$out" | head -n 1)"
finish
