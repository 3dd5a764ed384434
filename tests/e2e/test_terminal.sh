#!/bin/sh
# What a terminal is shown of untrusted names: no character that could rule it. Programs
# get every byte.
. "$(dirname "$0")/lib.sh"

use_tiny_model
escape=$(printf '\033')
evil=$work/evil$escape]0\;name$(printf '\007')
cp "$work/shapes/images/00.ppm" "$evil.ppm"
cp "$work/shapes/images/01.ppm" "$work/b.ppm"
echo "no photo" >"$evil.txt"

plain() { # WHAT FILE
    ! grep -q "$escape" "$2" || fail "$1: an escape sequence reaches a terminal"
}

run "$evil.txt"
expect 1 "what is no photo"
plain "the message" "$err"
expect_in "$err" "evil?]0;name?.txt"
run info "$evil.txt"
plain "info's message" "$err"
printf '[{"path":"%s","text":"grey","split":"train"},{"path":"%s","error":"x"}]' \
    "$work/b.ppm" "$work/b.ppm" >"$evil.json"
run eval "$evil.json" --split train
plain "what is left out of a data set" "$err"
expect_in "$err" "evil?]0;name?.json: 1 row with an error left out"
run "--evil$escape[2J"
expect 2 "a flag of control characters"
plain "an unknown flag" "$err"
run --beam-size "$escape[2J" "$evil.ppm"
plain "a value that is none" "$err"

run "$evil.ppm" "$work/b.ppm"
expect 0 "a program gets the path"
expect_in "$out" "$evil.ppm"
if command -v script >/dev/null; then
    script -qec "'$program' '$evil.ppm' '$work/b.ppm' 2>/dev/null" "$work/typescript" >"$out" 2>"$err" </dev/null
    plain "a path" "$out"
    expect_in "$out" "evil?]0;name?.ppm"
    script -qec "'$program' --dry-run '$evil.ppm' 2>/dev/null" "$work/typescript" >"$out" 2>"$err" </dev/null
    plain "--dry-run" "$out"

    # A table and JSON are looked at as well. In UTF-8, c2 9b is what begins a sequence, and e2 80 ae turns the order.
    control=$(printf '\302\233') order=$(printf '\342\200\256')
    quoted=$work/one,\"two$escape$control$order.ppm
    cp "$work/b.ppm" "$quoted"
    for format in --csv --jsonl --json; do
        script -qec "'$program' $format -q '$evil.ppm' '$quoted' 2>/dev/null" "$work/typescript" >"$out" 2>"$err" </dev/null
        plain "$format" "$out"
        ! grep -q -e "$control" -e "$order" "$out" || fail "$format: a control character reaches a terminal"
    done
    expect_in "$out" 'two\u001b\u009b\u202e.ppm'
    run --csv -q "$evil.ppm" "$quoted"
    expect_in "$out" "$evil.ppm\"," "one,\"\"two$escape$control$order.ppm\","
else
    skip "no script(1): what a terminal is shown on standard output"
fi

finish
