#!/bin/sh
# --precision: what captions may depend on it, and what not.
. "$(dirname "$0")/lib.sh"

run --precision f16 "$photos"
expect 2 "a precision that there is none of"

list=$shared/data/flickr8k/dataset_flickr8k.json
if [ ! -s "$list" ]; then
    skip "no $list"
    finish
fi
names=$(jq -r '[.images[] | select(.split == "val") | .filename][:100][]' "$list")
set --
for name in $names; do set -- "$@" "$shared/data/flickr8k/images/$name"; done

for precision in f32 bf16 int8 auto; do
    run --precision "$precision" -t 4 "$@"
    expect 0 "100 photos in $precision"
    expect_lines "$out" 100
    cp "$out" "$work/$precision"
done
run --precision bf16 -t 1 "$@"
cmp -s "$out" "$work/bf16" || fail "bf16: one thread and four say the same"
run --precision int8 -t 1 "$@"
cmp -s "$out" "$work/int8" || fail "int8: one thread and four say the same"

same() { # how many lines of $1 are those of float
    paste -d '\n' "$work/f32" "$work/$1" | awk 'NR % 2 { line = $0; next } $0 == line { n++ } END { print n + 0 }'
}
[ "$(same bf16)" -ge 90 ] || fail "bf16 says what float says of 90 photos in 100 (of $(same bf16))"
[ "$(same auto)" -ge 90 ] || fail "auto says what float says of 90 photos in 100 (of $(same auto))"
[ "$(same int8)" -ge 70 ] || fail "int8 says what float says of 70 photos in 100 (of $(same int8))"
echo "the same as float: bf16 $(same bf16), int8 $(same int8), auto $(same auto) of 100"
finish
