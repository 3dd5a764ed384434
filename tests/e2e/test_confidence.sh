#!/bin/sh
# How sure a model is: fitted by caption eval --calibrate, told with captions, and what becomes of
# captions that are not sure enough.
. "$(dirname "$0")/lib.sh"

plain=$work/plain.safetensors
tiny_model "$plain"
photo=$work/shapes/images/03.ppm
list=$work/shapes/dataset.json
images=$work/shapes/images

# Of the tiny model, without and with a word head.
run train "$list" --images "$images" -o "$work/tags.safetensors" --val "$list" --init "$plain" \
    --tags 5 --min-count 1 --epochs 40 --freeze-encoder 0 \
    --joint-lr 0.01 --encoder-lr 0.003 --crop 0 --color 0
expect 0 "a tiny model learns tags"
jq '.images |= [.[] | .source = (if .imgid % 2 == 0 then "even" else "odd" end) | .split = "val"]' \
    "$list" >"$work/two.json"

calibrate() { # MODEL OUT FLAGS...
    model=$1 fitted=$2
    shift 2
    run eval "$work/two.json" --images "$images" -m "$model" --calibrate "$fitted" "$@"
}

calibrate "$plain" "$work/plain-fitted.safetensors"
expect 0 "--calibrate of a model without tags"
calibrate "$work/tags.safetensors" "$work/fitted.safetensors" --by-source
expect 0 "--calibrate of one with tags, by source"
expect_in "$out" "even, cross-validated" "odd, cross-validated" "all, cross-validated" \
    "of the captions' confidences" "surest  75 %" "surest 100 %"
calibrate "$work/tags.safetensors" "$work/threads.safetensors" --by-source -t 3
cmp -s "$work/fitted.safetensors" "$work/threads.safetensors" || fail "the same bytes with three threads"
calibrate "$work/fitted.safetensors" "$work/again.safetensors" --by-source
cmp -s "$work/fitted.safetensors" "$work/again.safetensors" || fail "fitted anew, it is the same"
tensors "$work/tags.safetensors" >"$work/weights"
tensors "$work/fitted.safetensors" | cmp -s - "$work/weights" || fail "the weights stay as they are"
calibrate "$work/tags.safetensors" "$work/json.safetensors" --by-source --json
[ "$(jq -s 'map(select(.confidence_rows | length == 5)) | length' "$out")" = 3 ] ||
    fail "--json has an object each for the parts and all"

# Photos that are too few.
expect_in "$err" "--calibrate: a fit to 30 photos (fewer than 100) is mostly noise"
few() { # COUNT
    jq ".images |= .[:$1]" "$work/two.json" >"$work/few.json"
    run eval "$work/few.json" --images "$images" -m "$plain" --calibrate "$work/few.safetensors"
}
few 9
expect 2 "nine photos are too few"
expect_in "$err" "--calibrate: expected 10 or more photos, found 9"
expect_lines "$out" 0
[ ! -e "$work/few.safetensors" ] || fail "nothing is written of too few"
few 10
expect 0 "ten are enough, each by a fit to nine"

# What it must not write.
cp "$plain" "$work/copy.safetensors"
calibrate "$work/copy.safetensors" "$work/copy.safetensors"
expect 2 "the model is not written over"
expect_in "$err" "is to be both --calibrate and the model of the run"
cmp -s "$plain" "$work/copy.safetensors" || fail "the model stays as it was"
run eval "$work/two.json" --images "$images" -m "$plain" --calibrate "$work/two.json"
expect 2 "nor the data set"
calibrate "$plain" "$work/rows.json" --results "$work/rows.json"
expect 2 "nor the results"
calibrate "$plain" "$work/shapes"
expect 2 "nor a folder"
calibrate "$plain" "$work/none/model.safetensors"
expect 1 "nor into a folder that is not there"
expect_lines "$out" 0

# Scored, told and written.
export CAPTION_MODEL="$work/fitted.safetensors"
run eval "$work/two.json" --images "$images" --by-source --results "$work/results.json" \
    --html "$work/scores.html"
expect 0 "caption eval of a model that tells how sure it is"
[ "$(grep -c '^sure error' "$out")" -eq 3 ] || fail "a calibration error of each part and in all"
[ "$(grep -c '<figcaption>Risk against coverage' "$work/scores.html")" -eq 2 ] && grep -q '</html>' "$work/scores.html" ||
    fail "--html has a drawing for each part"
run eval "$work/two.json" --images "$images" --html "$photo" --force
expect 2 "a photo is never turned into a page"
run eval "$work/two.json" --images "$images" --html "$work/results.json"
expect 2 "nor are rows without --force"
expect_in "$err" "--html writes a page of scores"
jq -e 'length == 30 and all(.[]; .confidence > 0 and .confidence < 1)' "$work/results.json" >/dev/null ||
    fail "--results has the confidences"
run --jsonl "$photo"
expect 0 "a caption with its confidence"
jq -e '.caption != "" and .confidence > 0 and .confidence < 1' "$out" >/dev/null || fail "confidence in JSON"
caption=$(jq -r .caption "$out")

# Not sure enough, and no photo at all.
echo "no photo" >"$work/broken.jpg"
run --min-confidence 1 "$photo"
expect 0 "--unsure skip is no error"
expect_lines "$out" 0
run --min-confidence 1 --jsonl "$photo" "$work/broken.jpg"
expect 1 "a photo that cannot be read is one"
jq -se '.[0].caption == "" and .[0].confidence > 0 and (.[0] | has("error") | not)
    and (.[1] | has("caption") | not) and .[1].error != ""' "$out" >/dev/null || {
    fail "a row for the unsure one and one for the error"
    explain
}
run --min-confidence 1 --csv "$photo"
expect 0 "--csv"
run --min-confidence 1 --unsure hedge "$photo"
expect 0 "--unsure hedge"
[ "$(cat "$out")" = "possibly: $caption" ] || fail "possibly: $caption"
run --min-confidence 0.000001 --unsure hedge "$photo"
[ "$(cat "$out")" = "$caption" ] || fail "who is sure enough does not hedge"
run --min-confidence 2 "$photo"
expect 2 "--min-confidence is from 0 to 1"
run -m "$plain" --min-confidence 0.5 "$photo"
expect 2 "a model that does not tell"
expect_in "$err" "the model does not state how sure it is"

# The shipped weights on real photos, few of them: that all holds together, not how well it fits.
real=$shared/data/flickr8k/dataset_flickr8k.json
if [ ! -f "$real" ] || [ ! -f "$weights" ]; then
    skip "no validation photos in $shared"
    finish
fi
jq '.images |= ([.[] | select(.split == "val")] | .[:40])' "$real" >"$work/real.json"
run eval "$work/real.json" --images "$shared/data/flickr8k/images" -m "$weights" \
    --calibrate "$work/real.safetensors"
expect 0 "--calibrate of the shipped weights"
tensors "$weights" >"$work/weights"
tensors "$work/real.safetensors" | cmp -s - "$work/weights" || fail "the shipped weights stay as they are"
run eval "$work/real.json" --images "$shared/data/flickr8k/images" -m "$work/real.safetensors" --json
jq -e '.confidence_calibration_error < 0.3 and .tags_calibration_error < 0.02
    and (.confidence_rows[0].CIDEr - .CIDEr | fabs) < 1e-9' "$out" >/dev/null || {
    fail "calibrated on the photos that it was fitted to"
    explain
}
finish
