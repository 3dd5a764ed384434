#!/bin/sh
# Tags: of a model that learned some, in every output and as keywords of XMP sidecars; of one that
# did not they are refused.
. "$(dirname "$0")/lib.sh"

plain=$work/plain.safetensors
tiny_model "$plain"
photo=$work/shapes/images/03.ppm
export CAPTION_MODEL="$plain"
run --tags "$photo"
expect 2 "a model without tags tells none"
expect_in "$err" "the model has no tags; expected one that was trained with --tags (--model)"
run --tags=0 "$photo"
expect 2 "--tags=0 is none"
run --tags-only --vis-json "$work/vis.json" "$photo"
expect 2 "--vis-json holds captions"
run --photils --json "$photo"
expect 2 "--photils stands alone"

export CAPTION_MODEL="$work/tags.safetensors"
run train "$work/shapes/dataset.json" --images "$work/shapes/images" -o "$CAPTION_MODEL" \
    --val "$work/shapes/dataset.json" --init "$plain" --tags 5 --min-count 1 --epochs 2 --crop 0 --color 0
expect 0 "a tiny model learns tags"

run --tags --tag-confidence 0 --jsonl "$photo"
expect 0 "--tags --jsonl"
jq -e '.caption and (.tags | length == 5) and (.tags | [.[].confidence] | . == (sort | reverse)) and
    (.tags | all(.name != "" and .confidence > 0 and .confidence < 1))' "$out" >/dev/null ||
    fail "five tags, surest first"
names=$(jq -r '[.tags[].name] | join(", ")' "$out")
caption=$(jq -r .caption "$out")
first=$(jq -r '.tags[0] | .name' "$out")

run --tags --tag-confidence 0 "$photo"
printf '%s\t%s\n' "$caption" "$names" | cmp -s - "$out" || fail "the caption, a tab, its tags"
run --tags --tag-confidence 0 -t 1 -n 3 --sample --jsonl "$photo"
[ "$(jq -r '[.tags[].name] | join(", ")' "$out")" = "$names" ] || fail "sampling has the same tags"
run --tags=2 --tag-confidence 0 --tags-only "$photo"
[ "$(tr , '\n' <"$out" | wc -l)" -eq 2 ] || fail "--tags=2"
case $names in "$(cat "$out"),"*) ok "the surest two alone" ;; *) fail "the surest two alone" ;; esac
run --photils --tag-confidence 0 "$photo"
expect_lines "$out" 5
grep -Eq "^$first:[01]\.[0-9][0-9]\$" "$out" || fail "photils' lines"
cp "$out" "$work/photils.txt"
printf '#!/bin/sh\nexec "%s" --tag-confidence 0 "$@"\n' "$program" >"$work/caption"
chmod +x "$work/caption"
PATH=$work:$PATH sh "$source_tree/samples/photils-cli" -c -i "$photo" -o "$work/confident.txt" ||
    fail "photils-cli -c"
PATH=$work:$PATH sh "$source_tree/samples/photils-cli" -i "$photo" -o "$work/names.txt" ||
    fail "photils-cli"
[ -s "$work/names.txt" ] || fail "photils-cli: tags"
cut -d : -f 1 "$work/confident.txt" | cmp -s - "$work/names.txt" || fail "photils-cli: the names alone"

cp "$photo" "$work/a.ppm"
run --write-xmp --tags --tag-confidence 0 "$work/a.ppm"
expect 0 "--write-xmp --tags"
expect_in "$work/a.ppm.xmp" "<dc:subject><rdf:Bag><rdf:li>$first</rdf:li>" "$caption</rdf:li>"
sed "s|<rdf:li>$first</rdf:li>|<rdf:li>mine</rdf:li>|" "$work/a.ppm.xmp" >"$work/mine.xmp"
cp "$work/mine.xmp" "$work/a.ppm.xmp"
run --write-xmp --tags --tag-confidence 0 "$work/a.ppm"
cmp -s "$work/mine.xmp" "$work/a.ppm.xmp" || fail "--existing skip leaves keywords that are there"
run --write-xmp --tags --tag-confidence 0 --existing overwrite "$work/a.ppm"
expect_in "$work/a.ppm.xmp" "<rdf:li>mine</rdf:li>" ">$first</rdf:li></rdf:Bag>"
[ "$(grep -o "</rdf:li>" "$work/a.ppm.xmp" | wc -l)" -eq 8 ] || fail "no keyword twice"

run --tags-only --tag-confidence 0 --sidecar "$work/a.ppm"
printf '%s\n' "$names" | cmp -s - "$work/a.txt" || fail "a sidecar of tags"
run eval "$work/shapes/dataset.json" --images "$work/shapes/images" --split all --json
expect 0 "caption eval of a model with tags"
jq -e '.tags >= 0 and .tags_map >= 0 and .tags_sure >= 0 and .tags_calibration_error >= 0' "$out" >/dev/null ||
    fail "caption eval scores tags"
finish
