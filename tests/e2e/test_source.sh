#!/bin/sh
# The source is as src/README.md says: each folder uses the folders above it in the map, and none below; what
# the documents name is there; one struct has one name; functions are short and take few parameters.
. "$(dirname "$0")/lib.sh"

map=$source_tree/src/README.md
folders=$(sed -n 's/^| `\([a-z]*\)` | .*/\1/p' "$map")
[ "$(echo "$folders" | sort)" = "$(cd "$source_tree/src" && find . -mindepth 1 -maxdepth 1 -type d |
    sed 's|^\./||' | sort)" ] || fail "the map has every folder of src"

below=$folders
for folder in $folders; do
    below=$(echo "$below" | sed 1d)
    for other in $below; do
        if grep -rn "#include \"$other/" "$source_tree/src/$folder" >"$work/found"; then
            fail "$folder uses $other, which is below it in the map: $(head -n 1 "$work/found")"
        fi
    done
done

# A new file is a new thing; what changes for the same reason as its neighbour belongs there.
most_files=274
files=$(find "$source_tree/src" -name '*.[ch]' | wc -l)
[ "$files" -le "$most_files" ] || fail "$files source files are more than $most_files"

# No file is longer than what one reads in one go.
find "$source_tree/src" -name '*.[ch]' -exec wc -l {} + | awk '$1 > 700 && $2 != "total"' >"$work/found"
[ ! -s "$work/found" ] || fail "files of more than 700 lines: $(cat "$work/found")"

# A photo's header is looked at in one place.
grep -rn --include='*.c' -e '->inspect(' "$source_tree/src" >"$work/found"
[ "$(wc -l <"$work/found")" -eq 1 ] || fail "image/decode.c alone inspects headers: $(cat "$work/found")"

# A name in backquotes with a folder before it is that of a file, with its extension or without.
for name in $(grep -oh '`[a-z]*/[a-zA-Z_./]*`' "$source_tree/README.md" "$map" | tr -d '`' | sort -u); do
    for file in "$source_tree/$name" "$source_tree/src/$name" "$source_tree/src/$name.c"; do
        [ ! -e "$file" ] || continue 2
    done
    case $name in
    build/*) ;; # made by the build
    *) fail "there is no $name, which a README names" ;;
    esac
done

if ! ctags --version 2>"$err" | grep -q Universal; then
    skip "no universal-ctags here: structs and functions are not looked at"
    finish
fi

# Kernels are written out for the compiler: a dozen parameters that stay in registers.
cd "$source_tree" || exit 1
ctags -R -x --languages=C --langmap=C:.c.h --kinds-C=fs --_xformat='%K %F %N %n %e %S' src >"$work/definitions"
awk '
function parameters(signature,    i, c, depth, count) {
    count = 1
    for (i = 2; i < length(signature); i++) {
        c = substr(signature, i, 1)
        if (c == "(" || c == "[") depth++
        if (c == ")" || c == "]") depth--
        if (c == "," && depth == 0) count++
    }
    return count
}
$1 == "struct" && $3 !~ /^__anon/ {
    if ($3 in place && place[$3] != $2) printf "%s: struct %s is also in %s\n", $2, $3, place[$3]
    place[$3] = $2
}
$1 == "function" {
    lines = $5 - $4 + 1
    if (lines > 60 && $2 !~ /_kernel\.h$/)
        printf "%s: function %s has %d lines, more than 60\n", $2, $3, lines
    count = parameters(substr($0, index($0, "(")))
    kernel = $2 ~ /^src\/nn\/(adam|batch_norm|blas|convolution|depthwise)\.[ch]$/ ||
        $2 ~ /^src\/infer\/(packed|low_precision)[a-z_]*\.[ch]$/
    callback = $2 ~ /^src\/serve\/http/ && ($3 == "handle" || $3 == "take_form") # of libmicrohttpd
    if (count > 6 && !kernel && !callback)
        printf "%s: function %s has %d parameters, more than 6\n", $2, $3, count
}' "$work/definitions" >"$work/found"
[ "$(wc -l <"$work/definitions")" -gt 1000 ] || fail "ctags finds the functions of src"
while read -r found; do
    fail "$found"
done <"$work/found"
finish
