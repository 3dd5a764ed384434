#!/bin/sh
# What is made of captions besides text: a page, opened in a real browser (Chromium without a
# window), neuraltalk2's vis.json, and XMP sidecars, read by exiftool.
. "$(dirname "$0")/lib.sh"

# Sixty photos of different colours, one with a hostile name, and two that are none.
mkdir "$work/photos"
i=0
while [ "$i" -lt 60 ]; do
    square "$work/photos/$(printf 'photo-%02d.ppm' "$i")" 48 $((i * 4)) $((255 - i * 4)) $((i % 5 * 50))
    i=$((i + 1))
done
hostile="\"><script>hostile=1;<!--&'$(printf '\001\377').ppm"
mv "$work/photos/photo-59.ppm" "$work/photos/$hostile"
echo "no photo" >"$work/none.jpg"
: >"$work/empty.jpg"

cd "$work" || exit 1
run photos none.jpg empty.jpg -n 3 --html page.html --vis-json vis.json --write-xmp
expect 1 "a page, vis.json and XMP of photos, two of them broken"
expect_lines "$out" 0
expect_in "$err" "none.jpg" "empty.jpg"
run photos --jsonl
jq -r .caption "$out" >captions.txt

grep -q "<script>hostile" page.html && fail "a file name is markup in the page"
grep -qE '(src|href)="?(https?:|//)' page.html && fail "the page loads something"

jq -r '.[].caption' vis.json >vis.txt || fail "vis.json is JSON"
cmp -s captions.txt vis.txt || fail "vis.json has the captions in the order of the input"
[ "$(jq -r '.[8] | .image_id, .file_name | @text' vis.json | tr '\n' ' ')" = "9 photos/photo-07.ppm " ] ||
    fail "image_id counts from 1: $(jq -c '.[8]' vis.json)"
ok "vis.json holds ids, captions and names"

[ "$(find photos -name '*.ppm.xmp' | wc -l)" -eq 60 ] || fail "60 XMP sidecars"
caption=$(jq -r 'select(.path | endswith("photo-07.ppm")).caption' "$out")
expect_in photos/photo-07.ppm.xmp ">$caption</rdf:li></rdf:Alt></dc:description>"
if command -v exiftool >/dev/null; then
    find photos -name '*.xmp' -exec exiftool -q -q -validate -warning -a {} + >exif.txt 2>&1
    grep -i 'error\|warning' exif.txt | grep -v '0 0 0\|OK' && fail "exiftool warns of an XMP file"
    said=$(exiftool -s3 -XMP-dc:Description -XMP-iptcCore:AltTextAccessibility photos/photo-07.ppm.xmp)
    [ "$said" = "$caption
$caption" ] || fail "exiftool reads description and alt text: $said"
    ok "exiftool reads description and alt text"
    # What another program added stays, whatever is asked for.
    exiftool -q -overwrite_original -XMP-xmp:Rating=4 photos/photo-07.ppm.xmp
else
    skip "no exiftool: whether it reads the XMP sidecars was not looked at"
    echo "<x:xmpmeta/>" >photos/photo-07.ppm.xmp
fi
cp photos/photo-07.ppm.xmp foreign.xmp
echo x >>photos/photo-08.ppm.xmp
run photos --write-xmp --existing overwrite
expect 0 "XMP sidecars are overwritten where they are ours"
expect_in "$err" "photos/photo-07.ppm.xmp: not written by this program, left as it is" \
    "59 captioned, 0 failed, 1 skipped"
cmp -s foreign.xmp photos/photo-07.ppm.xmp || fail "the sidecar of another program is as it was"
tail -n 1 photos/photo-08.ppm.xmp | grep -q xpacket || fail "our own sidecar is written anew"
run photos --write-xmp
expect_in "$err" "0 captioned, 0 failed, 60 skipped"
run photos --write-xmp --existing append
expect 2 "nothing is appended to XMP"
run photos --html no-such-folder/page.html
expect 1 "a page that cannot be written"
expect_in "$err" "no-such-folder/page.html"

browser=
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && browser=$name && break
done
if [ -z "$browser" ]; then
    skip "no Chromium: whether the page is really drawn was not looked at"
    finish
fi
cp "$source_tree/tests/e2e/page_check.html" check.html
timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --disable-quic --no-first-run --disable-background-networking --disable-component-update \
    --disable-sync --enable-logging=stderr --user-data-dir="$work/profile" \
    --allow-file-access-from-files --dump-dom "file://$work/check.html#page.html" \
    >"$out" 2>"$err" </dev/null || fail "the browser opens the page"
grep -F 'CONSOLE' "$err" && fail "the page has errors or warnings"
for verdict in "fits true" "fits-a-phone true" "cards 60" "photos-drawn 60" "photos-described 60" \
    "failed 2" "summary 60 photos. 2 more could not be captioned." "label Filter" \
    "told-of-a-name 1 of 60 photos" "visible-of-a-name 1" "visible-of-caption-and-name 1" \
    "told-of-nothing 0 of 60 photos" "visible-of-nothing 0" "told-of-no-filter true" \
    "visible-of-no-filter 60" "focus-on-details true" "captions-shown 3" "scripts ours" \
    "end reached"; do
    grep -qF "verdict $verdict" "$out" && continue
    fail "'$verdict' expected"
    grep -oE "verdict ${verdict%% *} [^<]*" "$out" || explain
done
ok "photos, captions, filter and details in the browser"

finish
