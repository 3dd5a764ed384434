#!/bin/sh
# The report of a training run, opened in a real browser (Chromium without a window): curves and
# photos must be drawn and the epochs stepped through.
. "$(dirname "$0")/lib.sh"

report_page=${CAPTION_REPORT_PAGE:?the program that writes a made-up report}

browser=
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && browser=$name && break
done
if [ -z "$browser" ]; then
    skip "no Chromium: whether the report is really drawn was not looked at"
    finish
fi

# browse FLAGS... ADDRESS: what the browser prints goes to $out, what it complains of to $err.
browse() {
    status=0
    profile=$(mktemp -d "$work/profile.XXXXXX")
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --disable-quic --no-first-run --disable-background-networking --disable-component-update \
        --disable-sync --hide-scrollbars --enable-logging=stderr --user-data-dir="$profile" "$@" \
        >"$out" 2>"$err" </dev/null || status=$?
    rm -rf "$profile"
}

# look_at REPORT: the checks of report_check.html, in $out.
look_at() {
    cp "$source_tree/tests/e2e/report_check.html" "$work/check.html"
    browse --allow-file-access-from-files --dump-dom "file://$work/check.html#$(basename "$1")"
    expect 0 "the browser opens $(basename "$1")"
    grep -F 'CONSOLE' "$err" && fail "the page has errors or warnings"
    expect_verdicts "end reached"
}

# expect_verdicts "NAME VALUE"...
expect_verdicts() {
    for verdict; do
        grep -qE "(^|>)verdict $verdict(\$|<)" "$out" && continue
        fail "'$verdict' expected"
        grep -oE "verdict ${verdict%% *} [^<]*" "$out" || explain
    done
}

# A run of 20 epochs, the first two of them on text; one of its photos is not there.
square "$work/red.ppm" 64 220 20 20
square "$work/blue.ppm" 300 20 20 220
"$report_page" write "$work/run.html" 20 20 2 "$work/red.ppm" "$work/blue.ppm" \
    "$work/none.ppm" || fail "a report of a made-up run is written"
look_at "$work/run.html"
expect_verdicts "headings 1" "rows 20" "row-headers 20" "fits true" "fits-a-phone true" \
    "charts 4" "charts-drawn 4" "curves 7" "ticks true" "rings 1" \
    "photos 2" "photos-drawn 2" "photos-described 2" "photos-missing 1" "references 15" \
    "stepper-shown true" "epoch-at-first 20" "epoch-of-the-first-button 3" \
    "first-differs-from-last true" "cursors 4" "epoch-of-the-slider 4" \
    "epoch-of-the-last-button 20" "back-at-the-last true" "told Epoch 20 of 20, CIDEr 50\.6, the best"
ok "curves and photos of a made-up run are drawn"

# The pixels themselves, in light and in dark: the two colours of the curves. Names and dots have them
# too, and edges are blended as the browser's fonts and version have it, so of the charts these pages
# draw the curves alone, unblended; without their paths nothing of either colour is left.
lay_bare() { # PAGE: from a report
    sed 's/<\/style>/.chart text,.chart circle{visibility:hidden}.chart path{shape-rendering:crispEdges}&/' \
        >"$work/$1.html"
}
lay_bare curves <"$work/run.html"
sed 's/<path d="[^"]*"/<path d=""/' "$work/run.html" | lay_bare no-curves
count_colors() { # PAGE SCHEME COLOR...
    page=$1
    scheme=$2
    shift 2
    browse --blink-settings=preferredColorScheme="$scheme" --window-size=1280,2000 \
        --screenshot="$work/shot.png" "file://$work/$page.html"
    "$report_page" colors "$work/shot.png" "$@" || fail "a picture of $page.html"
}
expect_curves() { # SCHEME FIRST-CURVE SECOND-CURVE
    counts="$(count_colors curves "$@") $(count_colors no-curves "$@")"
    if echo "$counts" | awk '{ exit !($1 > 200 && $2 > 1000 && $3 > 200 && $5 + $6 == 0) }'; then
        ok "the curves are in the picture, colour scheme $1"
    else
        fail "colours and pixels of both curves, with curves and without: $counts"
    fi
}
expect_curves 1 1b5fa6 a8480f
expect_curves 0 7db3f0 f0a26a

# At the beginning of a run: no epoch, one epoch, text alone.
"$report_page" write "$work/none.html" 0 20 0 "$work/red.ppm" || fail "a report without epochs"
look_at "$work/none.html"
expect_verdicts "charts 0" "photos-drawn 1" "fits true" "fits-a-phone true"
"$report_page" write "$work/one.html" 1 20 0 "$work/red.ppm" || fail "a report of one epoch"
look_at "$work/one.html"
expect_verdicts "charts 4" "rows 1" "photos-drawn 1" "epoch-at-first 1"
"$report_page" write "$work/text.html" 2 20 2 "$work/red.ppm" || fail "a report of text epochs"
look_at "$work/text.html"
expect_verdicts "charts 2" "rows 2" "photos-drawn 1"

# A captioner that learns within the test, three epochs on four photos.
train_with_report() { # REPORT
    mkdir -p "$work/images"
    square "$work/images/red.ppm" 32 220 20 20
    square "$work/images/green.ppm" 32 20 180 20
    square "$work/images/blue.ppm" 32 20 20 220
    square "$work/images/black.ppm" 32 20 20 20
    for color in red green blue black; do
        printf '{"filename": "%s.ppm", "split": "train", "sentences": [{"raw": "A %s square."}]}\n' \
            "$color" "$color"
    done | jq -s '{images: .}' >"$work/squares.json"
    run train "$work/squares.json" --val "$work/squares.json" --images "$work/images" \
        --output "$work/squares.safetensors" --encoder-arch tiny --image-size 32 --hidden 16 \
        --embed 16 --min-count 1 --batch-size 4 --epochs 3 --freeze-encoder 1 --report "$1"
}
train_with_report "$work/train.html"
expect 0 "a training run with a report"
look_at "$work/train.html"
expect_verdicts "rows 3" "charts 4" "charts-drawn 4" "photos 4" "photos-drawn 4" "fits true"
grep -qF -- "--report $work/train.html" "$work/train.html" || fail "the report tells its command"

# The command that it tells is what was typed, whatever the names are.
odd="$work/it's \$(touch ruled) \`x\`.json"
cp "$work/squares.json" "$odd"
run train "$odd" --val "$odd" --images "$work/images" --output "$work/odd.safetensors" --encoder-arch tiny --image-size 32 \
    --hidden 16 --embed 16 --min-count 1 --epochs 1
expect 0 "a training on a file of an odd name"
run info --json "$work/odd.safetensors"
(cd "$work" && eval "set -- $(jq -r .provenance.command "$out")" && printf '%s\n' "$3" >"$work/third")
[ "$(cat "$work/third")" = "$odd" ] && [ ! -e "$work/ruled" ] || fail "a shell reads the command as it was: $(cat "$out")"

train_with_report "$work/no-such-folder/train.html"
expect 1 "a report that cannot be written is told before the work"
expect_in "$err" "no-such-folder/train.html"
expect_lines "$out" 0

finish
