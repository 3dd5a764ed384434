#!/bin/sh
# A decoder that a photo has taken over can open no other file, make no connection and start no
# program; captions and outputs are what they are without the sandbox.
. "$(dirname "$0")/lib.sh"

library=${CAPTION_ESCAPING_DECODER:-}
if [ ! -f "$library" ]; then
    skip "no decoder that tries to escape (not built with sanitizers, or without libjpeg-turbo)"
    finish
fi
model=$work/model.safetensors
tiny_model "$model"
export CAPTION_MODEL="$model"
mkdir -p "$work/photos/below" "$work/elsewhere"
cp "$source_tree/tests/e2e/gradient.jpg" "$work/photos/one.jpg"
cp "$source_tree/tests/e2e/gradient.jpg" "$work/photos/below/two.jpg"
cp "$source_tree/tests/e2e/gradient.jpg" "$work/elsewhere/three.jpg"
ln -s ../elsewhere/three.jpg "$work/photos/link.jpg"

run --sandbox on "$work/photos/one.jpg"
if [ "$status" -ne 0 ]; then
    skip "no sandbox here: $(cat "$err")"
    finish
fi
expect_lines "$out" 1

echo "a secret" >"$work/secret"
escaping() { # FLAGS...: a run with such a decoder
    status=0
    LD_PRELOAD=$library ESCAPE_FILE=$work/secret "$program" -t 1 "$@" >"$out" 2>"$err" </dev/null || status=$?
}
escaping --sandbox off "$work/photos/one.jpg"
expect 0 "without a sandbox"
expect_in "$err" "escape: read done" "escape: write done" "escape: connect done" "escape: start done" \
    "escape: truncate done"
echo "a secret" >"$work/secret"
escaping "$work/photos/one.jpg"
expect 0 "in the sandbox, which is the default"
expect_in "$err" "escape: read refused" "escape: write refused" "escape: connect refused" "escape: start refused" \
    "escape: truncate refused" "escape: type refused"
case $(uname -r) in
[1-5].* | 6.[01].* | 6.[01]-*) skip "before Linux 6.2 opening a file can empty it" ;;
*) expect_in "$err" "escape: empty refused" ;;
esac
expect_lines "$out" 1
grep -q "empty done" "$err" || [ "$(cat "$work/secret")" = "a secret" ] ||
    fail "a file that is no photo keeps its content"

# All outputs, from folders, links and standard input.
for mode in off on; do
    run --sandbox $mode -r "$work/photos"
    expect 0 "folders and links: --sandbox $mode"
    cp "$out" "$work/rows.$mode"
    run --sandbox $mode -r "$work/photos" --html "$work/page.$mode.html" --vis-json "$work/vis.$mode.json" --jsonl
    expect 0 "pages and rows: --sandbox $mode"
    run --sandbox $mode -r "$work/photos" --sidecar --write-xmp --existing overwrite
    expect 0 "files beside photos: --sandbox $mode"
    cat "$work/photos/one.txt" "$work/photos/below/two.jpg.xmp" >"$work/files.$mode"
    run --sandbox $mode "$work/photos/one.jpg" "$work/elsewhere/three.jpg" --sidecar --output-dir "$work/new/$mode/deep"
    expect 0 "files in a new folder: --sandbox $mode"
    [ -s "$work/new/$mode/deep/three.txt" ] || fail "--output-dir with --sandbox $mode"
    "$program" --sandbox $mode - <"$work/photos/one.jpg" >"$work/input.$mode" || fail "standard input: $mode"
    cat "$work/photos/one.jpg" | "$program" --sandbox $mode --html /dev/stdout - >"$work/stream.$mode" ||
        fail "a page to a pipe: $mode"
done
for made in rows files input stream; do
    cmp -s "$work/$made.off" "$work/$made.on" || fail "$made are the same with and without it"
done
cmp -s "$work/page.off.html" "$work/page.on.html" || fail "the page is the same"
cmp -s "$work/vis.off.json" "$work/vis.on.json" || fail "vis.json is the same"
finish
