#!/bin/sh
# What a run keeps and says of it: of a handful of photos the weights with the lowest perplexity, since
# CIDEr of one photo is always 0; at the end a line that says which; scores that `eval` gives again.
. "$(dirname "$0")/lib.sh"

start=$work/start.safetensors
tiny_model "$start"
shape=$work/shapes/images
model=$work/m.safetensors

# Ten photos, one of which will be validated on.
awk 'BEGIN { for (i = 0; i < 10; i++)
    printf "{\"file_name\": \"%02d.ppm\", \"text\": \"a %s on a tiny pedestal\"}\n", i, i % 2 ? "wall" : "tower" }' \
    >"$work/ten.jsonl"
train() { # FLAGS...
    run train "$work/ten.jsonl" --images "$shape" --init "$start" -o "$model" --min-count 1 \
        --freeze-encoder 10 "$@"
}
train --epochs 12 --report "$work/report.html"
expect 0 "ten photos are learned"
expect_in "$err" "CIDEr says little of 1 photo to validate on (fewer than 20)" "the lowest perplexity" \
    "$model: epoch " " of 12, perplexity " "(before the first step "
kept=$(sed -n "s|^$model: epoch \\([0-9]*\\) of 12.*|\\1|p" "$err")
"$program" info "$model" | grep -q "(epoch $kept of 12)" || fail "the file says which epoch it is of"
awk -F '\t' '/best/ { last = $1 } END { print last }' "$out" | grep -q "^$kept/12$" || fail "so does the last best row"
grep -q "max=\"12\" value=\"$kept\"" "$work/report.html" || fail "the report opens on it"
expect_in "$work/report.html" "The best perplexity is" "Before the first step it was"

train --epochs 30 --freeze-encoder 0 --lr 0 --joint-lr 0 --encoder-lr 0 --average 0 --patience 2
expect 0 "--patience"
expect_lines "$out" 3
expect_in "$err" "2 epochs in a row brought nothing better" "$model: as it was before the first step: perplexity"

# Where no epoch is better than the start, the last one is written all the same if that is asked for.
train --epochs 3 --freeze-encoder 0 --lr 0 --joint-lr 0 --encoder-lr 0 --average 0 --keep last
expect 0 "--keep last"
expect_in "$err" "$model: epoch 3 of 3, perplexity "
"$program" info "$model" | grep -q "(epoch 3 of 3)" || fail "the file is of the last epoch"
train --epochs 3 --keep last --patience 2
expect 2 "--keep last knows no patience"
expect_in "$err" "--patience 2: contradicts --keep last"

rm "$model"*
run train "$work/ten.jsonl" --images "$shape" --init "$start" --dry-run
expect 0 "--dry-run needs no output"
expect_lines "$out" 0
expect_in "$err" "9 photos to learn from with 9 captions, 1 photos to validate on" "a vocabulary of"
train --dry-run
[ -z "$(find "$work" -name 'm.safetensors*')" ] || fail "--dry-run writes nothing"

# Thirty photos: by CIDEr, and eval says what training said.
run train "$work/shapes/dataset.json" --images "$shape" --val "$work/shapes/dataset.json" --init "$start" \
    -o "$model" --epochs 6 --freeze-encoder 2 --joint-lr 3e-3 --crop 0 --color 0
expect 0 "thirty photos"
expect_in "$err" "$model: epoch " "CIDEr "
grep -q "says little" "$err" && fail "thirty photos are enough for CIDEr"
said=$(sed -n "s|^$model: epoch [0-9]* of 6, CIDEr \\([0-9.]*\\) .*|\\1|p" "$err")
run eval "$work/shapes/dataset.json" --images "$shape" --split all -m "$model"
expect_in "$out" "precision        f32"
awk -v said="$said" '$1 == "CIDEr" { found = $2 } END { exit found != said }' "$out" ||
    fail "eval says the CIDEr that training said: $said"
run eval "$work/shapes/dataset.json" --images "$shape" --split all -m "$model" --json --precision int8
jq -e '.precision == "int8"' "$out" >/dev/null || fail "the precision stands in JSON, too"

finish
