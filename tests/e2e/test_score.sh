#!/bin/sh
# `caption score` on captions made by hand.
. "$(dirname "$0")/lib.sh"

cat >"$work/data.json" <<'JSON'
{"images": [
  {"filename": "1.jpg", "imgid": 11, "split": "val", "sentences": [
    {"tokens": ["a", "dog", "runs", "through", "the", "grass"]},
    {"tokens": ["a", "brown", "dog", "is", "running"]}]},
  {"filename": "2.jpg", "imgid": 12, "split": "val", "sentences": [
    {"raw": "Two men play football in the rain."}]},
  {"filename": "3.jpg", "imgid": 13, "split": "test", "sentences": [
    {"tokens": ["a", "red", "car"]}]}]}
JSON

# number KEY: of the JSON on stdout
number() {
    jq -r ".[\"$1\"]" "$out"
}
near() { # KEY VALUE
    number "$1" | awk -v want="$2" '{ exit !($1 - want < 1e-6 && want - $1 < 1e-6) }' ||
        fail "$1 is $(number "$1"), expected $2"
}

cat >"$work/perfect.json" <<'JSON'
[{"image_id": 11, "caption": "A dog runs through the grass."},
 {"file_name": "2.jpg", "caption": "two men play football in the rain"}]
JSON
run score --split val --json "$work/perfect.json" "$work/data.json"
expect 0 "captions that are references"
near BLEU-1 1
near BLEU-4 1
near ROUGE-L 1
near distinct 2
near photos 2
near references 3

# BLEU-1 by hand: 4 + 3 of 12 words are right, the closest references have 6 and 7 words, so the
# brevity penalty is exp(1 - 13/12).
cat >"$work/half.jsonl" <<'JSON'
{"path": "elsewhere/1.jpg", "caption": "a dog runs through my house"}
{"path": "2.jpg", "caption": "two men ride in a bus"}
JSON
run score --split val --json "$work/half.jsonl" "$work/data.json"
expect 0 "captions by path, as JSON Lines"
near BLEU-1 0.5366926

run score --split val "$work/perfect.json" "$work/data.json"
expect 0 "the table"
expect_in "$out" "BLEU-4" "100.00" "CIDEr"

run score "$work/perfect.json" "$work/data.json"
expect 1 "a photo without a caption: exit 1"
expect_in "$err" 3.jpg

echo '[{"image_id": 99, "caption": "a dog"}]' >"$work/unknown.json"
run score "$work/unknown.json" "$work/data.json"
expect 1 "a caption of no photo: exit 1"
expect_in "$err" unknown.json 99

# Sentences as long as books: the time for ROUGE-L grows with the square.
many() { # WORD
    awk -v word="$1" 'BEGIN { for (i = 0; i < 60000; i++) printf "%s ", word }'
}
printf 'path,caption\na.jpg,%s\n' "$(many "a dog")" >"$work/book.csv"
printf 'path,caption\na.jpg,%s\n' "$(many "a cat")" >"$work/other.csv"
printf 'path,caption\na.jpg,a dog\n' >"$work/sentence.csv"
status=0
timeout 20 "$program" score "$work/other.csv" "$work/book.csv" >"$out" 2>"$err" </dev/null || status=$?
expect 1 "books are no captions"
expect_in "$err" "book.csv: photo a.jpg: a caption of 120000 words, to be scored against one of 120000"
run score "$work/sentence.csv" "$work/book.csv"
expect 0 "a sentence beside a book is scored"

finish
