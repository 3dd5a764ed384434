#!/bin/sh
# caption index, search and similar: an index is made, searched, and brought up to date after photos were
# added, moved, touched, removed and broken; what is no index of this model is refused.
. "$(dirname "$0")/lib.sh"

tiny=$work/tiny.safetensors
model=$work/model.safetensors
tiny_model "$tiny"
# Gives a model a search part: searchable FROM TO SEED
searchable() {
    run train "$work/shapes/dataset.json" --images "$work/shapes/images" --val "$work/shapes/dataset.json" \
        --search --init "$1" -o "$2" --epochs 1 --seed "$3"
    [ "$status" -eq 0 ] && return
    fail "a tiny model gets a search part"
    explain
    finish
}
searchable "$tiny" "$model" 1
cp -r "$work/shapes/images" "$work/lib"
cd "$work" || exit 1

run search -m "$tiny" "a red tower" lib
expect 2 "a model without a search part"
expect_in "$err" "tiny.safetensors" "no search part" "--search"
run index -m "$tiny" lib -o tiny.index
expect 2 "no index of it either"
[ -e tiny.index ] && fail "nothing is written"
export CAPTION_MODEL="$model"

# The index, whose bytes do not depend on the threads.
run index lib -o photos.index -t 3
expect 0 "an index is made"
expect_lines "$out" 0
expect_in "$err" "photos.index: 30 photos: 30 encoded, 0 as before; 0 gone, 0 failed"
run index -q lib -o one.index -t 1
expect_lines "$err" 0
cmp -s photos.index one.index || fail "one thread makes the index that three do"
cp -p photos.index before.index
run index lib -o photos.index
expect_in "$err" "0 encoded, 30 as before; 0 gone, 0 failed"
[ photos.index -nt before.index ] && fail "an index that is as it would be is not written again"

# Searches: of the index and of the photos the same, best first.
run search -i photos.index -n 5 "a red tower"
expect 0 "a search of an index"
expect_lines "$out" 5
cp "$out" found.txt
awk -F '\t' 'NF != 2 || $1 !~ /^lib\/[0-9]*\.ppm$/ || $2 > 1 || (NR > 1 && $2 > last) { exit 1 } { last = $2 }' \
    found.txt || fail "path and score, the best first"
run search -n 5 "a red tower" lib
expect 0 "a search of photos"
cmp -s "$out" found.txt || fail "photos and their index give the same"
run search -t 3 -i photos.index -n 5 --jsonl "a red tower"
jq -r '[.path, .score] | @tsv' "$out" | awk -F '\t' '{ printf "%s\t%.4f\n", $1, $2 }' | cmp -s - found.txt ||
    fail "lines of JSON say the same"
run search -i photos.index "a red tower"
expect_lines "$out" 10
run search -i photos.index -n 1000 "a red tower"
expect_lines "$out" 30
mkdir sub
(cd sub && run search -i ../photos.index -n 1 "a red tower" && cut -f 1 "$out") >place.txt
[ -e "sub/$(cat place.txt)" ] || fail "paths can be opened from another folder: $(cat place.txt)"
run search -i photos.index "a red qwertz"
expect 0 "a word that the model does not know is passed over"
expect_in "$err" 'does not know the word "qwertz"'
run search -i photos.index "qwertz"
expect 2 "a sentence of unknown words"
expect_in "$err" "qwertz"
run search "a red tower"
expect 2 "nothing to search"
run search -i photos.index "a red tower" lib
expect 2 "one thing to search"
run search -i none.index "a red tower"
expect 1 "an index that is not there"

# Copies come first, the photo itself not at all.
cp lib/07.ppm lib/copy.ppm
run index -q lib -o photos.index
run similar -i photos.index -n 3 lib/07.ppm
expect 0 "photos like one, of an index"
expect_lines "$out" 3
cp "$out" found.txt
[ "$(head -n 1 found.txt)" = "$(printf 'lib/copy.ppm\t1.0000')" ] || fail "the copy comes first: $(head -n 1 found.txt)"
grep -q 07.ppm found.txt && fail "the photo itself is left out"
run similar -n 3 lib/07.ppm lib
cmp -s "$out" found.txt || fail "the same of photos"
run similar -i photos.index none.ppm
expect 1 "a photo that is not there"
expect_in "$err" "none.ppm"
expect_lines "$out" 0

# Brought up to date.
mkdir lib/new
mv lib/03.ppm lib/new/moved.ppm
touch -d 2001-02-03 lib/04.ppm
rm lib/05.ppm lib/copy.ppm
square lib/square.ppm 40 200 10 10
square lib/06.ppm 44 10 200 10
echo "no photo" >lib/broken.jpg
cp photos.index before.index
run index -r lib -o photos.index
expect 1 "one photo cannot be read"
expect_in "$err" "broken.jpg" \
    "photos.index: 30 photos: 2 encoded, 26 as before, 2 known by content (1 moved); 2 gone, 1 failed"
run index -q -r lib -o fresh.index
cmp -s photos.index fresh.index || fail "an index brought up to date is one made anew"
run search -n 100 -i photos.index "a tower"
grep -q "^lib/new/moved.ppm" "$out" || fail "the photo that moved is found where it is"
grep -qE "0(3|5).ppm|copy|broken" "$out" && fail "what is gone is not found"
run search -r --jsonl "a tower" lib
expect 1 "a search of photos reports the broken one, too"
[ "$(jq -r 'select(.error) | .path' "$out")" = lib/broken.jpg ] || fail "a row with an error"
expect_lines "$out" 11
run index lib/none.ppm lib/new -o photos.index
expect 1 "a photo that is not there"
expect_in "$err" "none.ppm" "0 encoded, 30 as before; 0 gone, 1 failed"
cmp -s photos.index fresh.index || fail "photos that were not named stay"

# A page.
run similar -i photos.index -n 4 --html page.html lib/07.ppm
expect 0 "a page"
expect_lines "$out" 0
[ "$(grep -c '<img' page.html)" -eq 4 ] || fail "four thumbnails"
expect_in page.html "Photos like <bdi>lib/07.ppm</bdi>" "The best 4 of 30 photos"
run search -n 2 --html page.html "<b>a & red tower" lib
expect_in page.html "&lt;b&gt;a &amp; red tower"
run search --html lib/07.ppm "a tower" lib
expect 2 "a photo is not written over"
run index lib -o lib/07.ppm
expect 2 "nor by an index"
run index lib -o page.html
expect 2 "a page neither"
run search -i photos.index --html photos.index --force "a tower"
expect 2 "nor the index that is searched"

# Refused: another model's index, a damaged one, none.
searchable "$tiny" "$work/other.safetensors" 2
cp photos.index kept.index
run search -m other.safetensors -i photos.index "a tower"
expect 1 "an index of another model"
expect_in "$err" "photos.index" "another model" "caption index --force PATH... -o photos.index"
run index -m other.safetensors lib -o photos.index
expect 1 "it is not brought up to date by this one"
cmp -s photos.index kept.index || fail "it stays as it was"
head -c 300 kept.index >photos.index
run search -i photos.index "a tower"
expect 1 "half an index"
expect_in "$err" "photos.index" "damaged" "--force"
run index -q --force -r lib -o photos.index
cmp -s photos.index kept.index || fail "--force makes it anew"
run search -i page.html "a tower"
expect 1 "what is no index"
expect_in "$err" "expected an index of photos"

# Made whole or not at all.
(ulimit -f 1 && "$program" index -q --force lib lib/new -o photos.index -m other.safetensors) >"$out" 2>"$err"
cmp -s photos.index kept.index || fail "a disk that is full leaves the index as it was"
ls -A | grep -q '^\..*index' && fail "no half of a file stays"
finish
