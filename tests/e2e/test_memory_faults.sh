#!/bin/sh
# Memory that runs out: whichever allocation fails, the program ends by itself, says so, and leaves
# every file as it was or as it is to be. Here the allocations of the outputs, the last of a run;
# FAULTS=all tries every one.
. "$(dirname "$0")/lib.sh"

library=${CAPTION_FAILING_MEMORY:-}
if [ ! -f "$library" ]; then
    skip "no library that lets allocations fail (not built with sanitizers)"
    finish
fi

use_tiny_model
photo=$work/photo.ppm
cp "$work/shapes/images/00.ppm" "$photo"

# What another program wrote: longer than a stream's buffer.
{
    printf '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    printf '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><!-- %01500d -->' 0
    printf '</rdf:Description></rdf:RDF></x:xmpmeta>\n'
} >"$work/old.xmp"
echo "an old line" >"$work/old.txt"

files() { # the outputs as they were
    cp "$work/old.xmp" "$photo.xmp"
    cp "$work/old.txt" "$work/photo.txt"
    rm -f "$work/page.html"
}

# failing N ARGUMENTS...: a run whose Nth allocation fails.
failing() {
    number=$1
    shift
    files
    status=0
    LD_PRELOAD=$library FAIL_AT=$number FAIL_COUNT=$work/count \
        "$program" -t 1 "$@" "$photo" >"$out" 2>"$err" </dev/null || status=$?
}

# as_before_or NEW OLD FILE: the file is one of the two.
as_before_or() {
    cmp -s "$1" "$3" || cmp -s "$2" "$3" || {
        fail "allocation $number, $what: $(basename "$3") is neither old nor new"
        explain
    }
}

# sweep WHAT ARGUMENTS...
sweep() {
    what=$1
    shift
    failing 0 "$@"
    expect 0 "$what: nothing fails"
    for file in "$photo.xmp" "$work/photo.txt" "$out"; do cp "$file" "$work/new.${file##*.}.$(basename "$file" | cut -c 1)"; done
    count=$(cat "$work/count")
    first=$((count - 120))
    [ "${FAULTS:-}" != all ] || first=1
    for number in $(seq $first "$count"); do
        failing "$number" "$@"
        [ "$status" -le 2 ] || fail "allocation $number, $what: exit status $status"
        [ "$status" -eq 0 ] || [ -s "$err" ] || fail "allocation $number, $what: exit status $status without a word"
        as_before_or "$work/new.xmp.p" "$work/old.xmp" "$photo.xmp"
        as_before_or "$work/new.txt.p" "$work/old.txt" "$work/photo.txt"
        [ "$status" -ne 0 ] || cmp -s "$out" "$work/new.txt.o" || fail "allocation $number, $what: exit status 0, part of the output"
    done
    ok "$what: $((count - first + 1)) of $count allocations"
}

sweep "an XMP sidecar of another program" --write-xmp
sweep "lines added to a sidecar" --sidecar --existing append
sweep "JSON" --json
sweep "CSV" --csv
sweep "a page" --html "$work/page.html"

# Documents and archives, and the libraries that read them: some end the program themselves where memory is short,
# or look at what is not there. (127: so does the loader of libraries.)
# sweep_library WHAT LAST FILE ARGUMENTS...: the last of the allocations of a run that changes the file.
sweep_library() {
    what=$1 last=$2 file=$3
    shift 3
    cp "$file" "$work/file.old"
    LD_PRELOAD=$library FAIL_COUNT=$work/count "$program" "$@" >"$out" 2>"$err" </dev/null ||
        fail "$what: nothing fails"
    cp "$file" "$work/file.new"
    count=$(cat "$work/count")
    first=$((count > last ? count - last : 1))
    [ "${FAULTS:-}" != all ] || first=1
    for number in $(seq $first "$count"); do
        cp "$work/file.old" "$file"
        status=0
        LD_PRELOAD=$library FAIL_AT=$number "$program" "$@" >"$out" 2>"$err" </dev/null || status=$?
        [ "$status" -le 2 ] || [ "$status" -eq 127 ] || fail "allocation $number, $what: exit status $status"
        [ "$status" -eq 0 ] || [ -s "$err" ] || fail "allocation $number, $what: exit status $status without a word"
        as_before_or "$work/file.new" "$work/file.old" "$file"
        [ "$status" -ne 0 ] || cmp -s "$file" "$work/file.new" || fail "allocation $number, $what: exit status 0, not done"
    done
    ok "$what: $((count - first + 1)) of $count allocations"
}

cp "$work/shapes/images/00.ppm" "$work/a.ppm"
if "$program" --formats | grep -q "^tar archives.yes"; then
    tar -cf "$work/photos.tar" -C "$work" a.ppm
    sweep_library "photos of an archive" 140 "$work/photos.tar" --tar --jsonl "$work/photos.tar"
else
    skip "built without libarchive: --tar where memory is short"
fi
echo '![](a.ppm) and <b>more</b>' >"$work/page.md"
if "$program" alt --check "$work/page.md" 2>&1 | grep -q 'built without'; then
    skip "built without cmark: alt texts in Markdown where memory is short"
else
    sweep_library "alt texts in Markdown" 70 "$work/page.md" alt "$work/page.md"
fi
echo '<html xmlns="http://www.w3.org/1999/xhtml"><p>a page <img src="a.ppm"/></p></html>' >"$work/page.xhtml"
if ! (cd "$work" && python3 -m zipfile -c book.epub page.xhtml a.ppm) 2>"$err"; then
    skip "no python3: an EPUB where memory is short"
elif "$program" alt --check "$work/book.epub" 2>&1 | grep -q 'built without'; then
    skip "built without libzip: an EPUB where memory is short"
else
    sweep_library "alt texts in an EPUB" 320 "$work/book.epub" alt "$work/book.epub"
fi

# Photos that would have one text.
mkdir "$work/twins"
cp "$work/shapes/images/00.ppm" "$work/twins/a.ppm"
cp "$work/shapes/images/01.ppm" "$work/twins/a.pnm"
for number in $(seq 1 60); do
    rm -f "$work"/twins/*.txt
    status=0
    LD_PRELOAD=$library FAIL_AT=$number FAIL_COUNT=$work/count \
        "$program" -t 1 --sidecar "$work/twins/a.ppm" "$work/twins/a.pnm" >"$out" 2>"$err" </dev/null || status=$?
    [ "$status" -ne 0 ] || { [ -f "$work/twins/a.txt" ] && [ -f "$work/twins/a.ppm.txt" ]; } ||
        fail "allocation $number: a text is lost without a word"
done
finish
