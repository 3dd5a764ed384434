#!/bin/sh
# What is made of captions besides text: a page, opened in a real browser (Chromium without a
# window), and neuraltalk2's vis.json.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/browser.sh"

use_tiny_model

# Photos of different colours, more than are drawn while the page is loaded, one of them with a
# hostile name, and two that are none.
mkdir "$work/photos"
i=0
while [ "$i" -lt 130 ]; do
    square "$work/photos/$(printf 'photo-%03d.ppm' "$i")" 48 $((i * 2)) $((255 - i * 2)) $((i % 5 * 50))
    i=$((i + 1))
done
hostile="\"><script>hostile=1;<!--&'$(printf '\001\377').ppm"
mv "$work/photos/photo-129.ppm" "$work/photos/$hostile"
echo "no photo" >"$work/none.jpg"
: >"$work/empty.jpg"

cd "$work" || exit 1
run photos none.jpg empty.jpg -n 3 --html page.html --vis-json vis.json
expect 1 "a page and vis.json of photos, two of them broken"
expect_lines "$out" 0
expect_in "$err" "none.jpg" "empty.jpg"
run photos --jsonl
jq -r .caption "$out" >captions.txt

grep -q "<script>hostile" page.html && fail "a file name is markup in the page"
grep -qE '(src|href)="?(https?:|//)' page.html && fail "the page loads something"

jq -r '.[].caption' vis.json >vis.txt || fail "vis.json is JSON"
cmp -s captions.txt vis.txt || fail "vis.json has the captions in the order of the input"
[ "$(jq -r '.[8] | .image_id, .file_name | @text' vis.json | tr '\n' ' ')" = "9 photos/photo-007.ppm " ] ||
    fail "image_id counts from 1: $(jq -c '.[8]' vis.json)"
ok "vis.json holds ids, captions and names"

for threads in 1 3; do
    run -t "$threads" photos none.jpg --html "$threads.html"
done
cmp -s 1.html 3.html || fail "three threads make the page that one does"

# What an earlier run has done belongs to the page, too.
rm -f photos/*.txt
run --sidecar photos/photo-000.ppm photos/photo-002.ppm
echo "said by a person" >photos/photo-002.txt
run --sidecar --html again.html photos none.jpg
expect 1 "a page of photos, two of which were captioned before"
expect_in "$err" "128 captioned, 1 failed, 2 skipped"
expect_in again.html ">said by a person<" "130 photos."
[ "$(grep -c '<img' again.html)" -eq 130 ] || fail "130 thumbnails"
[ "$(grep -c '<details' again.html)" -eq 128 ] || fail "no probability of what is not known"
grep -o 'photo-[0-9]*.ppm</span>' again.html | sort -c || fail "in the order of the input"
rm -f photos/*.txt

status=0
"$program" - --html input.html <photos/photo-007.ppm >"$out" 2>"$err" || status=$?
expect 0 "a page of a photo on standard input"
expect_in input.html "data:image/jpeg;base64,"
run photos --html no-such-folder/page.html
expect 1 "a page that cannot be written"
expect_in "$err" "no-such-folder/page.html"

if [ -z "$browser" ]; then
    skip "no Chromium: whether the page is really drawn was not looked at"
    finish
fi

# look WHAT LINE...: page_check.js says all these lines of the open page.
look() {
    what=$1
    shift
    browser_evaluate "$(cat "$source_tree/tests/e2e/page_check.js")"
    for line; do
        echo "$value" | grep -qxF "$line" && continue
        fail "$what: '$line' expected, found $(echo "$value" | grep "^${line%% *} " || echo "$value")"
    done
    ok "$what"
}

set -- "fits true" "cards 130" "visible 130" "photos-drawn 130" "photos-described 130" "failed 2" \
    "summary 130 photos. 2 more could not be captioned." "scripts ours"
browser_start
browser_open "$work/page.html"
look "photos, captions and filter" "$@" "label Filter" "told-of-a-name 1 of 130 photos" \
    "visible-of-a-name 1" "visible-of-caption-and-name 1" "told-of-nothing 0 of 130 photos" \
    "visible-of-nothing 0" "told-of-no-filter true" "visible-of-no-filter 130"

# expect_value WHAT EXPRESSION VALUE
expect_value() {
    browser_evaluate "$2"
    [ "$value" = "$3" ] || fail "$1: $2 is '$value', '$3' expected"
}
focused='document.activeElement.id || document.activeElement.localName'
visible='[...document.querySelectorAll(".photos>li")].filter((card) => card.offsetHeight > 0).length'
opened='[...document.querySelectorAll(".photos details[open] ol>li")].filter(
    (line) => line.offsetHeight > 0 && /%/.test(line.textContent)).length'

# The whole page by keyboard: the link to the failures, the filter, the captions of a photo.
browser_open "$work/page.html"
browser_press Tab Enter
expect_value "Enter on the link" "$focused" failed
browser_open "$work/page.html"
browser_press Tab Tab
expect_value "Tab" "$focused" words
browser_press p h o t o - 0 0 7
expect_value "as one types" "$visible" 1
browser_press Enter
expect_value "Enter in the filter" "$visible" 1
browser_press Tab
expect_value "Tab passes over what the filter hides" "$focused" summary
expect_value "before Enter" "$opened" 0
browser_press Enter
expect_value "Enter on a photo's captions" "$opened" 3
browser_press Enter
expect_value "Enter again" "$opened" 0
browser_press Shift+Tab Escape
expect_value "Escape in the filter" "$visible" 130
ok "the page by keyboard"

browser_call Emulation.setDeviceMetricsOverride \
    '{"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true}'
look "a telephone" "fits true" "visible 130"
browser_call Emulation.clearDeviceMetricsOverride
browser_call Emulation.setEmulatedMedia '{"media": "print"}'
look "on paper" "visible 130" "photos-drawn 130" "filter none"
browser_evaluate 'document.querySelector(".photos .text").insertAdjacentHTML("beforeend",
    "<p class=tags>dog</p><p class=sure><span class=bar><span style=width:50%></span></span></p>")'
size_of='(name) => parseFloat(getComputedStyle(document.querySelector(".photos " + name)).fontSize)'
expect_value "on paper, tags are smaller than the caption" "(($size_of)('.tags') < ($size_of)('.said'))" true
browser_call Emulation.setEmulatedMedia '{"media": "", "features": [{"name": "forced-colors", "value": "active"}]}'
color_of='(name) => getComputedStyle(document.querySelector(".photos" + name)).backgroundColor'
expect_value "the bar is seen in colours of the system's own" "(($color_of)(' .bar span') !== ($color_of)('>li'))" true
browser_call Emulation.setEmulatedMedia '{"media": "", "features": []}'
browser_call Emulation.setScriptExecutionDisabled '{"value": true}'
browser_open "$work/page.html"
look "without scripts" "$@" "filter none"

grep -E '"method":"(Log.entryAdded|Runtime.exceptionThrown|Runtime.consoleAPICalled)"' "$messages" &&
    fail "the page has errors or warnings"
browser_end
finish
