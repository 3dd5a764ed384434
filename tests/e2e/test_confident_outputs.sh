#!/bin/sh
# How sure a model is of its captions, in every output: of one whose file says how to tell.
. "$(dirname "$0")/lib.sh"

plain=$work/plain.safetensors
tiny_model "$plain"
cd "$work/shapes/images" || exit 1
export CAPTION_MODEL="$plain"
run --csv 03.ppm 04.ppm
[ "$(head -n 1 "$out" | tr -d '\r')" = path,caption,logprob,error ] ||
    fail "no confidence where the model does not tell it"
run --min-confidence 0.5 03.ppm
expect 2 "--min-confidence needs a model that tells"

# As sure as the words are probable, and less so of all photos by a constant.
export CAPTION_MODEL="$work/sure.safetensors"
with_metadata "$plain" "$CAPTION_MODEL" confidence \
    "{\"bias\": 0.25, \"logprob\": 1, \"length\": 0, \"rarity\": 0, \"agreement\": 0, \"coverage\": 0, \"styles\": {}}"
run --jsonl .
expect 0 "a model that tells how sure it is"
cp "$out" "$work/rows.jsonl"
jq -e -s 'all(.confidence > 0 and .confidence < 1) and ([.[].confidence] | unique | length > 1)' \
    "$out" >/dev/null || fail "JSON has a confidence for each photo"

run --csv .
expect 0 "--csv"
[ "$(head -n 1 "$out" | tr -d '\r')" = path,caption,logprob,confidence,error ] ||
    fail "a column of confidence: $(head -n 1 "$out")"
tail -n +2 "$out" | cut -d , -f 4 | jq -s . >"$work/told.json"
jq -s '[.[].confidence]' "$work/rows.jsonl" | jq -e --slurpfile told "$work/told.json" '. == $told[0]' >/dev/null ||
    fail "CSV and JSON tell the same confidence"

run --html "$work/page.html" .
photos=$(wc -l <"$work/rows.jsonl")
[ "$(grep -c '<p class="sure">' "$work/page.html")" -eq "$photos" ] || fail "the page tells it of each photo"
percent=$(jq -s '.[0].confidence * 100 | round' "$work/rows.jsonl")
expect_in "$work/page.html" "$(printf '%s\302\240%%\302\240sure</p>' "$percent")"

# Where confidences lie farthest apart, captions are left out below.
middle=$(jq -s '[.[].confidence] | sort as $all | [range(1; length)] |
    max_by($all[.] - $all[. - 1]) | ($all[.] + $all[. - 1]) / 2' "$work/rows.jsonl")
unsure=$(jq -s --argjson middle "$middle" 'map(select(.confidence < $middle)) | length' "$work/rows.jsonl")
run --html "$work/page.html" --min-confidence "$middle" .
expect 0 "--min-confidence $middle leaves $unsure of $photos captions out"
found=$(grep -c '>(not sure enough)</p>' "$work/page.html")
[ "$found" -eq "$unsure" ] && [ "$found" -gt 0 ] || fail "the page says so of $unsure photos, not $found"
grep -q '(no word)' "$work/page.html" && fail "and nowhere that there is no word"

cp 03.ppm "$work/a.ppm"
run --write-xmp "$work/a.ppm"
expect 0 "--write-xmp"
told=$(jq -r 'select(.path | endswith("/03.ppm")) | .confidence' "$work/rows.jsonl")
grep -qE ">$told[0-9]*</caption:Confidence>" "$work/a.ppm.xmp" || fail "the sidecar holds $told: $(cat "$work/a.ppm.xmp")"
if command -v exiftool >/dev/null; then
    [ "$(exiftool -s3 -XMP:Confidence "$work/a.ppm.xmp" | tr -d 0)" = "$(echo "$told" | tr -d 0)" ] ||
        fail "exiftool reads the confidence"
else
    skip "no exiftool: whether it reads the confidence was not looked at"
fi
run --write-xmp --existing overwrite --model "$plain" "$work/a.ppm"
expect 0 "a caption of a model that does not tell takes its place"
grep -q Confidence "$work/a.ppm.xmp" && fail "and takes its confidence away"
finish
