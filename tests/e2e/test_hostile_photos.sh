#!/bin/sh
# Small files that claim to be huge photos cost little memory: they are refused, or read in parts. No
# flag is needed for that.
. "$(dirname "$0")/lib.sh"

most=300000 # kB, the program and its weights included
use_tiny_model
if ! command -v /usr/bin/time >/dev/null; then
    skip "no /usr/bin/time: the memory that hostile photos take is not measured"
    finish
fi

bytes() { # OCTAL...
    for octal; do printf '%b' "$octal"; done
}

# A lossless WebP of 12200 x 16383.
bytes '\0122\0111\0106\0106\0032\0000\0000\0000\0127\0105\0102\0120\0126\0120\0070\0114\0016\0000' \
    '\0000\0000\0057\0247\0257\0377\0017\0210\0210\0010\0000\0000\0000\0000\0000\0000' >"$work/huge.webp"
# A PNG of 199000000 x 1, four channels of 16 bits.
bytes '\0211PNG\r\n\0032\n' \
    '\0000\0000\0000\0015\0111\0110\0104\0122\0013\0334\0177\0300\0000\0000\0000\0001\0020\0006' \
    '\0000\0000\0000\0013\0135\0034\0256\0000\0000\0000\0010\0111\0104\0101\0124\0170\0234\0003' \
    '\0000\0000\0000\0000\0001\0110\0006\0211\0322\0000\0000\0000\0000\0111\0105\0116\0104\0256' \
    '\0102\0140\0202' >"$work/wide.png"

# jpeg MARKER LAST SIDE COUNT: a JPEG of SIDE (two octal bytes) squared, a code of one bit for all it
# tells, coefficients 0 to LAST in the first scan, and COUNT scans after that.
jpeg() {
    bytes '\0377\0330\0377\0333\0000\0103\0000'
    head -c 64 /dev/zero | tr '\0' '\001'
    bytes "\0377$1\0000\0021\0010$3$3\0003\0001\0042\0000\0002\0021\0000\0003\0021\0000"
    for table in 0000 0020; do
        bytes "\0377\0304\0000\0024\\$table\0001"
        head -c 16 /dev/zero
    done
    bytes "\0377\0332\0000\0014\0003\0001\0000\0002\0000\0003\0000\0000$2\0000\0000"
    scan=0
    while [ "$scan" -lt "$4" ]; do
        bytes '\0377\0332\0000\0010\0001\0001\0000\0001\0077\0000\0000'
        scan=$((scan + 1))
    done
    bytes '\0377\0331'
}
jpeg '\0300' '\0077' '\0066\0260' 0 >"$work/sequential.jpg"
jpeg '\0302' '\0000' '\0066\0260' 0 >"$work/progressive.jpg"
jpeg '\0302' '\0000' '\0066\0260' 400 >"$work/scans.jpg"
jpeg '\0302' '\0000' '\0015\0254' 400 >"$work/small_scans.jpg"

# A GIF of 14000 x 14000 with a frame of one pixel: white for the rest.
bytes 'GIF89a' '\0260\0066\0260\0066\0200\0000\0000\0000\0000\0000\0377\0377\0377' \
    '\0054\0000\0000\0000\0000\0001\0000\0001\0000\0000\0002\0002\0104\0001\0000;' >"$work/huge.gif"

# Photos that take memory twice: beside the pixels a library's own, all rows of an interlaced one, a copy that is
# turned upright. Of the two whose boxes say 64 x 64 the coded picture is larger by far.
# A colour profile of 1 kB claims a table of half a gigabyte, another lists 100,000 steps in the same bytes.
for photo in "$source_tree"/tests/golden/hostile/*.gz; do
    gunzip -c "$photo" >"$work/$(basename "$photo" .gz)"
done

for photo in huge.webp wide.png sequential.jpg progressive.jpg scans.jpg small_scans.jpg huge.gif \
    $(basename -s .gz "$source_tree"/tests/golden/hostile/*.gz); do
    status=0
    # 30 s of a processor: under sanitizers all takes longer.
    (ulimit -t 30 && exec /usr/bin/time -f %M -o "$work/peak" "$program" -t 1 "$work/$photo") >"$out" 2>"$err" || status=$?
    peak=$(tail -n 1 "$work/peak")
    size=$(wc -c <"$work/$photo")
    if [ "$status" -gt 1 ]; then
        fail "$photo: captioned or refused"
        explain
    elif [ "$peak" -lt "$most" ]; then
        case $photo in small_says.*) grep -qE "for a file so small|libheif was absent" "$err" || fail "$photo is refused" ;; esac
        ok "$photo of $size bytes takes $((peak / 1000)) MB: $(cut -c 1-120 "$err")"
    else
        fail "$photo of $size bytes takes $((peak / 1000)) MB, less than $((most / 1000)) expected"
    fi
done
finish
