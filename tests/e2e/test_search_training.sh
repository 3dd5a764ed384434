#!/bin/sh
# A search part: it finds each of six photos that it learned by its captions, with the same weights for any number
# of threads; the captions of the model stay as they were, to the byte; `eval --search` scores it,
# `eval --calibrate` keeps it, training the captioner again leaves it out.
. "$(dirname "$0")/lib.sh"

start=$work/start.safetensors
tiny_model "$start"
images=$work/shapes/images
i=0
for what in "red tower" "green tower" "blue tower" "red wall" "green wall" "blue wall"; do
    echo "{\"file_name\": \"0$i.ppm\", \"captions\": [\"a $what\", \"a $what on grey\"]}"
    i=$((i + 1))
done >"$work/six.jsonl"

run eval "$work/six.jsonl" --images "$images" --split all -m "$start" --search
expect 2 "a model without a search part"
expect_in "$err" "$start: this model cannot search" "caption train --search"

search() { # NAME FLAGS...
    name=$1
    shift
    run train "$work/six.jsonl" --images "$images" --val "$work/six.jsonl" --init "$start" --search \
        --epochs 100 --batch-size 6 --average 0.5 --dropout 0 --image-dropout 0 --no-flip -o "$work/$name.safetensors" "$@"
    expect 0 "a search part is learned: $name"
    tensors "$work/$name.safetensors" >"$work/$name.tensors"
}
search one -t 1
expect_in "$err" "6 photos to learn from with 12 captions" "mean recall 100.00 %"
grep -q "	best	100.00	100.00	100.00	1	100.00	100.00	100.00	1$" "$out" || fail "every photo and every caption is found first"
search three -t 3
cmp -s "$work/one.tensors" "$work/three.tensors" || fail "one thread and three give the same weights"
search other -t 2 --seed 2
cmp -s "$work/one.tensors" "$work/other.tensors" && fail "another seed gives other weights"

model=$work/one.safetensors
tensors "$start" >"$work/start.tensors"
cmp -s -n "$(wc -c <"$work/start.tensors")" "$work/start.tensors" "$work/one.tensors" ||
    fail "encoder and decoder are those before"
for precision in f32 int8; do
    for m in "$start" "$model"; do
        run --jsonl --precision "$precision" -m "$m" -n 3 --logprob "$images"
        expect 0 "captions, $precision"
        cp "$out" "$work/$(basename "$m").$precision"
    done
    cmp -s "$work/start.safetensors.$precision" "$work/one.safetensors.$precision" ||
        fail "the captions are the same bytes, $precision"
done

run eval "$work/six.jsonl" --images "$images" --split all -m "$model" --search --json
expect 0 "eval --search"
jq -e '.search_photo.recall_1 == 1 and .search_sentence.recall_1 == 1 and .search_photo.median_rank == 1' \
    "$out" >/dev/null || fail "eval finds what training found"
run eval "$work/six.jsonl" --images "$images" --split all -m "$model" --search
expect_in "$out" "search        100.00   R@10 of the photo of a sentence among 6; R@5 100.00, R@1 100.00, median rank 1" \
    "  reverse     100.00   R@10 of a sentence of a photo among 12"
run info "$model"
expect_in "$out" "search         vectors of 256 numbers, gru, hidden 320" "search scores"
run info --json "$model"
jq -e '.search == 256 and .parameters.search > 0' "$out" >/dev/null || fail "info --json"

run eval "$work/shapes/dataset.json" --images "$images" --split all -m "$model" --calibrate "$work/sure.safetensors"
expect 0 "eval --calibrate"
tensors "$work/sure.safetensors" | cmp -s - "$work/one.tensors" || fail "a calibration keeps the search part"

run train "$work/six.jsonl" --images "$images" --val "$work/six.jsonl" --init "$model" --epochs 1 \
    --freeze-encoder 1 -o "$work/again.safetensors"
expect 0 "a captioner with a search part is trained again"
run info --json "$work/again.safetensors"
jq -e '.search == 0' "$out" >/dev/null || fail "its search part is left out"

# Few photos: recalls that are alike do not keep the first epoch, nor any run from its end.
head -n 1 "$work/six.jsonl" >"$work/one.jsonl"
few() { # FLAGS...
    run train "$work/six.jsonl" --images "$images" --val "$work/one.jsonl" --init "$start" --search --epochs 4 \
        -o "$work/few.safetensors" "$@"
}
few --batch-size 5
expect 0 "a search part with one photo to validate on and a last batch of one pair"
expect_in "$err" "recall says little of 1 photo to validate on (fewer than 20)" "epoch 4 of 4, mean recall 100.00 %"
[ "$(cut -f 5 "$out" | grep -c best)" -eq 4 ] || fail "of epochs with the same recall the last is kept"
few --patience 2
expect 0 "--patience with recalls that are alike"
expect_in "$err" "2 epochs in a row brought nothing better" "epoch 3 of 4, mean recall 100.00 %"
few --batch-size 1
expect 2 "a pair alone teaches nothing"
expect_in "$err" "--batch-size 1: expected 2 or more with --search"
run train "$work/one.jsonl" --images "$images" --val "$work/one.jsonl" --init "$start" --search -o "$work/no.safetensors"
expect 2 "nor does a photo alone"
expect_in "$err" "--search: expected 2 or more photos to learn from in an epoch, found 1"

refused() { # FLAG, what follows --search
    run train "$work/six.jsonl" --images "$images" --init "$start" --search -o "$work/no.safetensors" "$@"
    expect 2 "--search $1"
    expect_in "$err" "$1" "--search"
    [ ! -e "$work/no.safetensors" ] || fail "--search $1 writes nothing"
}
refused --resume
refused --mean-with "$start"
refused --vocab extend
refused --report "$work/no.html"
run train "$work/six.jsonl" --images "$images" --init "$start" --search --epochs 0 -o "$work/no.safetensors"
expect 2 "--search --epochs 0"

finish
