#!/bin/sh
# Captions inside photos: read by exiftool; pixels, times and what others wrote stay; what may not be
# changed is a row of error and as it was.
. "$(dirname "$0")/lib.sh"

use_tiny_model
mkdir "$work/photos"
cd "$work/photos" || exit 1
corpus=$source_tree/tests/fuzz/corpus/image
cp "$corpus/baseline.jpg" a.jpg
cp "$corpus/gradient.png" b.png
photos="a.jpg b.png"
"$program" "$corpus/lossy.webp" >"$out" 2>"$err" && cp "$corpus/lossy.webp" c.webp && photos="$photos c.webp"
touch -d '2001-02-03 04:05:06.789' a.jpg b.png
chmod 640 a.jpg b.png
cp -p a.jpg ../a.jpg
run --jsonl .
caption=$(jq -r 'select(.path | endswith("a.jpg")).caption' "$out")

run --write-metadata --dry-run .
expect 0 "--dry-run"
cmp -s a.jpg ../a.jpg || fail "--dry-run changes nothing"
run --write-metadata .
expect 0 "--write-metadata"
expect_lines "$out" 0
[ "$(stat -c '%a %y' a.jpg)" = "$(stat -c '%a %y' ../a.jpg)" ] || fail "mode and time stay"
[ "$(find . -name '*.xmp' -o -name '.*.part' | wc -l)" -eq 0 ] || fail "no file but the photos"
cp a.jpg ../once.jpg
run --write-metadata .
expect_in "$err" "skipped (done before)"
cmp -s a.jpg ../once.jpg || fail "what is full stays"
run --write-metadata --existing overwrite .
cmp -s a.jpg ../once.jpg || fail "written twice gives the same bytes"
run --jsonl .
[ "$(jq -r 'select(.path | endswith("a.jpg")).caption' "$out")" = "$caption" ] || fail "the caption is that of the photo before"

# A file system without modes that can be changed, such as an MTP device's.
if has_faults; then
    for mode in 644 600; do
        cp ../a.jpg modes.jpg
        chmod $mode modes.jpg
        status=0
        (umask 022 && ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$work/trace" -e trace=fchmod -e inject=fchmod:error=EPERM \
            "$program" --write-metadata modes.jpg) >"$out" 2>"$err" || status=$?
        expect 0 "where modes cannot be changed, a photo of mode $mode is written"
        [ "$(stat -c %a modes.jpg)" = $mode ] || fail "its mode stays"
    done
    rm modes.jpg
else
    skip "no strace (or it may not trace): photos where modes cannot be changed"
fi

# --- what may not be changed

cp "$work/shapes/images/00.ppm" d.ppm
cp ../a.jpg linked.jpg
ln linked.jpg hard.jpg
cp ../a.jpg read_only.jpg
chmod 444 read_only.jpg
ln -s ../a.jpg soft.jpg
for photo in d.ppm linked.jpg read_only.jpg soft.jpg; do
    run --write-metadata "$photo"
    expect 1 "$photo is an error"
    expect_in "$err" "--write-xmp"
    cmp -s linked.jpg "../a.jpg" && cmp -s read_only.jpg ../a.jpg && [ -L soft.jpg ] || fail "$photo stays"
done
rm linked.jpg hard.jpg read_only.jpg soft.jpg d.ppm
run - --write-metadata <a.jpg
expect 2 "a photo without a name is refused"
run --write-metadata --output-dir .. a.jpg
expect 2 "so is a folder for what is written into photos"

# --- sidecars under both names

cp ../a.jpg a.jpg
run --write-xmp=adobe a.jpg
expect 0 "--write-xmp=adobe"
sed "s/$caption/by Anna/" a.xmp >../anna.xmp
cp ../anna.xmp a.xmp
run --write-xmp --existing overwrite a.jpg
cmp -s ../anna.xmp a.xmp && fail "a sidecar of Adobe's name is found"
[ ! -e a.jpg.xmp ] || fail "and no other made"
cp ../anna.xmp a.jpg.xmp
run --write-metadata --existing overwrite a.jpg
cmp -s a.xmp a.jpg.xmp || fail "--write-metadata writes to both sidecars"
sed 's/ rdf:about=""/ xmlns:photoshop="http:\/\/ns.adobe.com\/photoshop\/1.0\/" photoshop:SidecarForExtension="CR2"&/' \
    ../anna.xmp >a.xmp
cp a.xmp ../raw.xmp
run --write-metadata --existing overwrite a.jpg
cmp -s a.xmp ../raw.xmp || fail "the sidecar of a raw photo stays"
run --write-xmp=lightroom a.jpg
expect 2 "a name that is none"
rm ./*.xmp

if ! command -v exiftool >/dev/null; then
    skip "no exiftool: whether it reads the photos was not looked at"
    finish
fi
expect_tag() { # FILE TAG VALUE
    value=$(exiftool -s3 "-$2" "$1")
    [ "$value" = "$3" ] || fail "exiftool reads $2 of $1: '$3' expected, found '$value'"
}
for photo in $photos; do
    cp "../$photo" "$photo" 2>"$err" || true
    exiftool -q -overwrite_original -XMP-dc:Title="Anna's <dog>" -XMP-dc:Subject=Anna -XMP-dc:Rights=A "$photo"

done
exiftool -q -overwrite_original -IPTC:Keywords=Anna -IPTC:City=Kyiv -EXIF:Artist=Anna a.jpg

# shellcheck disable=SC2086
run --write-metadata --existing overwrite $photos
expect 0 "photos of exiftool"
for photo in $photos; do
    expect_tag "$photo" XMP-dc:Title "Anna's <dog>"
    expect_tag "$photo" XMP-dc:Subject Anna
    expect_tag "$photo" XMP-photoshop:CaptionWriter "$("$program" --version)"
    text=$("$program" "$photo")
    expect_tag "$photo" XMP-dc:Description "$text"
    expect_tag "$photo" XMP-iptcCore:AltTextAccessibility "$text"
done
expect_tag a.jpg IPTC:Caption-Abstract "$caption"
expect_tag a.jpg IPTC:City Kyiv
expect_tag a.jpg IPTC:Keywords Anna
expect_tag a.jpg EXIF:Artist Anna
exiftool -a -j -time:all -G1 a.jpg | grep -E 'XMP|IPTC' && fail "no date is written"
exiftool -validate -warning -a a.jpg | grep -E 'Warning.*(IPTC|XMP|JPEG format)' && fail "exiftool warns of the photo"
exiftool -q -overwrite_original -XMP-xmp:Rating=5 a.jpg || fail "exiftool writes to a photo of ours"
expect_tag a.jpg XMP-dc:Description "$caption"

# --- other readers

if command -v exiv2 >/dev/null; then
    for photo in $photos; do
        exiv2 -PXkt "$photo" >"$out" 2>"$err" || fail "exiv2 reads $photo"
        text=$("$program" "$photo")
        expect_in "$out" "Xmp.dc.description" "lang=\"x-default\" $text"
        [ ! -s "$err" ] || fail "exiv2 does not warn of $photo"
    done
    exiv2 -PIkt a.jpg >"$out" 2>"$err"
    expect_in "$out" "Iptc.Application2.Caption" "$caption" "Kyiv"
else
    skip "no exiv2: whether it reads the photos was not looked at"
fi

# Python's, in a virtual environment that is kept in the build folder.
readers=$(dirname "$program")/readers
if ! "$readers/bin/python" -c 'import PIL, defusedxml, iptcinfo3' 2>"$err" &&
    ! { python3 -m venv "$readers" && timeout 120 "$readers/bin/pip" install -q --disable-pip-version-check \
        pillow defusedxml IPTCInfo3; } >"$out" 2>"$err"; then
    skip "Pillow and IPTCInfo3 cannot be installed from PyPI: neither was tried: $(tail -n 1 "$err")"
    finish
fi
cat >"$work/readers.py" <<'PYTHON'
import logging, sys
import iptcinfo3, PIL.Image, PIL.IptcImagePlugin

_, path, expected = sys.argv
with PIL.Image.open(path) as photo:
    photo.load()
    descriptions = photo.getxmp()["xmpmeta"]["RDF"]["Description"]
    iptc = PIL.IptcImagePlugin.getiptcinfo(photo) if path.endswith("jpg") else None
descriptions = descriptions if isinstance(descriptions, list) else [descriptions]
found = {name: value for part in descriptions for name, value in part.items()}
assert found["description"]["Alt"]["li"]["text"] == expected, found
assert found["AltTextAccessibility"]["Alt"]["li"]["text"] == expected, found
if iptc:
    assert iptc[2, 120].decode() == expected and iptc[2, 90] == b"Kyiv", iptc
    logging.disable(logging.WARNING)
    info = iptcinfo3.IPTCInfo(path)
    assert info["caption/abstract"].decode() == expected and info["city"] == b"Kyiv", info
    assert info["keywords"] == [b"Anna"], info
PYTHON
for photo in $photos; do
    "$readers/bin/python" "$work/readers.py" "$photo" "$("$program" "$photo")" 2>"$err" ||
        fail "Pillow and IPTCInfo3 read $photo: $(tail -n 1 "$err")"
done
finish
