#!/bin/sh
# --before and --after put literal text around captions in every output, and change nothing else.
. "$(dirname "$0")/lib.sh"

use_tiny_model
folder=$work/photos
photo=$folder/00.ppm
mkdir "$folder"
cp "$work/shapes/images/00.ppm" "$work/shapes/images/01.ppm" "$folder"
before='ohwx man, "<b>" =1+1; '
after=' (c) Müller'

run "$photo"
caption=$(cat "$out")
run --before "$before" --after "$after" "$photo"
expect 0 "text around a caption"
[ "$(cat "$out")" = "$before$caption$after" ] || fail "the caption stands between the two"
run --after "$after" "$photo"
[ "$(cat "$out")" = "$caption$after" ] || fail "one of the two is enough"

run --jsonl -n 2 "$folder"
cp "$out" "$work/plain.jsonl"
run --jsonl -n 2 --before "$before" --after "$after" "$folder"
expect 0 "in JSON Lines, around every candidate"
jq -c --arg b "$before" --arg a "$after" '.caption |= $b + . + $a | .captions[].caption |= $b + . + $a' \
    "$work/plain.jsonl" >"$work/expected"
jq -c . "$out" | cmp - "$work/expected" || fail "nothing else changes"
run --json --before "$before" "$folder"
[ "$(jq --arg b "$before" 'map(select(.caption | startswith($b))) | length' "$out")" -eq 2 ] || fail "in JSON"
run --csv --before "$before" "$folder"
expect_in "$out" 'ohwx man, ""<b>"" =1+1; '
run --sidecar --write-xmp --vis-json "$work/vis.json" --html "$work/page.html" --before "$before" --after "$after" "$folder"
expect 0 "in files"
[ "$(cat "$folder/00.txt")" = "$before$caption$after" ] || fail "in sidecars"
expect_in "$photo.xmp" "ohwx man, " "&lt;b&gt;" "$caption$after"
expect_in "$work/page.html" "ohwx man, " "&lt;b&gt;" "$caption$after"
[ "$(jq --arg b "$before" 'map(select(.caption | startswith($b))) | length' "$work/vis.json")" -eq 2 ] || fail "in vis.json"

for flag in --before --after; do
    run $flag "$(printf 'two\nlines')" "$photo"
    expect 2 "$flag of two lines"
    expect_in "$err" "$flag: expected a text in UTF-8 of one line"
    run $flag "$(printf 'caf\351')" "$photo"
    expect 2 "$flag in Latin-1"
    run $flag "$(printf '\033[2J')" "$photo"
    expect 2 "$flag that speaks to a terminal"
done

# What this build reads.
run --formats
expect 0 "--formats needs no photo"
expect_in "$out" "JPEG	yes	" "BMP	yes	caption" "tar archives	"
grep -qvP '^[^\t]+\t(yes|no)\t[^\t]+$' "$out" && fail "a line is FORMAT, yes or no, LIBRARY"

finish
