#!/bin/sh
# Installed, moved or copied: the program finds the model of its own prefix, and says what to do where
# there is none. What is installed beside it names every flag.
. "$(dirname "$0")/lib.sh"

model=$work/model.safetensors
tiny_model "$model"
photo=$work/shapes/images/00.ppm
unset CAPTION_MODEL

prefix=$work/moved/here
mkdir -p "$prefix/bin" "$prefix/share/caption" "$work/links"
cp "$program" "$prefix/bin/caption"
cp "$model" "$prefix/share/caption/caption.safetensors"
ln -s "$prefix/bin/caption" "$work/links/caption"
for program in "$prefix/bin/caption" "$work/links/caption"; do
    run info
    expect 0 "a moved prefix has its own model"
    expect_in "$out" "$prefix/bin/../share/caption/caption.safetensors"
done
run "$photo"
expect 0 "a photo is captioned with it"

CAPTION_MODEL=$model run info
expect_in "$out" "$model"
CAPTION_MODEL=$work/nothing run "$photo"
expect 1 "\$CAPTION_MODEL that is no file"
expect_in "$err" "\$CAPTION_MODEL: $work/nothing: No such file" "-m"

if unshare -rm true 2>/dev/null; then
    for started in "$prefix/bin/caption" "$work/links/caption"; do
        unshare -rm sh -c 'mount -t tmpfs none /proc && "$1" info' sh "$started" >"$out" 2>"$err"
        expect_in "$out" "$prefix/bin/../share/caption/caption.safetensors"
    done
else
    skip "no unshare (or it may not): the model is found without /proc"
fi

# Without the source tree's model, which the program knows from its build: where a folder may be hidden.
if unshare -rm true 2>/dev/null; then
    rm "$prefix/share/caption/caption.safetensors"
    status=0
    unshare -rm sh -c 'mount -t tmpfs none "$1" && "$2" "$3"' sh "$(dirname "$weights")" "$program" \
        "$photo" >"$out" 2>"$err" || status=$?
    expect 1 "no model anywhere"
    expect_in "$err" "no model: -m" "\$CAPTION_MODEL" "$prefix/bin/../share/caption"
    expect_lines "$err" 1
else
    skip "no unshare (or it may not): what is said where there is no model"
fi

program=${1:?}
prefix=$work/installed
cmake --install "$(dirname "$program")" --prefix "$prefix" >"$work/log" 2>&1 || fail "cmake --install"
for file in bin/caption include/caption.h share/doc/caption/copyright share/caption/README.md \
    share/man/man3/caption.3.gz share/man/man5/caption-data.5.gz; do
    [ -f "$prefix/$file" ] || fail "$file is installed"
done
module=$(cd "$prefix" && find . -name 'caption_mpi.*')
if [ -n "$module" ]; then
    mkdir -p "$work/elsewhere/bin" "$work/elsewhere/$(dirname "$module")"
    cp "$prefix/bin/caption" "$work/elsewhere/bin/"
    echo damaged >"$work/elsewhere/$module"
    OMPI_COMM_WORLD_SIZE=2 "$work/elsewhere/bin/caption" train "$work/nothing.json" -o "$work/none" 2>"$err"
    expect_in "$err" "its module does not load: $work/elsewhere/"
else
    skip "built without MPI: a moved prefix has its own module"
fi
gzip -d "$prefix"/share/man/man*/*.gz
bash -n "$prefix/share/bash-completion/completions/caption" || fail "bash reads its completion"
for shell in zsh fish; do
    command -v $shell >/dev/null || { skip "no $shell: its completion is not read by it"; continue; }
    $shell -n "$prefix"/share/$shell/*/*caption* || fail "$shell reads its completion"
done

# Every flag of every command stands in its manual page and in each completion.
run --help
for command in caption $(sed -n 's/^  caption \([a-z]*\) .*/caption-\1/p' "$out"); do
    page=$prefix/share/man/man1/$command.1
    [ -f "$page" ] || { fail "$command has a manual page"; continue; }
    if command -v groff >/dev/null; then
        groff -ww -man -Tutf8 "$page" 2>&1 >"$work/page" | grep . && fail "$page has no warning"
    fi
    name=${command#caption}
    name=${name#-}
    sed -n "/^    ${name:-\*})/,/ esac/p" "$prefix/share/bash-completion/completions/caption" >"$work/bash"
    sed -n "/^    ${name:-\*})/,/ ) ;;/p" "$prefix/share/zsh/site-functions/_caption" >"$work/zsh"
    run $name --help-all
    for flag in $(sed -n 's/^  \(-.,\|   \) --\([a-z-]*\).*/\2/p' "$out"); do
        sed 's/\\-/-/g' "$page" | grep -qF "fB--$flag\\fR" || fail "--$flag is in $page"
        grep -q "[ ']--$flag[ ']" "$work/bash" || fail "$command --$flag is in bash's completion"
        grep -qE "[*',]--$flag(\\[|=|\\})" "$work/zsh" ||
            fail "$command --$flag is in zsh's completion"
        grep -q "is${name:+ $name}.* -l $flag " "$prefix/share/fish/vendor_completions.d/caption.fish" ||
            [ "$flag" = help ] || fail "$command --$flag is in fish's completion"
    done
done

# The page about data sets has the table of the training guide, and with it every format that is read.
page=$prefix/share/man/man5/caption-data.5
sed -n '/^## Data/,/^### /p' "$source_tree/src/train/README.md" | grep '^| ' | grep -v '^| format' >"$work/rows"
[ "$(grep -c '^\.TP' "$page")" -eq "$(wc -l <"$work/rows")" ] ||
    fail "caption-data(5) has the rows of the training guide"
if command -v groff >/dev/null; then
    groff -ww -man -Tutf8 "$page" 2>&1 >"$work/page" | grep . && fail "$page has no warning"
fi
printf 'no data set\n' >"$work/nothing.txt"
run eval "$work/nothing.txt" -m "$model"
for format in $(sed -n 's/.*one of the formats: \(.*\), found.*/\1/p' "$err" | sed 's/, /\n/g' | sed 's/ .*//'); do
    grep -qi "$format" "$page" || fail "caption-data(5) has the format $format"
done

# completes EXPECTED WORD...: bash offers that for the last word.
completes() {
    expected=$1
    shift
    offered=$(bash -c '. "$0"; compopt() { :; }; COMP_WORDS=(caption "$@") COMP_CWORD=$#
        _caption caption "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo ${COMPREPLY[*]}' "$prefix/share/bash-completion/completions/caption" "$@")
    [ "$offered" = "$expected" ] || fail "caption $*: '$expected' expected, '$offered' offered"
}
cd "$work/links" || exit 1
rm -f caption
completes train tr
completes "gru" train --cell g
completes "train" eval --split = tr
completes "--min-length --min-confidence" --min-

# CMake is configured where programs speak another language, as readelf does, in a folder of any name.
readelf=$(command -v readelf)
cat >"$work/readelf" <<END
#!/bin/sh
if [ "\$LC_ALL" = C ]; then exec "$readelf" "\$@"; fi
"$readelf" "\$@" | sed 's/soname/so_adi/'
END
chmod +x "$work/readelf"
LC_ALL=tr_TR.UTF-8 cmake -G "Unix Makefiles" -S "$source_tree" -B "$work/this & that" -D CMAKE_READELF="$work/readelf" \
    >"$work/log" 2>&1 || fail "CMake in Turkish: $(grep -A 3 'CMake Error' "$work/log")"
make -C "$work/this & that" -f CMakeFiles/caption_printed.dir/build.make printed/changelog.gz >"$work/log" 2>&1 ||
    fail "a folder called 'this & that': $(tail -n 1 "$work/log")"

finish
