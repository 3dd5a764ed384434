#!/bin/sh
# Runs over many photos: broken ones among them, any number of threads, killed and gone on with,
# interrupted, in the same memory however many there are.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images

# photos FOLDER HUNDREDS: a hundred photos in each of its folders 1, 2, ...
photos() {
    mkdir -p "$1/1"
    i=0
    for file in "$shape"/*.ppm "$shape"/*.ppm "$shape"/*.ppm "$shape"/0*.ppm; do
        cp "$file" "$1/1/$((100 + i)).ppm"
        i=$((i + 1))
    done
    for folder in $(seq 2 "$2"); do cp -r "$1/1" "$1/$folder"; done
}

# --- 200 photos with ten broken ones

many=$work/many
photos "$many" 2
set -- "$many"/1/*.ppm
head -c 900 "$1" >"$work/cut" && mv "$work/cut" "$1"
: >"$2"
printf 'P6\n65535 65535\n255\nabc' >"$3"
echo "a letter" >"$4"
head -c 5 "$5" >"$work/cut" && mv "$work/cut" "$5"
rm "$6" && mkdir "$6"
rm "$7" && ln -s nowhere "$7"
printf '\211PNG\r\n\032\nrubbish' >"$8"
printf '\377\330\377\340rubbish' >"$9"
broken=9
chmod 000 "${10}"
if [ ! -r "${10}" ]; then
    broken=10
else
    skip "root reads every photo: one that may not be read is not among the broken ones"
fi
find "$many" -name '*.ppm' | sort >"$work/list"

run -t 1 --jsonl --files-from "$work/list"
expect 1 "200 photos with $broken broken ones"
cp "$out" "$work/one"
jq -s -e --argjson broken "$broken" \
    'length == 200 and (map(select(.error)) | length) == $broken and all(has("path"))' "$out" >/dev/null ||
    fail "200 rows, $broken of them errors"
jq -r .path "$out" | cmp -s - "$work/list" || fail "rows in the order of the list"
[ "$(grep -c . "$err")" -eq "$broken" ] || fail "each broken photo is told"
for threads in 2 4 7; do
    run -t "$threads" --jsonl --files-from "$work/list"
    expect 1 "the same with $threads threads"
    cmp -s "$out" "$work/one" || fail "$threads threads say the same as one, byte by byte"
done
run -t 1 --sample --seed 5 --jsonl --files-from "$work/list"
cp "$out" "$work/sampled"
run -t 3 --sample --seed 5 --jsonl --files-from "$work/list"
cmp -s "$out" "$work/sampled" || fail "words drawn by three threads are those of one"
run -t 2 -v --csv --files-from "$work/list"
expect_in "$err" "$((200 - broken)) captioned, $broken failed" "encode" "words"

# --- killed twenty times

whole=$work/whole
photos "$whole" 6
run -r --output-dir "$work/expected" "$whole"
expect 0 "a run that nobody disturbs"
[ "$(find "$work/expected" -type f | wc -l)" -eq 600 ] || fail "600 files"

# files: every file that is there is one of those that should be
check_files() {
    (cd "$whole" && find . -name '*.txt') | while read -r file; do
        cmp -s "$whole/$file" "$work/expected/$file" || echo "$file"
    done >"$work/wrong"
    [ -s "$work/wrong" ] && fail "$1: $(wc -l <"$work/wrong") files are not as they should be"
}

killed=0
for round in $(seq 20); do
    status=0
    moment=$(awk -v seed="$$$round" 'BEGIN { srand(seed); print 0.005 + rand() * 0.1 }')
    timeout -s KILL "$moment" \
        "$program" -r --sidecar --existing skip "$whole" >"$out" 2>"$err" || status=$?
    [ "$status" -eq 0 ] || killed=$((killed + 1))
    [ $((round % 5)) -eq 0 ] && check_files "after $round kills"
done
[ "$killed" -gt 0 ] || skip "this machine was too fast to be killed"
ok "killed $killed times out of 20, $(find "$whole" -name '*.txt' | wc -l) files written till then"
run -r --sidecar --existing skip "$whole"
expect 0 "and gone on with"
check_files "in the end"
[ "$(find "$whole" -name '*.txt' | wc -l)" -eq 600 ] || fail "every photo has its file"
[ "$(find "$whole" ! -type d ! -name '*.ppm' ! -name '*.txt' | wc -l)" -eq 0 ] ||
    fail "temporary files lie about"

# --- Ctrl-C

find "$whole" -name '*.txt' -delete
mkfifo "$work/pipe"
"$program" -r -t 2 --json --sidecar "$whole" >"$work/pipe" 2>"$err" &
running=$!
# The reader takes one row, asks the program to stop and takes the rest.
{
    head -c 100
    kill -INT "$running"
    cat
} <"$work/pipe" >"$out"
status=0
wait "$running" || status=$?
expect 130 "Ctrl-C: exit 130"
expect_in "$err" interrupted "--existing skip"
rows=$(jq length "$out")
[ "$rows" -eq "$(find "$whole" -name '*.txt' | wc -l)" ] ||
    fail "a whole JSON array of what has its file: $rows rows"
check_files "after Ctrl-C"
run -r --sidecar "$whole"
expect 0 "and gone on with"
expect_in "$err" "$rows skipped"

# --- memory

peak() { # COMMAND...: kilobytes
    /usr/bin/time -f '%M' -o "$work/peak" "$@" >"$out" 2>"$err"
    cat "$work/peak"
}
if [ -x /usr/bin/time ]; then
    photos "$work/sea" 50
    few=$(peak "$program" -t 2 -q -r --csv "$work"/sea/[1-5])
    [ "$(wc -l <"$out")" -eq 501 ] || fail "500 photos"
    lots=$(peak "$program" -t 2 -q -r --csv "$work/sea")
    [ "$(wc -l <"$out")" -eq 5001 ] || fail "5,000 photos"
    if [ $((lots - few)) -lt 5120 ]; then
        ok "500 photos: $few kB at most, 5,000: $lots kB"
    else
        fail "5,000 photos need $((lots - few)) kB more than 500"
    fi
else
    skip "no /usr/bin/time: peak memory is not looked at"
fi

finish
