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

for precision in f32 bf16 int16 int8 auto; do
    run --precision "$precision" -t 4 "$@"
    expect 0 "100 photos in $precision"
    expect_lines "$out" 100
    cp "$out" "$work/$precision"
done
for precision in bf16 int16 int8; do
    run --precision "$precision" -t 1 "$@"
    cmp -s "$out" "$work/$precision" || fail "$precision: one thread and four say the same"
done

same() { # how many lines of $1 are those of float
    paste -d '\n' "$work/f32" "$work/$1" | awk 'NR % 2 { line = $0; next } $0 == line { n++ } END { print n + 0 }'
}
[ "$(same bf16)" -ge 90 ] || fail "bf16 says what float says of 90 photos in 100 (of $(same bf16))"
[ "$(same int16)" -ge 95 ] || fail "int16 says what float says of 95 photos in 100 (of $(same int16))"
[ "$(same auto)" -ge 95 ] || fail "auto says what float says of 95 photos in 100 (of $(same auto))"
[ "$(same int8)" -ge 80 ] || fail "int8 says what float says of 80 photos in 100 (of $(same int8))"
echo "the same as float: bf16 $(same bf16), int16 $(same int16), int8 $(same int8), auto $(same auto) of 100"
finish
