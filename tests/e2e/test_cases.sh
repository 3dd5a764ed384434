#!/bin/sh
# The inputs of ../shared/cases, each of one kind that was read wrongly once, give what its
# COMMANDS.md asks. The kinds have tests of their own, with inputs that those make: test_overwrite,
# test_small_data, test_folder_input, test_install, test_streams, test_hostile_photos and the unit tests of
# photos and data sets.
. "$(dirname "$0")/lib.sh"

if [ ! -d "$shared/cases" ]; then
    skip "no $shared/cases here: the inputs that were read wrongly once are not read again"
    finish
fi
case $program in
/*) ;;
*) program=$PWD/$program ;;
esac
cases=$work/cases
cp -r "$shared/cases" "$cases"
chmod -R u+w "$cases"
for folder in overwrite tiny_val; do # a checkout may have made files of the links
    rm "$cases/$folder/ph"
    ln -s ../data/ph "$cases/$folder/ph"
done
export CAPTION_MODEL="$weights"

# unchanged FILE: as it is in the cases.
unchanged() {
    cmp -s "$cases/$1" "$shared/cases/$1" || fail "$1 is as it was"
}

# --- no output over an input

cd "$cases/overwrite" || exit 1
for flag in --html --vis-json; do
    run $flag p1.jpg p2.jpg p3.jpg
    expect 2 "$flag *.jpg"
    expect_in "$err" "photos are never written over"
done
run eval ok.jsonl --results ok.jsonl --split all
expect 2 "eval writes its results over the data set"
run train ok.jsonl -o m --epochs 1 --report ok.jsonl
expect 2 "train writes its report over the data set"
run train ok.jsonl -o ph/p3.jpg --epochs 1
expect 2 "train writes its model over a photo"
for file in overwrite/p1.jpg overwrite/ok.jsonl data/ph/p3.jpg; do unchanged $file; done

# --- photos that cannot be read are rows with an error

cd "$cases/folder_silent" || exit 1
run .
expect 1 "a folder of seven files"
expect_in "$out" ./good.jpg
expect_in "$err" "error_page.jpg: is not a photo: it is a web page" "lfs_pointer.jpg: is not a photo: it is a Git LFS" \
    "zero_bytes.jpg: is empty"
[ $(($(wc -l <"$out") + $(wc -l <"$err"))) -eq 7 ] || fail "each of the seven is a row or an error"

# --- photos of rarer kinds

cd "$cases" || exit 1
run --jsonl cmyk_no_adobe jpeg_no_eoi anim_webp/anim.webp orient_long/o6_long.jpg
expect 0 "CMYK without a marker, JPEG without an end, animated WebP, orientation as LONG"
jq -rs '[.[] | select(.path | test("cmyk"))] | .[0].caption == .[1].caption' "$out" | grep -q true ||
    fail "CMYK without Adobe's marker is not read inverted"
run bmp memory
expect 1 "files that claim more than they have"
expect_in "$err" bomb.bmp truncated_80000000.bmp "lossless.webp: 14142 x 14142 pixels in a file of 34 bytes: decoding them would take" \
    "progressive.jpg: 14142 x 14142 pixels in a file of 148 bytes: decoding them would take"
run images
expect 1 "pictures of public test suites"
expect_lines "$out" 7
expect_in "$err" "canon_cr3_start.cr3: truncated camera raw" "iphone_bgwn6a08.png: is an iPhone app's own form of PNG" \
    "no-data.gif: damaged GIF: it has no frame"

# --- data sets

# reads DATASET [TEXT...]: train can learn from it, and says the texts.
reads() {
    run train "$@" -o m --dry-run
}
cd "$cases/data" || exit 1
for file in csv.csv kohya_meta.json conv.jsonl zh.jsonl own_output_with_a_failed_photo.jsonl coco_orphan.json \
    esc.jsonl nul.jsonl latin1.jsonl; do
    reads $file
    expect 0 "train reads $file"
    expect_in "$err" ": 12 photos (train 11, val 1)"
    case $file in
    own*) expect_in "$err" "left out, with an error: 1 row" ;;
    coco*) expect_in "$err" "left out, of no photo: 1 annotation" ;;
    esc* | nul*) expect_in "$err" "cut at a 0 byte: 1 text" ;;
    latin1*) expect_in "$err" "not in UTF-8: 2 lines" ;;
    esac
done
reads flickr_caps.txt --images ph
expect 0 "train reads flickr_caps.txt"
reads flickr_caps.txt
expect 1 "photos that lie elsewhere"
expect_in "$err" "--images DIR names the folder"
for folder in imagefolder_csv sidecar_caption; do
    reads $folder
    expect 0 "train reads $folder"
    expect_in "$err" ": 2 photos (train 1, val 1), 2 captions"
done
reads nan.jsonl
expect 1 "NaN"
expect_in "$err" "nan.jsonl" "NaN is no JSON"
reads surr.jsonl
expect 1 "half of a surrogate pair"
expect_in "$err" "surr.jsonl" "half of a surrogate pair"
reads coco_cat.json
expect 1 "annotations of objects"
expect_in "$err" "captions are in COCO's captions_*.json, not in instances_*.json"

# --- models that talk to the terminal

for file in "$cases"/model_metadata/*; do
    run info "$file"
    cat "$out" "$err" | LC_ALL=C tr -d '\n' | grep -q "$(printf '[\001-\010\016-\037]')" &&
        fail "$(basename "$file") reaches the terminal with control characters"
done
run info "$cases/memory/big.safetensors"
expect 0 "a small model of a large network is described, not built"

finish
