#!/bin/sh
# Every data set format on the real program: the same photos and captions give the same scores in
# each, whatever the file is called; photos that are missing or broken are left out or fatal; and a
# data set without splits gets one by a seed.
. "$(dirname "$0")/lib.sh"

# What is said of the photos does not matter here, and the shipped weights would take longer.
use_tiny_model
data=$work/data
mkdir "$data" "$data/more"
square "$data/a.ppm" 32 200 30 30
square "$data/b.ppm" 32 30 200 30
square "$data/more/c.ppm" 32 30 30 200

# --- the same in every format; files are given names that say nothing

cat >"$data/1" <<'JSON'
{"images": [
  {"filename": "a.ppm", "sentences": [{"raw": "A dog runs."}, {"raw": "A brown dog runs fast."}]},
  {"filename": "b.ppm", "sentences": [{"tokens": ["two", "men", "play", "football"]}]},
  {"filename": "c.ppm", "filepath": "more", "sentences": [{"raw": "A red car."}, {"raw": "!"}]}]}
JSON
cat >"$data/2" <<'JSON'
{"annotations": [
  {"id": 1, "image_id": 3, "caption": "A red car."},
  {"id": 2, "image_id": 1, "caption": "A dog runs."},
  {"id": 3, "image_id": "two", "caption": "Two men play football."},
  {"id": 4, "image_id": 1, "caption": "A brown dog runs fast."},
  {"id": 5, "image_id": 3, "caption": "!"}],
 "images": [{"id": 1, "file_name": "a.ppm"}, {"id": "two", "file_name": "b.ppm"},
  {"id": 3, "file_name": "more/c.ppm"}]}
JSON
cat >"$data/3" <<'JSON'
[{"file_path": "a.ppm", "captions": ["A dog runs.", "A brown dog runs fast."]},
 {"image": "b.ppm", "caption": "Two men play football."},
 {"file_name": "more/c.ppm", "text": ["A red car.", "!"]}]
JSON
cat >"$data/4" <<'JSON'
{"file_name": "a.ppm", "text": "A dog runs."}

{"file_name": "b.ppm", "text": "Two men play football."}
{"image": "more/c.ppm", "captions": ["A red car.", "!"]}
{"file_name": "a.ppm", "text": "A brown dog runs fast."}
JSON
printf '%s\t%s\r\n' 'a.ppm#0' 'A dog runs .' 'a.ppm#1' 'A brown dog runs fast .' \
    'b.ppm#0' 'Two men play football .' 'more/c.ppm#0' 'A red car .' 'more/c.ppm#1' '!' >"$data/5"
mkdir "$data/6"
cp "$data/a.ppm" "$data/b.ppm" "$data/more/c.ppm" "$data/6"
printf 'A dog runs.\nA brown dog runs fast.\n' >"$data/6/a.txt"
printf '\357\273\277Two men play football.' >"$data/6/b.txt"
printf 'A red car.\r\n\r\n!\r\n' >"$data/6/c.txt"
mkdir "$data/7"
cp -r "$data/a.ppm" "$data/b.ppm" "$data/more" "$data/7"
cp "$data/4" "$data/7/metadata.jsonl"

cat >"$data/8" <<'JSON'
{"a.ppm": {"caption": ["A dog runs.", "A brown dog runs fast."], "tags": "dog"},
 "b.ppm": {"caption": "Two men play football."}, "more/c.ppm": {"caption": ["A red car.", "!"]}}
JSON
(cd "$data/6" && tar -cf "$data/9" ./*)
formats="1 2 3 4 5 6 7 8 9"
run score "$data/1" "$data/9"
if grep -q "built without libarchive" "$err"; then
    skip "no libarchive: tar archives are not read"
    formats=${formats% 9}
fi

cat >"$work/results.json" <<'JSON'
[{"file_name": "a.ppm", "caption": "a brown dog is running"},
 {"file_name": "b.ppm", "caption": "two men play"}, {"file_name": "c.ppm", "caption": "a red car"}]
JSON

for format in $formats; do
    run score --json "$work/results.json" "$data/$format"
    expect 0 "score reads format $format"
    expect_in "$err" "1 caption without words left out"
    jq -e '.photos == 3 and .references == 4' "$out" >/dev/null || fail "3 photos and 4 references"
    cp "$out" "$work/score$format"
    cmp "$work/score1" "$work/score$format" || fail "format $format scores as the first one does"
    run eval --json --split all --missing fail "$data/$format"
    expect 0 "eval reads format $format"
    cp "$out" "$work/eval$format"
    cmp "$work/eval1" "$work/eval$format" || fail "format $format is evaluated as the first one is"
done

cp "$data/4" "$work/elsewhere"
run eval --json --split all --images "$data" "$work/elsewhere"
expect 0 "photos in --images"
cmp "$out" "$work/eval1" || fail "photos in --images are those beside the data set"

# Photos of an archive are learned from where they lie in it.
learn() { # DATASET MODEL
    run train "$1" --val "$1" -o "$2" --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --image-size 32 \
        --hidden 16 --embed 16 --min-count 1 --epochs 1 --report "$2.html"
    expect 0 "train learns from $(basename "$1")"
}
if [ "${formats% 9}" != "$formats" ]; then
    learn "$data/6" "$work/folder_model"
    learn "$data/9" "$work/archive_model"
    tensors "$work/folder_model" >"$work/folder_tensors"
    tensors "$work/archive_model" | cmp - "$work/folder_tensors" || fail "an archive teaches what its folder does"
    [ "$(grep -c "src=\"data:image/jpeg" "$work/archive_model.html")" -eq 3 ] || fail "its photos are in the report"
fi

# Columns, fields and extensions by name.
printf 'picture,words\na.ppm,A dog runs.\nb.ppm,Two men.\n' >"$data/named"
run train "$data/named" --photo-key picture --caption-key words -o "$work/m" --dry-run
expect 0 "--photo-key and --caption-key"
expect_in "$err" "CSV of photos): 2 photos" "2 captions"
cp -r "$data/6" "$data/tagged"
echo "a tag" >"$data/tagged/a.tags"
run score --sidecar .tags "$work/results.json" "$data/tagged"
expect_in "$err" "2 photos without captions beside it left out"
run eval --sidecar tags --split all "$data/tagged"
expect 0 "--sidecar"

# --- photos that are missing or broken

{
    cat "$data/4"
    echo '{"file_name": "gone.ppm", "text": "A cat."}'
    echo '{"file_name": "broken.ppm", "text": "A cat."}'
    echo '{"file_name": "gone_too.ppm", "text": "A cat."}'
} >"$data/bad"
head -c 100 "$data/a.ppm" >"$data/broken.ppm"
for threads in 1 2; do
    run eval --json --split all -t $threads "$data/bad"
    expect 0 "bad photos are skipped, $threads thread(s)"
    cmp "$out" "$work/eval1" || fail "what remains is evaluated"
    expect_in "$err" "3 photos left out (2 missing, 1 broken), the first:" "gone.ppm"
    [ "$(grep -c "left out (" "$err")" -eq 1 ] || fail "bad photos are told once"

    run eval --split all --missing fail -t $threads "$data/bad"
    expect 1 "--missing fail, $threads thread(s)"
    expect_lines "$out" 0
    expect_in "$err" "gone.ppm" "the first of 3 bad photos out of 6: 2 missing, 1 broken"
done
run eval --split all --images "$work" "$data/4"
expect 1 "no photo at all is found"
expect_in "$err" "a.ppm" "3 missing"
cp -r "$data/6" "$data/phone"
printf '\0\0\0\30ftypheic' >"$data/phone/IMG_1.HEIC"
echo "A cat." >"$data/phone/IMG_1.txt"
: >"$data/phone/empty.jpg"
echo "A cat." >"$data/phone/empty.txt"
: >"$data/phone/other.jpg"
run eval --split all "$data/phone"
expect 0 "photos of a folder that cannot be read are left out"
expect_in "$err" "2 photos left out (0 missing, 2 broken), the first:" "IMG_1.HEIC: truncated HEIC" \
    "1 photo without captions beside it left out"
run eval --split all --missing fail "$data/phone"
expect 1 "or fatal"
printf '%s\n' '{"path":"a.ppm","caption":"a dog runs","logprob":-1}' '{"path":"gone.ppm","error":"gone"}' \
    '{"path":"b.ppm","caption":"men","logprob":-2,"captions":[{"caption":"two men play","logprob":-2}]}' >"$data/own"
run eval --split all --missing fail "$data/own"
expect 0 "what caption --jsonl wrote is a data set"
expect_in "$err" "1 row with an error left out"
run eval --missing perhaps "$data/4"
expect 2 "a policy that is none"
expect_in "$err" "--missing" "skip|fail"

# --- a data set without splits

for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    printf '{"file_name": "a%d.ppm", "text": "a dog"}\n' "$i"
done >"$data/twenty"
sort -r "$data/twenty" >"$data/turned"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    cp "$data/a.ppm" "$data/a$i.ppm"
done
held() { # FILE SEED
    run eval --split val --split-seed "$2" --results "$work/held.json" "$data/$1"
    expect 0 "eval --split val --split-seed $2 of $1"
    expect_in "$err" "no photos for validation named: --split val is 2 of 20 photos, by --split-seed $2"
    jq -r '.[].file_name' "$work/held.json" | sort >"$work/$1.held$2"
}
held twenty 1
held turned 1
held twenty 2
cmp "$work/twenty.held1" "$work/turned.held1" || fail "the order of the file does not matter"
cmp -s "$work/twenty.held1" "$work/twenty.held2" && fail "another seed chooses other photos"
run eval --split train --results "$work/rest.json" "$data/twenty"
expect 0 "eval --split train"
[ "$(jq length "$work/rest.json")" -eq 18 ] || fail "the rest is train"
jq -r '.[].file_name' "$work/rest.json" | sort | comm -12 - "$work/twenty.held1" | grep . &&
    fail "no photo is in both"
run score --split val "$work/held.json" "$data/twenty"
[ "$status" -eq 1 ] || fail "the captions are those of another seed"
run score --split val --split-seed 2 "$work/held.json" "$data/twenty"
expect 0 "score --split val --split-seed 2"
run train --dry-run "$data/twenty" -o "$work/drawn"
expect 0 "train on photos without splits"
expect_in "$err" "no photos for validation named: they are drawn, by --split-seed 1"

run eval --split test "$data/twenty"
expect 2 "a split that is not there"
expect_in "$err" 'no photo in the split "test": it names no splits'

# --- photos without captions are left out

{
    cat "$data/4"
    echo '{"file_name": "gone.ppm", "text": ""}'
} >"$data/uncaptioned"
run eval --json --split all --missing fail "$data/uncaptioned"
expect 0 "a photo without captions is not looked for"
cmp "$out" "$work/eval1" || fail "a photo without captions is left out"
expect_in "$err" "1 photo without captions left out" "2 captions without words left out"
echo '{"file_name": "a.ppm", "text": ""}' >"$data/no_captions"
run eval --split all "$data/no_captions"
expect 1 "no captions at all"
expect_in "$err" no_captions "photos with captions to score by"

# --- broken in the manner of each format

bad() { # TEXT MESSAGE...
    printf '%b' "$1" >"$work/bad_data"
    shift
    run score "$work/results.json" "$work/bad_data"
    expect 1 "refused: $1"
    expect_lines "$out" 0
    expect_in "$err" "$work/bad_data" "$@"
}
bad '{"images": [{"filename": 7}]}' "images[0].filename: expected a string"
bad '{"images": [], "annotations": [{}]}' "annotations[0].image_id: missing"
bad '[{"image": "a.ppm"}]' '[0]: expected an object with "captions"'
bad '{"image": "a.ppm", "text": "a"}\n{"image": "b.ppm"\n' "line 2: not valid JSON"
bad 'a.ppm#0\tA dog .\nb.ppm A cat .\n' "line 2: expected NAME#NUMBER<TAB>CAPTION"
bad 'once upon a time' "COCO captions" "Flickr8k's token.txt" 'begins with "once upon a time"'
mkdir "$work/no_texts"
cp "$data/a.ppm" "$work/no_texts"
run score "$work/results.json" "$work/no_texts"
expect 1 "a folder of photos without texts"
expect_in "$err" no_texts "a .txt, .caption or .json beside a photo"

finish
