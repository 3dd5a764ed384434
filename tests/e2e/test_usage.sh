#!/bin/sh
# The command line itself: help, flags, exit statuses, what goes where.
. "$(dirname "$0")/lib.sh"

for command in "" train eval score info suggest index search similar; do
    for help in --help --help-all -h; do
        run $command $help
        expect 0 "$command $help"
        expect_lines "$err" 0
        expect_in "$out" "Usage: caption${command:+ $command} "
        sed '1,/^Options:$/d' "$out" | grep -v ':$\|^Each may' | grep -q '^[A-Za-z]' && fail "$command $help: a flag's text begins a line"
    done
done
run --help
[ "$(wc -l <"$out")" -le 50 ] || fail "caption --help fits a screen of 50 lines"
expect_in "$out" "--tags[=N]" "--html FILE" "--help-all"
run --help-all
expect_in "$out" "--beam-size N" "(default: 5)" "(default: 20)" "(default: 0.7)"
run train --help
expect_in "$out" "--freeze-encoder" "(default: gru)" "--help-all"
run train --help-all
expect_in "$out" "0: 512" "(default: 0.05)"

run --version
expect 0 "--version"
expect_lines "$out" 1

run
expect 2 "no argument at all is a mistake"
expect_lines "$out" 0
expect_in "$err" "--help"

run --beam-sise 3 photo.jpg
expect 2 "an unknown flag: exit 2"
expect_lines "$out" 0
expect_in "$err" "--beam-sise" "did you mean --beam-size?"

run --beam_size=0 photo.jpg
expect 2 "a value out of range: exit 2"
expect_in "$err" "--beam-size" "'0'" "from 1 to"

run train data.json
expect 2 "train without --output: exit 2"
expect_in "$err" "--output"

run train data.json -o model.safetensors --self-critical-synthetic 1
expect 2 "synthetic features come from a text: exit 2"
expect_in "$err" "self-critical-synthetic: expected a text" "found no text"
run train data.json -o model.safetensors --self-critical-synthetic 1 --text text.txt
expect 2 "synthetic features come from a text with captions of photos: exit 2"
expect_in "$err" "found no text-captions"

for ends in "self-critical-temperature 0.01" "self-critical-temperature 100" "average 0.99999" "dropout 0.95" "crop 0.9"; do
    # shellcheck disable=SC2086
    run train no.json -o model.safetensors --${ends% *} "${ends#* }"
    expect 1 "--$ends is in its range"
    expect_in "$err" "no.json"
done

run eval --split tomorrow data.json
expect 2 "a split that is none: exit 2"
expect_in "$err" "--split" "train|val|test|all"

# Flags that would change nothing are none.
for flag in "eval --top" "eval --min-confidence" "eval --unsure" "alt --top"; do
    run ${flag% *} --help-all
    grep -q -- "${flag#* } " "$out" && fail "$flag changes nothing, and is in its help"
    # shellcheck disable=SC2086
    run $flag 1 no.json
    expect 2 "$flag changes nothing"
    expect_in "$err" "unknown flag"
done

run --shard 1/0 photo.jpg
expect 2 "no part of none"
expect_in "$err" "'1/0' is not I/N"

run serve --token ""
expect 2 "an empty token is none"
expect_in "$err" "--token" "is empty"

photo=$work/photo.ppm
square "$photo" 64 200 30 30
run "$photo"
expect 0 "a photo is captioned"
expect_lines "$out" 1
expect_lines "$err" 0
cp "$out" "$work/plain"

run --beam_size 5 --max-length=20 --length_penalty 0.7 "$photo"
cmp -s "$out" "$work/plain" || fail "the defaults given as flags, with - or _, change the caption"

run -n 3 "$photo"
expect 0 "the three best"
expect_lines "$out" 3
[ "$(cut -f 2 "$out" | head -n 1)" = "$(cat "$work/plain")" ] || fail "the best one comes first"
run -n 7 "$photo"
expect_lines "$out" 7

run --max-length 3 "$photo"
[ "$(wc -w <"$out")" -le 3 ] || fail "--max-length 3 gives at most three words"
run --prefix "a photo of" "$photo"
case $(cat "$out") in "a photo of "*) ok "--prefix" ;; *) fail "--prefix is the start of the caption" ;; esac
run --prefix "a qqqzzz" "$photo"
expect 2 "a prefix with an unknown word: exit 2"
expect_in "$err" qqqzzz

run --sample --seed 7 "$photo"
cp "$out" "$work/sampled"
run --seed 7 --sample -t 1 "$photo"
cmp -s "$out" "$work/sampled" || fail "the same seed draws the same words"
ok "sampling"

cp "$photo" "$work/twin.ppm"
run "$photo" "$work/twin.ppm" "$photo"
expect_lines "$out" 2
[ "$(cut -f 1 "$out" | tr '\n' ' ')" = "$photo $work/twin.ppm " ] || fail "several photos: the path comes first"
[ "$(cut -f 2 "$out" | sort -u)" = "$(cat "$work/plain")" ] || fail "in company or alone: the same caption"

# What cannot be written is told.
if [ -w /dev/full ]; then
    status=0
    "$program" "$photo" >/dev/full 2>"$err" || status=$?
    : >"$out"
    expect 1 "a full disk: exit 1"
    expect_in "$err" "standard output"
    expect_lines "$err" 1
    status=0
    "$program" --help >/dev/full 2>"$err" || status=$?
    expect 1 "help on a full disk: exit 1"
fi
status=0
: >"$out"
"$program" "$photo" >&- 2>"$err" || status=$?
expect 1 "a closed stdout: exit 1"
expect_in "$err" "standard output"

status=0
"$program" --html - "$photo" >&- 2>"$err" || status=$?
expect 1 "a closed stdout is no file to write a page to"
expect_in "$err" "standard output" "--html"
mkdir "$work/thirty" # whose thumbnails are more than a pipe holds
for i in $(seq 30); do
    { printf 'P6 64 64 255\n' && head -c 12288 /dev/urandom; } >"$work/thirty/$i.ppm"
done
{
    status=0
    "$program" -q --html - "$work/thirty" 2>"$err" || status=$?
    echo "$status" >"$work/status"
} | head -c 9 >"$out"
status=$(cat "$work/status")
expect 141 "a page that nobody reads to its end"
expect_lines "$err" 0

# Streams that are closed are no files of the run's own.
status=0
"$program" - <&- >"$out" 2>"$err" || status=$?
expect 1 "a closed stdin is no photo"
expect_in "$err" "/dev/stdin: is empty"
status=0
"$program" "$photo" "$work/no.jpg" --html "$work/closed.html" <&- >&- 2>&- || status=$?
expect 1 "a photo that is not there, and nowhere to say so"
[ "$(tail -n 1 "$work/closed.html")" = "</html>" ] || fail "the page is the page alone"

if unshare -rm true 2>/dev/null; then
    status=0
    unshare -rm sh -c 'mount -t tmpfs none /dev && "$1" "$2" <&-' sh "$program" "$photo" >"$out" 2>"$err" || status=$?
    expect 0 "a closed stdin where there is no /dev/null"
else
    skip "no unshare (or it may not): a closed stdin where there is no /dev/null"
fi
finish
