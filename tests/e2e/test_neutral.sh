#!/bin/sh
# --neutral: no output tells a person's gender or age group. The shipped weights on photos whose
# captions do without it.
. "$(dirname "$0")/lib.sh"

people='man|men|woman|women|boy|boys|girl|girls|lady|ladies|guy|guys|male|female|mother|father'
pronouns='he|she|him|his|her|herself|himself'
ages='(young|old|older|elderly) (person|people|child|children)'
gendered="$people|$pronouns|$ages"
tells() { # FILE...
    grep -ohwiE "$gendered" "$@"
}

run --help-all
expect 0 "--neutral in caption --help"
expect_in "$out" "--neutral" "guess nobody's gender or age group"
run eval --help-all
expect_in "$out" "--neutral"

list=$shared/data/flickr8k/dataset_flickr8k.json
if [ ! -s "$list" ]; then
    skip "no validation photos in $shared"
    finish
fi
# 60 photos under names that tell nothing.
mkdir "$work/photos"
number=0
for name in $(jq -r '[.images[] | select(.split == "val") | .filename][:60][]' "$list"); do
    number=$((number + 1))
    cp "$shared/data/flickr8k/images/$name" "$work/photos/$(printf %02d "$number").jpg"
done

run "$work/photos"
cp "$out" "$work/plain"
[ "$(tells "$work/plain" | wc -l)" -ge 20 ] || fail "without the flag they tell some"
run --neutral "$work/photos"
expect 0 "text"
expect_lines "$out" 60
cp "$out" "$work/neutral"
tells "$work/neutral" && fail "text tells gender or age"
grep -qw person "$out" || fail "a person is told"

# without FORMAT OPTION...: what is written with these options tells none
without() {
    format=$1
    shift
    run --neutral "$@" "$work/photos"
    expect 0 "$format"
    tells "$out" && fail "$format tells gender or age"
}
without "JSON" --json -n 5
jq -e 'length == 60 and all(.captions | length <= 5 and (map(.caption) | length == (unique | length)))' \
    "$out" >/dev/null || fail "the best are distinct"
jq -e 'map(.captions | length) | min < 5' "$out" >/dev/null || fail "those that came to the same are one"
without "JSON Lines" --jsonl
jq -r '[.path, .caption] | @tsv' "$out" | cmp -s - "$work/neutral" || fail "JSON Lines say what text says"
jq -r .logprob "$out" >"$work/logprobs"
run --jsonl "$work/photos"
jq -r .logprob "$out" | cmp -s - "$work/logprobs" || fail "log-probabilities are those of the captions as drawn"
without "CSV" --csv
without "samples" -n 4 --temperature 1 --jsonl
jq -e -s 'all(.captions | length == 4)' "$out" >/dev/null || fail "samples are all kept"
without "a prefix" --prefix "a man"
without "a page" -n 3 --html "$work/page.html"
# Of the page what a reader gets: neither styles nor scripts nor the thumbnails' bytes.
sed 's/base64,[^"]*"/"/g' "$work/page.html" | grep -o 'alt="[^"]*"' >"$work/alts"
[ "$(wc -l <"$work/alts")" -ge 60 ] || fail "the page has a text for each photo"
sed 's/base64,[^"]*"/"/g; s/<style>.*<\/style>//' "$work/page.html" | tells - | grep . && fail "the page tells gender or age"
without "vis.json" --vis-json "$work/vis.json"
without "sidecars and XMP" -n 2 --sidecar --write-xmp
cat "$work"/photos/*.txt >"$work/sidecars"
[ "$(wc -l <"$work/sidecars")" -ge 60 ] || fail "sidecars for all"
tells "$work"/vis.json "$work/sidecars" "$work"/photos/*.xmp && fail "a file tells gender or age"

# Scored as they are told.
jq '{images: [.images[] | select(.split == "val")][:60]}' "$list" >"$work/list.json"
run eval "$work/list.json" --images "$shared/data/flickr8k/images" --json --neutral --results "$work/results.json"
expect 0 "caption eval"
tells "$work/results.json" && fail "a scored caption tells gender or age"
cut -f 2 "$work/neutral" >"$work/told"
jq -r '.[].caption' "$work/results.json" | cmp -s - "$work/told" || fail "what is scored is what is told"

finish
