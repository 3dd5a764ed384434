#!/bin/sh
# Several data sets in one run: each is shown as often as --repeat says and scored by itself, the best
# epoch has the best mean; the same bytes with any number of threads and after an interruption.
. "$(dirname "$0")/lib.sh"

shapes "$work/one"
shapes "$work/two"
jq '.images |= [.[] | .source = (if .imgid % 2 == 0 then "even" else "odd" end)
    | .split = (if .imgid < 18 then "train" else "val" end)]' "$work/one/dataset.json" >"$work/one/dataset_first.json"
jq '.images |= [.[:20][] | .split = (if .imgid < 12 then "train" else "val" end)]' \
    "$work/two/dataset.json" >"$work/two/second.json"
sets="$work/one/dataset_first.json $work/two/second.json"
folders="$work/one/images $work/two/images"
sizes="--encoder-arch tiny --image-size 32 --hidden 16 --embed 16 --min-count 1 --batch-size 10
    --micro-batch 3 --epochs 4 --freeze-encoder 0"

# shellcheck disable=SC2086
train() { # NAME FLAGS...
    name=$1
    shift
    run train $sets --images $folders -o "$work/$name" $sizes "$@"
}

train plain --by-source --repeat 1 2.5 --threads 1
expect 0 "two data sets in one run"
cp "$out" "$work/plain.txt"
expect_in "$out" "first/even BLEU-4	first/even CIDEr	first/odd BLEU-4	first/odd CIDEr	second BLEU-4	second CIDEr"
expect_in "$err" "second.json: 12 photos to learn from, shown 30 times an epoch" "30 photos to learn from"
awk -F '\t' 'NR > 1 {
    mean = ($12 + $14 + $16) / 3
    if ($6 - mean > 0.02 || mean - $6 > 0.02) wrong++
    if (($10 == "best") != (NR == 2 || $6 + 0 > best)) wrong++
    if (NR == 2 || $6 + 0 > best) best = $6 + 0
} END { exit NR != 5 || wrong > 0 }' "$out" || {
    fail "CIDEr is the mean of the parts, and the best epoch has the best mean"
    explain
}
tensors "$work/plain" >"$work/plain.tensors"

train threads --by-source --repeat 1 2.5 --threads 3
tensors "$work/threads" | cmp -s - "$work/plain.tensors" || fail "the same weights with three threads"

train once --by-source
expect 0 "without --repeat"
tensors "$work/once" | cmp -s - "$work/plain.tensors" && fail "--repeat gives other weights"

# Interrupted, and gone on with.
mkdir "$work/stopped"
# shellcheck disable=SC2086
stop_after() { # SECONDS FLAGS...
    seconds=$1
    shift
    status=0
    timeout -s INT "$seconds" "$program" train $sets --images $folders -o "$work/stopped/model" $sizes \
        --resume --by-source --repeat 1 2.5 --epochs 60 "$@" >"$out" 2>"$err" </dev/null || status=$?
}
stop_after 60
expect 0 "a long run"
cp "$work/stopped/model" "$work/whole"
turns=0
until [ "$turns" -gt 0 ] && [ "$status" -eq 0 ]; do
    stop_after 0.7
    turns=$((turns + 1))
    [ "$turns" -lt 200 ] || break
done
ok "the same in $turns pieces"
cmp -s "$work/stopped/model" "$work/whole" || fail "a run that was interrupted ends with the same bytes"
[ "$turns" -gt 1 ] || skip "it was never interrupted"
# shellcheck disable=SC2086
timeout -s INT 0.7 "$program" train $sets --images $folders -o "$work/stopped/model" $sizes --by-source \
    --repeat 1 2.5 --epochs 600 >"$out" 2>"$err" </dev/null
train stopped/model --resume --epochs 600 --by-source --repeat 1 2
expect 2 "a run goes on with the repeats that it began with"
expect_in "$err" "repeat was [1,2.5]" "is [1,2] now"
train stopped/model --resume --epochs 600 --repeat 1 2.5
expect 2 "and with its parts"
expect_in "$err" "the data was not the same" "photos to learn from"

# What is asked of one data set and not of the other.
# shellcheck disable=SC2086
run train $sets --images "$work/one" "$work/two" "$work" -o "$work/none" $sizes
expect 2 "three folders for two data sets"
expect_in "$err" "--images: expected 1 or 2 values, one for each data set, found 3"
train none --repeat 1 2 3
expect 2 "three repeats for two data sets"
expect_in "$err" "--repeat: expected 1 or 2 values"
train none --val "$work/two/second.json"
expect 2 "one of two data sets to validate on"
expect_in "$err" "--val: expected 2 values"
train none --repeat 1 often
expect 2 "a repeat that is no number"
expect_in "$err" "--repeat: 'often' is not a number"
train none --repeat 0
expect 2 "nothing to learn from"
expect_in "$err" "repeat: expected a data set to learn from"

# A data set that is validated on alone.
train judged --repeat 1 0
expect 0 "a data set with --repeat 0"
expect_in "$err" "18 photos to learn from" "second: scored by itself, 8 photos"

# shellcheck disable=SC2086
run eval $sets --images $folders -m "$work/plain" --json --by-source --results "$work/results.json"
expect 0 "eval of two data sets"
jq -s -e 'map([.name, .photos]) == [["first/even", 6], ["first/odd", 6], ["second", 8]]' "$out" >/dev/null ||
    fail "a JSON object for each part"
jq -e 'length == 20' "$work/results.json" >/dev/null || fail "results of all data sets in one file"
head -n 1 "$out" | jq 'del(.name)' >"$work/part.json"
jq '.images |= map(select(.split == "train" or .source == "even"))' "$work/one/dataset_first.json" \
    >"$work/one/even.json"
run eval "$work/one/even.json" --images "$work/one/images" -m "$work/plain" --json
jq . "$out" | cmp -s - "$work/part.json" || {
    fail "a part scores as if it were a data set alone"
    explain
}
run eval --images "$work/one/images" "$work/one/even.json" -m "$work/plain"
expect 0 "a folder before its data set"
# shellcheck disable=SC2086
run train "$work/one/even.json" "$work/two/second.json" --images $folders -o "$work/page" $sizes --epochs 1 \
    --report "$work/page.html"
expect_in "$work/page.html" "CIDEr, even" "BLEU-4, second" "mean of those of the data sets"

finish
