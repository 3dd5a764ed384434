#!/bin/sh
# The shipped weights on real photos.
. "$(dirname "$0")/lib.sh"

if [ -s "$photos/sunny-day.jpg" ]; then
    for photo in "$photos"/*; do
        run "$photo"
        expect 0 "$(basename "$photo"): $(cat "$out")"
        expect_lines "$out" 1
        expect_lines "$err" 0
    done
    run "$photos"
    expect 0 "the folder of sample photos"
    expect_lines "$out" 15
    [ "$(cut -f 2 "$out" | sort -u | wc -l)" -ge 13 ] || fail "different photos, different captions"
else
    skip "no sample photos: sh samples/fetch_photos.sh needs a network once"
fi
for picture in "$source_tree"/samples/drawn/* "$source_tree/samples/page.jpg"; do
    [ "$(wc -c <"$picture")" -le 150000 ] || fail "$(basename "$picture") takes more than 150 kB"
done

list=$shared/data/flickr8k/dataset_flickr8k.json
if [ -s "$list" ]; then
    names=$(jq -r '[.images[] | select(.split == "val") | .filename][:24][]' "$list")
    set --
    for name in $names; do set -- "$@" "$shared/data/flickr8k/images/$name"; done
    run "$@"
    expect 0 "24 validation photos"
    expect_lines "$out" 24
    cp "$out" "$work/text"
    [ "$(cut -f 2 "$out" | sort -u | wc -l)" -ge 18 ] || fail "the captions of 24 photos are nearly the same"
    run --jsonl -t 1 "$@"
    expect 0 "the same as JSON Lines"
    jq -r '[.path, .caption] | @tsv' "$out" | cmp -s - "$work/text" ||
        fail "JSON Lines with one thread and text with all say the same"
    jq -e -s 'all(.logprob < 0)' "$out" >/dev/null || fail "log-probabilities are negative"

    run eval "$list" --images "$shared/data/flickr8k/images" --split val --json --swaps 1000 \
        --results "$work/said.json"
    expect 0 "the validation photos are scored"
    jq -e '.CIDEr >= 0.622 and .["BLEU-4"] >= 0.24 and .["ROUGE-L"] >= 0.465 and .distinct >= 600' "$out" >/dev/null || {
        fail "the shipped weights score less than they did"
        explain
    }
    jq -e '.swaps == 1000 and .swaps_generated >= 0.95 and .swaps_references >= 0.95' "$out" >/dev/null || {
        fail "another photo leaves what is said of a photo as likely in more than 5 of 100 swaps"
        explain
    }
    jq -r '.[].caption | split(" ") | . as $words |
        select(any(.[]; . == "<unk>") or
               ([range(length - 2) as $i | $words[$i:$i + 3] | join(" ")] | length != (unique | length)) or
               (last | IN("a", "an", "the", "and", "or", "but", "of", "in", "on", "at", "to", "with", "by",
                          "for", "from", "into", "onto", "over", "under", "near", "through", "while", "as")))
        | join(" ")' "$work/said.json" >"$work/broken"
    [ "$(jq length "$work/said.json")" -eq 1000 ] && [ ! -s "$work/broken" ] || {
        fail "no caption says <unk>, repeats three words or ends in an article, preposition or conjunction"
        head "$work/broken"
    }
else
    skip "no validation photos in $shared"
fi

everyday=$shared/data/everyday/dataset_everyday.json
if [ -s "$everyday" ]; then
    run eval "$everyday" --images "$shared/data/everyday/images" --by-source --json
    expect 0 "everyday photos are scored"
    jq -e -s '(.[] | select(.name == "everyday/coco") | .CIDEr >= 0.99 and .["BLEU-4"] >= 0.275 and
                  .tags_map >= 0.5 and .tags_sure_right >= 0.9) and
              (.[] | select(.name == "everyday/web") | .CIDEr >= 0.52) and
              all(.[] | select(.name != null); .confidence_gain >= 0.09)' "$out" >/dev/null || {
        fail "the shipped weights score less on everyday photos than they did"
        explain
    }
else
    skip "no everyday photos in $shared"
fi

run info --vocabulary
expect 0 "the words of the shipped model"
cmp -s "$out" "$source_tree/vocab/caption.tsv" || fail "vocab/caption.tsv is not the model's"

# Names that are no UTF-8, and ones that JSON must escape.
odd=$work/$(printf 'a\377"\\\tb.ppm')
square "$odd" 32 30 30 200
run --jsonl -n 2 "$odd"
expect 0 "an odd file name"
jq -e '(.captions | length) == 2 and .captions[0].caption == .caption and (.path | endswith("b.ppm"))' \
    "$out" >/dev/null || fail "valid JSON whatever the file name"

finish
