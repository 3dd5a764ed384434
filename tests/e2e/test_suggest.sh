#!/bin/sh
# caption suggest: words that may come next, with a photo and without; sentences finished and scored;
# typed in a terminal, which is as before afterwards, however it ended.
. "$(dirname "$0")/lib.sh"

use_tiny_model
red=$work/shapes/images/00.ppm
blue=$work/shapes/images/02.ppm

run suggest "a"
expect 0 "words after a"
expect_lines "$out" 5
cp "$out" "$work/none"
awk -F '\t' 'NF != 2 || $2 < 0 || $2 > 1 || (NR > 1 && $2 > last) { exit 1 } { last = $2 }' "$out" ||
    fail "word, probability, the most probable first"
run suggest -n 100 "a"
awk -F '\t' '{ sum += $2 } END { exit !(sum > 0.5 && sum < 1.001) }' "$out" || fail "they add up to 1, with what is never said"
grep -q '<' "$out" && fail "no special word is suggested"
run suggest "$red" "a"
expect 0 "with a photo"
cmp -s "$out" "$work/none" && fail "the photo counts"
run suggest --jsonl -n 2 "$red" "a"
[ "$(jq -c '[.text, (.words | length), (.words[0] | keys)]' "$out")" = \
    '["a",2,["logprob","probability","word"]]' ] || fail "a line of JSON"
run suggest "$red"
expect 0 "a photo alone: how its caption begins"
run suggest "a purple tower"
expect_in "$err" 'does not know the word "purple"'
run suggest "$work/none.ppm" "a"
expect 1 "a photo that is not there"
run suggest
expect 2 "nothing to go on"
run suggest --score "$work/none" --complete
expect 2 "one thing at a time"
run suggest --score - -
expect 2 "standard input is a photo or sentences"

# --complete says what --prefix says.
run --prefix "a red" "$blue"
cp "$out" "$work/prefix"
run suggest --complete "$blue" "a red"
expect 0 "a sentence is finished"
cmp -s "$out" "$work/prefix" || fail "--complete is --prefix"
run suggest --complete -n 3 --jsonl "a blue"
expect_lines "$out" 3
jq -e 'select(.caption | startswith("a blue") | not)' "$out" && fail "without a photo, too"
run suggest --complete "a purple"
expect 2 "a word that is unknown cannot begin a sentence"

# The scores of a caption add up to its log-probability.
run -b 1 --logprob --precision f32 "$red"
cut -f2 "$out" >"$work/sentences"
logprob=$(cut -f1 "$out")
printf '\n  A purple, RED wall\n' >>"$work/sentences"
run suggest --precision f32 --score "$work/sentences" "$red"
expect 0 "sentences are scored"
awk -F '\t' -v all="$logprob" '$1 == 1 { sum += $3 } END { d = sum - all; exit !(d < 0.001 && d > -0.001) }' \
    "$out" || fail "scores add up to $logprob"
[ "$(awk -F '\t' '$1 == 3 { printf "%s ", $2 }' "$out")" = "a purple red wall . " ] || fail "words, and the end"
awk -F '\t' '$2 == "purple" && $4 == 0 { found = 1 } END { exit !found }' "$out" || fail "an unknown word has rank 0"
run suggest --precision f32 --score - --jsonl "$red" <"$work/sentences"
"$program" suggest --precision f32 --score - --jsonl "$red" <"$work/sentences" >"$out"
[ "$(jq -c '[.line, (.words | length), .words[0].rank > 0]' "$out" | tr '\n' ' ')" = \
    "[1,$(awk 'NR == 1 { print NF + 1 }' "$work/sentences"),true] [3,5,true] " ] || fail "lines of JSON"

# In a terminal.
run suggest -i
expect 2 "no terminal, no typing"
expect_in "$err" "--interactive"
if ! command -v script >/dev/null; then
    skip "no script(1): typing in a terminal"
    finish
fi
# typed KEYS COMMAND...: the keys typed into a terminal in which the shell command runs.
typed() {
    keys=$1
    shift
    rm -f "$work/after"
    (
        sleep 1
        printf "$keys"
        sleep 1
    ) | script -qec "trap : INT; stty -g >'$work/before'; $*; stty -g >'$work/after'" "$work/typescript" >"$out" 2>&1
    cmp -s "$work/before" "$work/after" || fail "the terminal is as before: $*"
}
typed 'a r\t\033[Ablx\177\027t\t\r' "'$program' suggest -i >'$work/typed'"
[ "$(cat "$work/typed")" = "a red tower" ] || fail "keys, and words taken with Tab: $(cat "$work/typed")"
typed 'a blue w\004' "'$program' suggest -i '$blue' >'$work/typed'"
[ "$(cat "$work/typed")" = "a blue w" ] || fail "Ctrl-D ends, with a photo: $(cat "$work/typed")"
typed 'a b\003' "'$program' suggest -i >'$work/typed'"
[ -s "$work/typed" ] && fail "Ctrl-C says nothing"
typed 'a b' "exec 3<&0; '$program' suggest -i <&3 >'$work/typed' & sleep 2; kill -TERM \$!; wait \$!"
grep -q 'a b' "$out" || fail "what is typed is shown"
finish
