#!/bin/sh
# What `caption` wrote of photos is read by the other commands, in each of its formats.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images
mkdir "$work/some"
cp "$shape"/0?.ppm "$work/some"
rm "$work/some/09.ppm"
cp -r "$work/some" "$work/good"
: >"$work/some/09.ppm"
run --jsonl "$work/good"
cp "$out" "$work/good.jsonl"

for format in --logprob --json --jsonl --csv --csv-safe "-n 2" "--jsonl -n 2" ""; do
    # shellcheck disable=SC2086
    run $format -r "$work/some"
    expect 1 "captions of nine photos, and a broken one"
    cp "$out" "$work/captions"
    case $format in
    --logprob | "-n 2" | "") told="" ;;
    *) told="with an error: 1 row" ;;
    esac
    run eval "$work/captions" --split all
    expect 0 "eval reads $format"
    run train "$work/captions" --val "$work/captions" -o "$work/new.safetensors" --dry-run
    expect 0 "train reads $format"
    expect_in "$err" "9 photos" "$told"
    [ "$format" = "-n 2" ] && continue # two captions of a photo
    # shellcheck disable=SC2086
    run $format "$work/good"
    cp "$out" "$work/captions"
    run score "$work/captions" "$work/good.jsonl"
    expect 0 "score reads $format"
    expect_in "$out" "100.0"
done

finish
