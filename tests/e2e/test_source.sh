#!/bin/sh
# The source is as src/README.md says: each folder uses the folders above it in the map, and none below; what
# the documents name is there.
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
finish
