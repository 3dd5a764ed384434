#!/bin/sh
# Under valgrind's memcheck nothing reads memory that nobody wrote or that is freed, and nothing is lost: in the program
# and in the libraries that it hands photos to, into which the sanitizers do not see.
. "$(dirname "$0")/lib.sh"

if ! command -v valgrind >"$out" || [ "$CAPTION_BUILD_TYPE" != Release ]; then
    skip "needs valgrind, and a program without sanitizers"
    finish
fi

# check STATUS NAME ARGUMENTS...: runs the program so, without the sandbox, which valgrind cannot work in.
check() {
    expected=$1 name=$2
    shift 2
    status=0
    valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --log-file="$work/valgrind" "$program" --sandbox off "$@" >"$out" 2>"$err" </dev/null || status=$?
    expect "$expected" "$name"
    [ ! -s "$work/valgrind" ] || fail "$name: $(head -n 40 "$work/valgrind")"
}

photo=$source_tree/samples/page.jpg
run "$photo"
cp "$out" "$work/alone"
check 0 "a photo" "$photo"
cmp -s "$work/alone" "$out" || fail "the caption is another one under valgrind"

# Photos of every format, whole and damaged: what their fuzz target begins with.
use_tiny_model
check 1 "every format" -t 2 --jsonl --html "$work/page.html" "$source_tree/tests/fuzz/corpus/image"
expect_in "$out" of_profile.webp cut_progressive.jpg
finish
