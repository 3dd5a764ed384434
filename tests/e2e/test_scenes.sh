#!/bin/sh
# The tutorial of the README, with its very commands: scenes are drawn, encoder and decoder learn from
# scratch, and unseen scenes are captioned. A caption is right when every word of it is.
. "$(dirname "$0")/lib.sh"

program=$(realpath "$program")
scenes=$(dirname "$program")/scenes
[ -x "$scenes" ] || {
    fail "no program $scenes"
    finish
}
cd "$work" || exit 1

"$scenes" scenes || fail "scenes are drawn"
"$scenes" again --train 20 --val 20
"$scenes" other --train 20 --val 20 --seed 2
cmp -s scenes/train/00020.png again/train/00020.png || fail "the same seed draws the same scenes"
cmp -s scenes/train/00020.png other/train/00020.png && fail "another seed draws others"
"$scenes" scenes --val many 2>/dev/null && fail "a number that is none is refused"
[ "$(jq '.images | length' scenes/train.json)" -eq 6000 ] || fail "6000 scenes to learn from"

# No combination that is kept for validation stands in the training captions.
captions() { # LIST COMBINATION: the captions of its images, sorted
    jq -r --arg kept "$2" '(.images | map(select(.combination == $kept) | .id)) as $ids |
        .annotations[] | select(.image_id as $id | $ids | index($id)) | .caption' "$1" | sort -u
}
captions scenes/val.json new >new.txt
jq -r '.annotations[].caption' scenes/train.json | sort -u >train.txt
[ -s new.txt ] || fail "new combinations are there"
[ "$(comm -12 new.txt train.txt | wc -l)" -eq 0 ] || fail "new combinations are new"

started=$(date +%s)
run train scenes/train.json --val scenes/val.json -o scenes.safetensors \
    --encoder-arch tiny --crop 0 --color 0
expect 0 "encoder and decoder learn from scratch"
echo "  learned in $(($(date +%s) - started)) s"
tail -n 2 "$out" | sed 's/^/  /'

run -m scenes.safetensors --repeat-words allow scenes/val
expect 0 "unseen scenes are captioned"
sed 's|^scenes/||' "$out" | sort >said.tsv

# right COMBINATION: how many of its scenes are captioned rightly, and how many there are.
right() {
    jq -r --arg kept "$1" '(.images | map(select(.combination == $kept)
        | {key: (.id | tostring), value: .file_name}) | from_entries) as $names |
        .annotations[] | $names[.image_id | tostring] as $name | select($name) |
        [$name, .caption] | @tsv' scenes/val.json | sort >right.tsv
    echo "$(comm -12 right.tsv said.tsv | wc -l) $(cut -f1 right.tsv | sort -u | wc -l)"
}
known=$(right known)
new=$(right new)
echo "  right: ${known% *} of ${known#* } known combinations, ${new% *} of ${new#* } new ones"
all=$((${known% *} + ${new% *}))
if [ "$all" -ge 270 ]; then ok "$all of 300 captions are right"; else
    fail "$all of 300 captions are right, 270 expected"
fi

finish
