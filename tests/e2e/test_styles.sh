#!/bin/sh
# Caption styles: two data sets describe the same photos in other words; asked for the style of one of
# them, the model describes photos as that one does.
. "$(dirname "$0")/lib.sh"

shapes "$work/shapes"
words() { # NAME WORD: the shapes, each caption behind that word
    jq --arg word "$2" '.images |= [.[] | .source = $word | .sentences |= [.[] | .tokens = [$word] + .tokens]]' \
        "$work/shapes/dataset.json" >"$work/$1.json"
}
words first behold
words second here
words third so
photo=$work/shapes/images/03.ppm

run train "$work/first.json" "$work/second.json" --images "$work/shapes/images" -o "$work/model" \
    --val "$work/first.json" "$work/second.json" --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --image-size 32 \
    --hidden 32 --embed 32 --batch-size 20 --min-count 1 --styles behold second --epochs 300 --crop 0 --color 0
expect 0 "a source and a data set become styles"
export CAPTION_MODEL="$work/model"
run info
expect_in "$out" "behold (default) second"
run info --json
jq -e '.styles == ["behold", "second"]' "$out" >/dev/null || fail "caption info --json lists the styles"

run --style behold "$photo"
expect_in "$out" "behold "
run --style second "$photo"
expect_in "$out" "here "
run --style none "$photo"
expect 0 "no style"
run "$photo"
expect_in "$out" "behold "
run --style haiku "$photo"
expect 2 "an unknown style"
expect_in "$err" "none, behold, second" "haiku"

# Each data set is scored in its own style, unless another one is asked for.
cider() { jq -s -r '.[].CIDEr' "$out" | tr '\n' ' '; }
run eval --json "$work/first.json" "$work/second.json" --images "$work/shapes/images" --split all
expect 0 "eval of both"
own=$(cider)
run eval --json "$work/first.json" "$work/second.json" --images "$work/shapes/images" --split all --style behold
behold=$(cider)
# shellcheck disable=SC2086
set -- $own $behold
[ "$1" = "$3" ] || fail "the first data set is scored in the style of its source ($own, $behold)"
awk -v own="$2" -v other="$4" 'BEGIN { exit !(own > other) }' ||
    fail "the second data set is not what the first one's style says ($own, $behold)"

# How sure the model is in a style is fitted to what is captioned in it, however that style is chosen.
biases() { # FLAGS...: the styles that have a bias of their own, after a fit to both sets
    run eval "$work/first.json" "$work/second.json" --images "$work/shapes/images" --split all \
        --calibrate "$work/sure" --force "$@"
    metadata "$work/sure" | jq -r '.confidence | fromjson | .styles | keys_unsorted | join(" ")'
}
[ "$(biases)" = "behold second" ] || fail "of each set the style that it is captioned in: $(biases)"
[ "$(biases --by-source)" = "behold second" ] || fail "by source the same: $(biases --by-source)"
[ "$(biases --style second)" = second ] || fail "of both sets the style that was asked for"
[ "$(biases --style none)" = "" ] || fail "of none, none"

run train "$work/first.json" --images "$work/shapes/images" -o "$work/more" --val "$work/second.json" \
    --styles haiku --epochs 1
expect 2 "a style that no photo has"
expect_in "$err" "styles" "haiku"
run train "$work/third.json" --images "$work/shapes/images" -o "$work/more" --val "$work/third.json" \
    --styles third --epochs 1 --crop 0 --color 0
expect 0 "a model with styles learns another one"
run info "$work/more"
expect_in "$out" "behold (default) second third"
finish
