#!/bin/sh
# Makes samples/page.jpg, the picture of README.md: what `caption --html` says of the pictures of
# samples/fetch_photos.sh, as a browser (Debian's Chromium, without a window) shows it.
#
#     sh samples/page.sh [CAPTION]
#
# CAPTION is the program to ask, build/caption where nothing is named. Photos are fetched and the
# packages installed where they are missing.
set -eu

cd "$(dirname "$0")/.."
program=${1:-build/caption}
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

sh samples/packages.sh chromium imagemagick
sh samples/fetch_photos.sh
"$program" --html "$temporary/page.html" samples/photos
# Five photos a row; the window is higher than the page, whose rest is cut off.
chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic \
    --no-first-run --hide-scrollbars --window-size=1392,1600 \
    --user-data-dir="$temporary/profile" --screenshot="$temporary/page.png" \
    "file://$temporary/page.html" >"$temporary/browser.txt" 2>&1 || {
    cat "$temporary/browser.txt" >&2
    exit 1
}
paper=$(convert "$temporary/page.png" -format '%[pixel:p{0,0}]' info:)
convert "$temporary/page.png" -bordercolor "$paper" -border 1 -trim +repage -border 24 \
    -resize 1160x -strip -sampling-factor 4:2:0 -quality 68 "$temporary/page.jpg"
mv "$temporary/page.jpg" samples/page.jpg
echo "page.sh: samples/page.jpg, $(wc -c <samples/page.jpg) bytes" >&2
