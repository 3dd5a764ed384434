#!/bin/sh
# What `caption PATH...` writes: valid JSON, CSV and JSON Lines whatever the names, files of captions
# beside the photos or in a tree of their own, errors as rows.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images

odd=$work/odd
mkdir "$odd"
cp "$shape/00.ppm" "$odd/$(printf 'a\nb"c,d\\e.ppm')"
cp "$shape/01.ppm" "$odd/$(printf '\377\376 latin.ppm')"
cp "$shape/02.ppm" "$odd/ plain.ppm"
printf 'P6\n32 32\n255\nshort' >"$odd/broken.ppm"

run --json "$odd"
expect 1 "--json with a broken photo"
jq -e 'length == 4 and (map(select(.error)) | length) == 1 and all(has("caption") or has("error"))' \
    "$out" >/dev/null || fail "one JSON array"
cp "$out" "$work/array"
run --jsonl "$odd"
jq -s . "$out" >"$work/lines"
jq . "$work/array" | cmp -s - "$work/lines" || fail "--json and --jsonl say the same"
run --json "$odd/absent.ppm"
jq -e 'length == 1 and .[0].error' "$out" >/dev/null || fail "errors alone are an array, too"

# RFC 4180, read by another program where there is one.
run --csv "$odd"
expect 1 "--csv with a broken photo"
if command -v python3 >/dev/null; then
    python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], encoding="latin-1", newline=""), strict=True))
assert rows[0] == ["path", "caption", "logprob", "error"], rows[0]
assert len(rows) == 5 and all(len(row) == 4 for row in rows), rows
names = [row[0].rsplit("/", 1)[1] for row in rows[1:]]
assert names == [" plain.ppm", "a\nb\"c,d\\e.ppm", "broken.ppm", "\xff\xfe latin.ppm"], names
assert [bool(row[1]) for row in rows[1:]] == [True, True, False, True]
assert [bool(row[3]) for row in rows[1:]] == [False, False, True, False]
' "$out" || fail "CSV as RFC 4180 has it"
    ok "CSV is read back, names byte by byte"
else
    skip "no Python: CSV is not read back"
fi
run --json --csv "$odd"
expect 2 "two formats at once are refused"

# --- files of captions

tree=$work/tree
mkdir -p "$tree/in/deep"
cp "$shape/00.ppm" "$tree/a.ppm"
cp "$shape/11.ppm" "$tree/a.pnm"
cp "$shape/02.ppm" "$tree/in/b.ppm"
cp "$shape/03.ppm" "$tree/in/deep/c.ppm"
run -r --jsonl "$tree"
jq -r '[.path, .caption] | @tsv' "$out" >"$work/said"
said() { # PHOTO
    awk -F '\t' -v path="$tree/$1" '$1 == path { print $2 }' "$work/said"
}
expect_file() { # FILE PHOTO
    [ "$(cat "$1" 2>/dev/null)" = "$(said "$2")" ] && [ "$(tail -c 1 "$1" | wc -l)" -eq 1 ] && return
    fail "$1 holds the caption of $2, with a newline"
}

run -r --sidecar --dry-run "$tree"
expect_lines "$out" 4
[ -e "$tree/a.txt" ] && fail "--dry-run writes nothing"
expect_in "$out" "$tree/a.ppm	$tree/a.ppm.txt" "$tree/a.pnm	$tree/a.txt"
expect_in "$err" "4 to caption"

run -r --sidecar "$tree"
expect 0 "--sidecar"
expect_lines "$out" 0
expect_file "$tree/a.txt" a.pnm
expect_file "$tree/a.ppm.txt" a.ppm
expect_file "$tree/in/b.txt" in/b.ppm
expect_file "$tree/in/deep/c.txt" in/deep/c.ppm
[ "$(find "$tree" -name '.*' -type f | wc -l)" -eq 0 ] || fail "no temporary file stays"
rm "$tree"/a*.txt
run --sidecar "$tree/a.ppm" "$tree/a.pnm"
expect_file "$tree/a.txt" a.pnm
expect_file "$tree/a.ppm.txt" a.ppm
ok "photos of one name have a file each, in whatever order they come"

spelt=$work/spelt
mkdir "$spelt"
cp "$tree/a.ppm" "$tree/a.pnm" "$spelt"
cp "$tree/in/b.ppm" "$spelt/a.ppm.ppm"
ln -s spelt "$work/link"
cd "$work" || exit 1
for other in ./spelt spelt/ spelt/../spelt "$spelt" link; do
    find spelt -name '*.txt' -delete
    run --sidecar "$other/a.ppm" spelt/a.pnm "$other/a.ppm.ppm"
    expect 0 "a folder that is also spelt $other"
    expect_file spelt/a.txt a.pnm
    expect_file spelt/a.ppm.txt a.ppm
    expect_file spelt/a.ppm.ppm.txt in/b.ppm
done

# On exFAT or SMB A.txt is a.txt. A hard link makes both names of a photo one file, as it is there.
mkdir "$work/case"
cp "$tree/a.pnm" "$work/case/A.pnm"
cp "$tree/a.ppm" "$work/case"
run --sidecar "$work/case"
expect_file "$work/case/a.txt" a.ppm
rm "$work/case"/*.txt
ln "$work/case/A.pnm" "$work/case/a.pnm"
run --sidecar "$work/case/a.ppm" "$work/case/A.pnm"
expect_file "$work/case/A.txt" a.pnm
expect_file "$work/case/a.ppm.txt" a.ppm

echo mine >"$tree/in/b.txt"
run -r --sidecar --jsonl "$tree"
expect_lines "$out" 0
[ "$(cat "$tree/in/b.txt")" = mine ] || fail "by default what is there stays"
expect_in "$err" "4 skipped"
printf mine >"$tree/in/b.txt"
run --sidecar --existing append "$tree/in/b.ppm"
[ "$(cat "$tree/in/b.txt")" = "$(printf 'mine\n%s' "$(said in/b.ppm)")" ] || fail "--existing append"
printf mine >"$tree/in/b.txt"
run --sidecar --existing prepend "$tree/in/b.ppm"
[ "$(cat "$tree/in/b.txt")" = "$(printf '%s\nmine' "$(said in/b.ppm)")" ] || fail "--existing prepend"
printf '\357\273\277mine\r\n' >"$tree/in/b.txt"
run --sidecar --existing prepend "$tree/in/b.ppm"
printf '\357\273\277%s\nmine\r\n' "$(said in/b.ppm)" | cmp -s - "$tree/in/b.txt" ||
    fail "--existing prepend, behind a byte order mark"
run --sidecar --existing overwrite "$tree/in/b.ppm"
expect_file "$tree/in/b.txt" in/b.ppm
ok "skip, append, prepend, overwrite"

run -r --sidecar=caption "$tree"
expect_file "$tree/in/b.caption" in/b.ppm
run --sidecar=.best -n 3 "$tree/in/b.ppm"
expect_lines "$tree/in/b.best" 3
ok "other extensions, the n best"

cp "$tree/a.ppm" "$work/before"
run --sidecar=.ppm --existing overwrite "$tree/a.pnm"
expect 2 "a photo is never written over"
cmp -s "$tree/a.ppm" "$work/before" || fail "a photo was written over"

run -r --output-dir "$work/made/of captions" "$tree"
expect 0 "--output-dir"
expect_file "$work/made/of captions/in/deep/c.txt" in/deep/c.ppm
expect_file "$work/made/of captions/a.ppm.txt" a.ppm
mkdir "$work/twin"
cp "$shape/04.ppm" "$work/twin/a.ppm"
run --output-dir "$work/made" "$tree" "$work/twin"
expect 2 "two photos that would be written to one file are refused"
expect_in "$err" "twin/a.ppm" "tree/a.ppm"
run --output-dir "$work/made" --write-xmp "$tree" "$work/twin"
expect 2 "be it XMP"

# --- a link out of the folder that was named is not followed where files are written beside photos

stay=$work/stay
mkdir -p "$stay/in/deep" "$work/stay_outside"
cp "$tree/a.ppm" "$stay/in/deep/a.ppm"
cp "$tree/in/b.ppm" "$work/stay_outside/b.ppm"
ln -s ../../stay_outside "$stay/in/out"
ln -s deep "$stay/in/again"
ln -s stay "$work/stay_link"
for flag in --sidecar --write-xmp "--sidecar --dry-run"; do
    # shellcheck disable=SC2086
    run -r $flag --jsonl "$stay"
    expect 1 "$flag does not follow a link out of the folder"
    expect_in "$err" "stay/in/out: a link out of the folder that was named" --output-dir
    [ "$(ls "$work/stay_outside")" = b.ppm ] || fail "$flag writes nothing outside"
done
find "$stay" -name 'a.*' | grep -q 'a\.txt$' || fail "a link to a folder inside is followed"
find "$stay" -name 'a.*' | grep -q 'a\.ppm\.xmp$' || fail "be it for XMP"
run -r --sidecar "$work/stay_link/in/deep" "$work/stay_outside"
expect 0 "folders that are named by themselves are followed, be they links"
[ -e "$work/stay_outside/b.txt" ] || fail "who names a folder has files written there"
run -r --jsonl "$stay"
expect 0 "who writes no files beside photos follows the link"
expect_lines "$out" 2
run -r --output-dir "$work/stay_made" "$stay"
expect 0 "so does --output-dir"
[ -e "$work/stay_made/in/out/b.txt" ] || fail "--output-dir mirrors what is behind the link"

# --- files that cannot be written: a folder in the place of one, a folder that takes none

full=$work/full
mkdir -p "$full/locked" "$full/b.txt"
cp "$tree/a.ppm" "$full"
cp "$tree/in/b.ppm" "$full"
cp "$tree/in/deep/c.ppm" "$full/locked"
chmod 555 "$full/locked"
failed=1
if [ ! -w "$full/locked" ]; then
    failed=2
else
    skip "root writes into every folder: what happens with one that takes no file"
fi
run -r --sidecar --existing overwrite --jsonl --html "$full.html" "$full"
expect 1 "files that cannot be written do not stop the others"
jq -s -e --argjson failed "$failed" 'length == 3 and (map(select(.error)) | length) == $failed' "$out" >/dev/null ||
    fail "$failed of 3 rows are errors"
jq -s -e 'map(select(.path | endswith("b.ppm")))[0].error | contains("b.txt: cannot")' "$out" >/dev/null ||
    fail "the row names the file that cannot be written"
expect_in "$err" "full/b.txt: cannot"
expect_in "$full.html" "$failed more</a> could not be captioned" "full/b.txt: cannot"
expect_file "$full/a.txt" a.ppm
find "$full" "$tree" -name '.caption-*' | grep . && fail "temporary files lie about"
chmod 755 "$full/locked"

# No room for a single byte: what the file system says then is what it says of a full disk.
(
    trap '' XFSZ
    ulimit -f 0
    exec "$program" -r --sidecar=.full --jsonl "$tree" 2>/dev/null
) | cat >"$out"
jq -s -e 'length == 4 and all(.error | contains(".full: cannot write"))' "$out" >/dev/null ||
    fail "a full disk: a row for each photo: $(cat "$out")"
find "$tree" -name '*.full' -o -name '.caption-*' | grep . && fail "a file without its bytes"

# --- tables for spreadsheets

mkdir "$work/formulas"
for name in '=1+1' '+1' '-1' '@SUM(A1)' plain; do cp "$work/shapes/images/00.ppm" "$work/formulas/$name.ppm"; done
cd "$work/formulas" || exit 1
run --csv-safe -- '=1+1.ppm' '+1.ppm' '-1.ppm' '@SUM(A1).ppm' plain.ppm
cp "$out" "$work/safe.csv"
run --csv -- '=1+1.ppm' plain.ppm
cd "$OLDPWD" || exit 1
expect 0 "tables of photos that are named as formulas"
expect_in "$work/safe.csv" "path,caption" "\"'=1+1.ppm\"," "\"'+1.ppm\"," "\"'-1.ppm\"," "\"'@SUM(A1).ppm\","
grep -q '^plain.ppm,' "$work/safe.csv" || fail "--csv-safe leaves other names as they are"
grep -q '^=1+1.ppm,' "$out" || fail "--csv leaves every name as it is"


# Names that are taken, by what is no text: rows of errors, and nothing waits or is read.
mkdir -p "$work/taken/folder.txt"
for name in folder pipe nowhere secret read_only hard; do cp "$work/shapes/images/00.ppm" "$work/taken/$name.ppm"; done
mkfifo "$work/taken/pipe.txt"
ln -s none "$work/taken/nowhere.txt"
echo SECRET >"$work/secret"
ln -s "$work/secret" "$work/taken/secret.txt"
run --sidecar --html "$work/taken.html" "$work/taken"
expect 1 "sidecars whose names are taken"
expect_in "$err" "folder.txt: expected a text of captions" "pipe.txt: expected a text" "nowhere.txt: expected a text" "1 skipped"
grep -q SECRET "$work/taken.html" && fail "a page shows nothing that a link leads to"
[ -L "$work/taken/nowhere.txt" ] && [ -p "$work/taken/pipe.txt" ] || fail "a link and a pipe stay"
echo old | tee "$work/taken/read_only.txt" >"$work/taken/hard.txt"
chmod 400 "$work/taken/read_only.txt"
ln "$work/taken/hard.txt" "$work/other_name"
run --sidecar --existing append "$work/taken"
expect_in "$err" "read_only.txt: cannot be replaced: it is read-only" "hard.txt: cannot be replaced: it has several names" \
    "secret.txt: cannot be replaced: it is a symbolic link"
grep -qx SECRET "$work/secret" && grep -qx old "$work/taken/hard.txt" || fail "they stay as they were"

# A rewritten sidecar stays its owner's, with its mode, and has a new time.
if [ "$(id -u)" -eq 0 ]; then
    mkdir "$work/owned"
    cp "$work/shapes/images/00.ppm" "$work/owned"
    echo old >"$work/owned/00.txt"
    echo '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about=""/></r:RDF></x:xmpmeta>' \
        >"$work/owned/00.ppm.xmp"
    chmod 640 "$work/owned/00.txt" "$work/owned/00.ppm.xmp"
    chown 1234:4321 "$work/owned/00.txt" "$work/owned/00.ppm.xmp"
    touch -d 2001-01-01 "$work/owned/00.txt"
    run --sidecar --existing append "$work/owned"
    expect 0 "texts of another user, by root"
    run --write-xmp --existing overwrite "$work/owned"
    expect 0 "XMP of another user, by root"
    for file in 00.txt 00.ppm.xmp; do
        [ "$(stat -c '%u:%g %a' "$work/owned/$file")" = "1234:4321 640" ] || fail "$file: owner and mode stay"
    done
    [ "$(date -r "$work/owned/00.txt" +%Y)" -gt 2001 ] || fail "a text that grew has a new time"
fi

# Another name of a photo is counted; the photo's own name takes the place of a link's.
mkdir -p "$work/names/albums" "$work/names/originals"
cp "$work/shapes/images/00.ppm" "$work/names/originals"
ln -s ../originals/00.ppm "$work/names/albums/00.ppm"
ln "$work/names/originals/00.ppm" "$work/names/originals/hard.ppm"
run -r -v --sidecar "$work/names"
expect 0 "a photo of three names"
expect_in "$err" "1 captioned, 0 failed, 2 more names of these photos passed over"
[ -e "$work/names/originals/00.txt" ] && [ ! -e "$work/names/albums/00.txt" ] || fail "its own name counts"

finish
