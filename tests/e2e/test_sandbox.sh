#!/bin/sh
# A decoder that a photo has taken over can open no other file, make no connection and start no
# program; captions and outputs are what they are without the sandbox.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/serve.sh"

library=${CAPTION_ESCAPING_DECODER:-}
if [ ! -f "$library" ]; then
    skip "no decoder that tries to escape (not built with sanitizers, or without libjpeg-turbo)"
    finish
fi
use_tiny_model
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

escaping() { # ARGUMENTS...: a run with such a decoder
    echo "a secret" >"$work/secret"
    status=0
    LD_PRELOAD=$library ESCAPE_FILE=$work/secret "$program" "$@" >"$out" 2>"$err" </dev/null || status=$?
}
# refused FILE WHAT: the decoder, which wrote the file, could do nothing.
refused() {
    expect_in "$1" "escape: read refused" "escape: write refused" "escape: connect refused" \
        "escape: start refused" "escape: truncate refused" "escape: type refused"
    case $(uname -r) in
    [1-5].* | 6.[01].* | 6.[01]-*) skip "before Linux 6.2 opening a file can empty it" ;;
    *) expect_in "$1" "escape: empty refused" ;;
    esac
    grep -q "empty done" "$1" || [ "$(cat "$work/secret")" = "a secret" ] ||
        fail "$2: a file that is no photo keeps its content"
}
escaping -t 1 --sandbox off "$work/photos/one.jpg"
expect 0 "without a sandbox"
expect_in "$err" "escape: read done" "escape: write done" "escape: connect done" "escape: start done" \
    "escape: truncate done"
escaping -t 1 "$work/photos/one.jpg"
expect 0 "in the sandbox, which is the default"
expect_lines "$out" 1
refused "$err" "caption"

# Every command that decodes photos. Data sets with a link out of their folder, documents behind a link.
escaping suggest "$work/photos/one.jpg" "a"
expect 0 "suggest"
refused "$err" "suggest"
mkdir -p "$work/site" "$work/linked" "$work/set/images" "$work/new"
echo '<p><img src="/one.jpg"></p>' >"$work/site/page.html"
cp "$work/photos/one.jpg" "$work/site"
ln -s ../site/page.html "$work/linked/page.html"
escaping alt --root "$work/site" "$work/linked/page.html"
expect 0 "alt"
refused "$err" "alt"
grep -q 'alt="' "$work/site/page.html" || fail "alt writes the document: $(cat "$work/site/page.html")"
for i in 1 2 3 4; do
    if [ $i -gt 2 ]; then cp "$work/photos/one.jpg" "$work/set/images/$i.jpg"; else
        ln -s ../../elsewhere/three.jpg "$work/set/images/$i.jpg"; fi
    echo "{\"file_name\": \"images/$i.jpg\", \"caption\": \"a red tower\"}"
done >"$work/set/rows.jsonl"
escaping eval --split all "$work/set/rows.jsonl" --results "$work/new/results.json" --html "$work/new/scores.html"
expect 0 "eval"
refused "$err" "eval"
[ -s "$work/new/results.json" ] && [ -s "$work/new/scores.html" ] || fail "eval writes its files"
escaping eval --split all "$work/set/rows.jsonl" --calibrate "$work/new/calibrated.safetensors"
refused "$err" "eval --calibrate"
printf "a red tower on grey\na blue wall\n" >"$work/set/text"
escaping train "$work/set/rows.jsonl" --init "$model" --text "$work/set/text" --epochs 1 --batch-size 2 --crop 0 \
    --report "$work/new/report.html" -o "$work/new/trained.safetensors"
expect 0 "train"
refused "$err" "train"
[ -s "$work/new/report.html" ] && [ -s "$work/new/trained.safetensors" ] || fail "train writes its files"
escaping train "$work/set/rows.jsonl" --dry-run
expect 0 "train --dry-run"
refused "$err" "train --dry-run"
if command -v curl >/dev/null; then
    echo "a secret" >"$work/secret"
    export LD_PRELOAD="$library" ESCAPE_FILE="$work/secret"
    serve -t 1
    unset LD_PRELOAD ESCAPE_FILE
    ask 200 "serve" --data-binary "@$work/photos/one.jpg" "$address/caption"
    ask 200 "serve, in another precision" --data-binary "@$work/photos/one.jpg" "$address/caption?precision=int8"
    serve_end
    expect 0 "serve ends"
    refused "$work/serve.txt" "serve"
fi

# Libraries that lie in a folder of their own: of those that are loaded at the start, and of those that are
# loaded when a photo needs them, after the sandbox was closed.
loader=$(ldd "$program" | sed -n 's|^[[:space:]]*\(/[^ ]*/ld-linux[^ ]*\) .*|\1|p')
libraries=$(ldd "$program" | sed -n 's|.* => \(/[^ ]*/libjpeg[^ ]*\) .*|\1|p')
late=$(ldconfig -p 2>/dev/null | sed -n 's|.*libtiff\.so\.6 (libc6,.*=> ||p' | head -n 1)
if [ -n "$loader" ] && [ -n "$libraries" ] && [ -n "$late" ]; then
    mkdir "$work/lib"
    cp "$libraries" "$late" "$work/lib"
    # A grey TIFF of 8 x 8: its directory holds width, height, bits, compression, meaning of 0, place and
    # size of the rows.
    {
        printf 'II*\0\10\0\0\0\7\0'
        for entry in '\0\1:\10' '\1\1:\10' '\2\1:\10' '\3\1:\1' '\6\1:\1' '\21\1:\142' '\27\1:\100'; do
            printf "${entry%:*}\\3\\0\\1\\0\\0\\0${entry#*:}\\0\\0\\0"
        done
        printf '\0\0\0\0'
        printf '%64s' ''
    } >"$work/photos/grey.tif"
    status=0
    LD_DEBUG=files "$loader" --library-path "$work/lib" "$program" --sandbox on \
        "$work/photos/grey.tif" >"$out" 2>"$work/loaded" </dev/null || status=$?
    grep -v '^ *[0-9]*:' "$work/loaded" >"$err" || true
    expect 0 "a library beside one that is loaded already"
    grep -q "calling init: $work/lib/libtiff" "$work/loaded" || fail "the sandbox hides libtiff in a folder of its own"
else
    skip "no libtiff that could lie elsewhere"
fi

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
