#!/bin/sh
# caption alt: local pictures without alt text get one, in HTML, Markdown and EPUB; every other byte
# stays, and a commit hook can ask.
. "$(dirname "$0")/lib.sh"

use_tiny_model
mkdir "$work/site" "$work/site/docs" "$work/site/images"
cd "$work/site" || exit 1
cp "$work/shapes/images/00.ppm" images/a.ppm
cp "$work/shapes/images/00.ppm" images/same.ppm
cp "$work/shapes/images/01.ppm" "docs/b c.ppm"
caption=$("$program" images/a.ppm)
cat >docs/page.html <<'END'
<!doctype html>
<p><img src="b%20c.ppm?v=1"><img src="b c.ppm" alt=""><img src="https://example.org/x.jpg">
END
cat >index.md <<'END'
# A page

![](images/a.ppm) and `![](images/a.ppm)`
![a tower](images/a.ppm) ![](images/same.ppm)
END
cp index.md ../index.md
chmod 640 index.md
ln index.md second.md
run alt index.md
expect 1 "so is one with two names"
expect_in "$err" "hard links"
cmp -s index.md ../index.md || fail "which stays, too"
rm second.md

run alt index.md
if grep -q 'built without' "$err"; then
    expect_in "$err" "libcmark-dev" "install"
    skip "built without cmark: no alt texts in Markdown"
    finish
fi
expect 0 "Markdown"
expect_in "$out" "index.md:3	images/a.ppm	$caption" "index.md:4	images/same.ppm	$caption"
expect_lines "$out" 2
sed "3s/!\[\]/![$caption]/; 4s/!\[\]/![$caption]/" ../index.md | sed "3s/\`!\[[^]]*\]/\`![]/" | cmp -s - index.md ||
    fail "two texts, and nothing else: $(cat index.md)"
[ "$(stat -c %a index.md)" = 640 ] || fail "the mode stays"

cp ../index.md index.md
run alt --check index.md
expect 1 "--check, where alt texts lack"
expect_lines "$out" 2
run alt --dry-run index.md
expect 0 "--dry-run"
cmp -s index.md ../index.md || fail "--dry-run writes nothing"
expect_in "$out" "--- index.md" "-![](images/a.ppm) and" "+![$caption](images/a.ppm) and"
if command -v patch >/dev/null; then
    patch -s -p0 <"$out" || fail "the diff is one"
    run alt --check index.md
    expect 0 "--check, where none lacks"
fi
ln -s index.md link.md
cp ../index.md index.md
run alt -q link.md
[ -L link.md ] && ! grep -q '^!\[\](' index.md || fail "a link leads to the document"
expect_lines "$out" 0
cp ../index.md index.md
chmod 444 index.md
run alt index.md
expect 1 "a read-only document is an error"
cmp -s index.md ../index.md || fail "and stays"
expect_in "$err" "0 filled, 1 failed"
chmod 640 index.md

# --- what is no picture to caption

echo '![](images/none.ppm) ![](../x.ppm) ![](/images/a.ppm)' >docs/other.md
run alt docs/other.md
expect 1 "pictures that are not there, or elsewhere"
expect_in "$err" "docs/other.md:1: images/none.ppm" "../x.ppm: lies outside" "--root DIR"
run alt --root . docs/other.md
expect_in "$out" "docs/other.md:1	/images/a.ppm	$caption"
run alt none.md "$model" docs
expect 1 "what is no document"
expect_in "$err" "none.md: " "expected .html, .xhtml, .md"
run alt
expect 2 "no document"

run alt docs/page.html
if grep -q 'built without' "$err"; then
    skip "built without gumbo: no alt texts in HTML"
else
    expect 0 "HTML"
    expect_in docs/page.html "<img alt=\"" ' src="b%20c.ppm?v=1"><img src="b c.ppm" alt=""><img src="https'
    expect_in "$err" "1 filled" "1 not local"
    printf '<?xml version="1.0"?>\n<p>a&nbsp;b<br>\n<img src="b c.ppm"></p>\n' >docs/sloppy.html
    run alt docs/sloppy.html
    expect 0 "HTML that declares itself XML"
    expect_in docs/sloppy.html "<img alt=\"" ' src="b c.ppm"></p>'
fi
finish
