#!/bin/sh
# Installed, moved or copied: the program finds the model of its own prefix, and says what to do where
# there is none.
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

finish
