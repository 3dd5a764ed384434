#!/bin/sh
# Captions as XMP sidecars: read by exiftool, and put into sidecars that exiftool and others made,
# nothing else of which changes.
. "$(dirname "$0")/lib.sh"

use_tiny_model
mkdir "$work/photos"
for i in 0 1 2 3 4 5 6; do cp "$work/shapes/images/0$i.ppm" "$work/photos/$i.ppm"; done
cd "$work/photos" || exit 1
run --jsonl .
jq -r .caption "$out" >../captions.txt

run --write-xmp --sidecar --dry-run 3.ppm
[ "$(cat "$out")" = "3.ppm	3.txt
3.ppm	3.ppm.xmp" ] || fail "--dry-run lists each file: $(cat "$out")"
run --write-xmp=both --dry-run .
expect_lines "$out" 14
expect_in "$out" "./3.ppm	./3.xmp"
run --write-xmp .
expect 0 "--write-xmp"
expect_lines "$out" 0
run --write-xmp --dry-run .
expect_lines "$out" 0
expect_in "$err" "0 to caption, 0 failed, 7 skipped"
run --write-xmp --existing overwrite --dry-run .
expect_lines "$out" 7
run --write-xmp --sidecar --dry-run 3.ppm
[ "$(cat "$out")" = "3.ppm	3.txt" ] || fail "--dry-run lists the file that is not there yet: $(cat "$out")"
touch 3.txt
rm 3.ppm.xmp
run --write-xmp --sidecar --dry-run 3.ppm
[ "$(cat "$out")" = "3.ppm	3.ppm.xmp" ] || fail "--dry-run lists the sidecar beside a text that is there: $(cat "$out")"
rm 3.txt
run -q --write-xmp .
[ "$(find . -name '*.ppm.xmp' | wc -l)" -eq 7 ] || fail "a sidecar for each photo"
caption=$(sed -n 4p ../captions.txt)
expect_in 3.ppm.xmp ">$caption</rdf:li></rdf:Alt></dc:description>" \
    ">$caption</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>"
cp 3.ppm.xmp ../new.xmp
run --write-xmp .
expect_in "$err" "0 captioned, 0 failed, 7 skipped"
sed "s/$caption/something else/" ../new.xmp >3.ppm.xmp
run --write-xmp .
expect_in "$err" "7 skipped"
expect_in 3.ppm.xmp "something else"
run --write-xmp --existing overwrite .
expect_in "$err" "7 captioned"
cmp -s ../new.xmp 3.ppm.xmp || fail "--existing overwrite puts a new caption where the old one was"
run . --write-xmp --existing append
expect 2 "nothing is appended to XMP"
run --write-xmp --output-dir ../tree .
cmp -s ../new.xmp ../tree/3.ppm.xmp || fail "--output-dir"

# --- sidecars of other programs

rm ./*.xmp
cat >0.ppm.xmp <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
   xmp:Rating="3"
   darktable:xmp_version="5">
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:operation="flip"
      darktable:params="ffffffff"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
END
cp 0.ppm.xmp ../old.xmp
run --write-xmp 0.ppm
if grep -q 'built without libexpat' "$err"; then
    expect 1 "without libexpat, the sidecar of another program is an error"
    cmp -s ../old.xmp 0.ppm.xmp || fail "and stays as it is"
    skip "built without libexpat: captions are not put into sidecars of other programs"
    finish
fi
expect 0 "a caption for a sidecar of darktable"
expect_in 0.ppm.xmp ">$(head -n 1 ../captions.txt)</rdf:li>"
grep -vE 'dc:description|AltText|CaptionWriter' 0.ppm.xmp | sed 's|^</rdf:Desc|  </rdf:Desc|' | cmp -s - ../old.xmp ||
    fail "all of its lines are there, and three more: $(cat 0.ppm.xmp)"
run --write-xmp 0.ppm 1.ppm
expect_in "$err" "1 captioned, 0 failed, 1 skipped"

# What is no XMP stays as it is, is a failure of its photo and stops no other.
echo '<x:xmpmeta' >2.ppm.xmp
iconv -t UTF-16 ../old.xmp >3.ppm.xmp
mkdir 4.ppm.xmp
ln -s ../old.xmp 5.ppm.xmp
{
    echo '<!DOCTYPE a [<!ENTITY a0 "ha">'
    for i in 1 2 3 4 5 6 7 8 9; do
        a="&a$((i - 1));"
        echo "<!ENTITY a$i \"$a$a$a$a$a$a$a$a$a$a\">"
    done
    echo ']><a>&a9;</a>'
} >1.ppm.xmp
for i in 1 2 3; do cp "$i.ppm.xmp" "../$i.xmp"; done
for existing in skip overwrite; do
    run --write-xmp --existing "$existing" --jsonl 1.ppm 2.ppm 3.ppm 4.ppm 5.ppm 6.ppm
    expect 1 "--existing $existing: what is no XMP"
    jq -r '.error // "none"' "$out" | tr '\n' '|' >"$work/errors"
    case $(cat "$work/errors") in
    "1.ppm.xmp: line 1: "*"no document type"*"|2.ppm.xmp: line 1: "*"|3.ppm.xmp: "*"UTF-8"*"|4.ppm.xmp: "*"|5.ppm.xmp: "*"|none|") ;;
    *) fail "five rows of errors and a caption: $(cat "$work/errors")" ;;
    esac
    rm -f 6.ppm.xmp
done
for i in 1 2 3; do cmp -s "$i.ppm.xmp" "../$i.xmp" || fail "$i.ppm.xmp is as it was"; done
[ -L 5.ppm.xmp ] || fail "a symbolic link is one still"

if ! command -v exiftool >/dev/null; then
    skip "no exiftool: whether it reads the sidecars was not looked at"
    finish
fi
rm -rf ./*.xmp
expect_tag() { # FILE TAG VALUE
    value=$(exiftool -s3 "-$2" "$1")
    [ "$value" = "$3" ] || fail "exiftool reads $2 of $1: '$3' expected, found '$value'"
}
expect_valid() { # FILE
    exiftool -q -q -validate -warning -a "$1" >../exif.txt 2>&1
    grep -i 'error\|warning' ../exif.txt | grep -v '0 0 0\|OK' && fail "exiftool warns of $1"
}
exiftool -q -o 0.ppm.xmp -XMP-xmp:Rating=4 -XMP-dc:Title="Anna's <dog> & cat" -XMP-dc:Subject=dog -XMP-dc:Subject=Anna
exiftool -q -o 1.ppm.xmp -XMP-dc:Description="At Anna's" -XMP-dc:Description-fr="Chez Anna" -XMP-tiff:Make=Canon
exiftool -q -o 2.ppm.xmp -XMP-dc:Description-fr="Chez Anna"
mkdir ../before ../after
cp ./*.xmp ../before
run --write-xmp .
expect 0 "sidecars of exiftool"
first=$(sed -n 1p ../captions.txt) second=$(sed -n 2p ../captions.txt) third=$(sed -n 3p ../captions.txt)
expect_tag 0.ppm.xmp XMP-dc:Description "$first"
expect_tag 0.ppm.xmp XMP-iptcCore:AltTextAccessibility "$first"
expect_tag 1.ppm.xmp XMP-dc:Description "At Anna's"
expect_tag 1.ppm.xmp XMP-iptcCore:AltTextAccessibility "$second"
run --write-xmp --existing overwrite .
expect 0 "and once more, over what they say"
expect_tag 0.ppm.xmp XMP-dc:Description "$first"
expect_tag 1.ppm.xmp XMP-dc:Description "$second"
expect_tag 1.ppm.xmp XMP-dc:Description-fr "Chez Anna"
expect_tag 2.ppm.xmp XMP-dc:Description "$third"
expect_tag 2.ppm.xmp XMP-dc:Description-fr "Chez Anna"
expect_tag 3.ppm.xmp XMP-dc:Description "$(sed -n 4p ../captions.txt)"
for i in 0 1 2 3; do
    expect_valid "$i.ppm.xmp"
    [ "$i" -eq 3 ] && continue
    for when in before after; do
        file=$i.ppm.xmp
        [ "$when" = before ] && file=../before/$file
        exiftool -G1 -j -xmp:all "$file" |
            jq -S '.[0] | del(.SourceFile, ."XMP-dc:Description", ."XMP-iptcCore:AltTextAccessibility", ."XMP-photoshop:CaptionWriter")' \
                >"../$when/$i.json"
    done
    cmp -s "../before/$i.json" "../after/$i.json" || fail "exiftool reads all that it had written to $i.ppm.xmp"
done
exiftool -q -overwrite_original -XMP-xmp:Rating=5 0.ppm.xmp || fail "exiftool writes to a sidecar of ours"
expect_tag 0.ppm.xmp XMP-iptcCore:AltTextAccessibility "$first"
ok "exiftool reads captions and all else"

# --- a sidecar that cannot be looked at

if has_faults; then
    mkdir "$work/faults"
    cp "$work/shapes/images/00.ppm" "$work/faults/a.ppm"
    echo "not ours" | tee "$work/faults/a.ppm.xmp" "$work/faults/a.txt" >"$work/not_ours"
    for reason in EIO EACCES ESTALE; do
        for file in a.ppm.xmp a.txt; do
            form=--write-xmp
            [ $file = a.ppm.xmp ] || form="--sidecar --existing append"
            # shellcheck disable=SC2086 # two arguments
            with_fault "$work/faults/$file" newfstatat,stat,lstat,access,faccessat $reason $form "$work/faults/a.ppm"
            [ "$status" -eq 1 ] || fail "$form, $reason: exit status $status"
            cmp -s "$work/faults/$file" "$work/not_ours" || fail "$form, $reason: $file is another"
        done
    done
    ok "what cannot be looked at is left as it is"
else
    skip "no strace (or it may not trace): a sidecar that cannot be looked at"
fi

finish
