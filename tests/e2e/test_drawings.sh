#!/bin/sh
# samples/drawings: the same seed draws the same bytes, every kind appears, the styles of the two
# halves differ, and the program reads the list.
. "$(dirname "$0")/lib.sh"

program=$(realpath "$program")
drawings=$(dirname "$program")/drawings
[ -x "$drawings" ] || {
    skip "drawings is not built: sh samples/drawings/packages.sh"
    finish
}
cd "$work" || exit 1

"$drawings" train 150 --size 64-96 || fail "drawings are drawn"
"$drawings" again 20 --size 64-96
"$drawings" other 20 --size 64-96 --seed 2
"$drawings" unseen 20 --size 64-96 --styles test
for file in $(jq -r '.[0:20][].file_name' train/drawings.json); do
    cmp -s "train/$file" "again/$file" || fail "the same seed draws the same bytes: $file"
done
# differs FOLDER WHAT: no picture of the folder is one of the training folder.
differs() {
    for file in $(jq -r '.[].file_name' "$1/drawings.json"); do
        cmp -s "train/$file" "$1/$file" && fail "$2: $file"
    done
}
differs other "another seed draws others"
differs unseen "the test half draws others"

kinds=$(jq -r '.[].kind' train/drawings.json | sort -u | wc -l)
known=$(grep -c '^    {"' "$source_tree/samples/drawings/kinds.c")
[ "$kinds" -eq "$known" ] || fail "$kinds of $known kinds appear"
[ "$(jq 'map(select((.captions | length) < 3)) | length' train/drawings.json)" -eq 0 ] ||
    fail "every drawing has three captions or more"
jq -e 'all(.[].captions[]; test("^[a-z'"'"' ]+$"))' train/drawings.json >/dev/null ||
    fail "captions are lower-case words"
jq -e 'all(.[]; . as $drawing | all(.captions[]; test($drawing.named_by)))' train/drawings.json >/dev/null ||
    fail "a drawing's own captions name its kind"
ls train/*.jpg train/*.png >/dev/null || fail "JPEG and PNG are written"

"$drawings" train 5 --styles others 2>/dev/null && fail "styles that are none are refused"
"$drawings" train 5 --size 900-100 2>/dev/null && fail "sizes that are none are refused"
"$drawings" train five 2>/dev/null && fail "a number that is none is refused"

run train train/drawings.json -o drawings.safetensors --val unseen/drawings.json \
    --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --image-size 32 --hidden 16 --embed 16 \
    --min-count 1 --epochs 1 --crop 0 --color 0
expect 0 "a captioner learns from the list"
run eval unseen/drawings.json -m drawings.safetensors
expect 0 "and is scored on the other half"

finish
