#!/bin/sh
# Broken photos, models and data sets: each a clear message that names the file and what is wrong, no
# crash, and other photos on the same command line are captioned all the same.
. "$(dirname "$0")/lib.sh"

use_tiny_model
good=$work/good.ppm
square "$good" 32 200 30 30
jpeg=$(dirname "$0")/gradient.jpg

# --- photos

head -c 400 "$jpeg" >"$work/truncated.jpg"
head -c 20 "$jpeg" >"$work/stub.jpg"
: >"$work/empty.jpg"
echo "This is a letter, not a photo." >"$work/letter.jpg"
{ # the width and height of the JPEG's frame header, at byte 163
    head -c 163 "$jpeg"
    printf '\377\377\377\377'
    tail -c +168 "$jpeg"
} >"$work/huge.jpg"
printf 'P6\n65535 65535\n255\nabc' >"$work/huge.ppm"
mkdir "$work/folder.jpg"

run "$jpeg"
expect 0 "the JPEG that the broken ones are made of is captioned"
expect_lines "$out" 1

bad_photo() { # FILE TEXT...
    name=$1
    shift
    run "$work/$name"
    expect 1 "$name alone: exit 1"
    expect_lines "$out" 0
    expect_in "$err" "$name" "$@"

    run "$good" "$work/$name" "$jpeg"
    expect 1 "$name between two photos: exit 1"
    expect_lines "$out" 2
    expect_in "$out" "$good" "$jpeg"
    expect_in "$err" "$name" "$@"
}
bad_photo truncated.jpg truncated
bad_photo stub.jpg truncated
bad_photo empty.jpg empty
bad_photo letter.jpg text
bad_photo huge.jpg 65535
bad_photo huge.ppm 65535
bad_photo folder.jpg folder
bad_photo missing.jpg "No such file"

# In a folder, files that are no photos are passed over; broken photos are told.
mkdir "$work/mixed"
cp "$good" "$work/mixed/b.ppm"
cp "$jpeg" "$work/mixed/a.jpg"
cp "$jpeg" "$work/mixed/.hidden.jpg"
cp "$work/truncated.jpg" "$work/mixed/c.jpg"
echo notes >"$work/mixed/notes.txt"
run "$work/mixed"
expect 1 "a folder with a broken photo: exit 1"
expect_lines "$out" 2
[ "$(cut -f 1 "$out" | tr '\n' ' ')" = "$work/mixed/a.jpg $work/mixed/b.ppm " ] ||
    fail "photos of a folder are sorted by name"
expect_lines "$err" 1
expect_in "$err" "mixed/c.jpg"

run --jsonl "$work/truncated.jpg" "$good"
expect 1 "--jsonl with a broken photo: exit 1"
expect_lines "$out" 2
expect_in "$out" '"error":' '"caption":'

# --- models

bad_model() { # FILE TEXT...
    name=$1
    shift
    run -m "$work/$name" "$good"
    if [ "$status" -eq 1 ] || [ "$status" -eq 2 ]; then ok "$name: exit $status"; else
        fail "$name: exit status 1 or 2 expected"
        explain
    fi
    expect_lines "$out" 0
    expect_in "$err" "$name" "$@"
}

# safetensors FILE HEADER BYTES: a file of that header (shorter than 256 bytes) and so much data.
safetensors() {
    {
        printf "\\$(printf %03o ${#2})\\0\\0\\0\\0\\0\\0\\0%s" "$2"
        head -c "$3" /dev/zero
    } >"$1"
}

size=$(wc -c <"$weights")
head -c $((size / 2)) "$weights" >"$work/half.safetensors"
head -c $((size - 1)) "$weights" >"$work/one_byte_short.safetensors"
head -c 100 "$weights" >"$work/header_cut.safetensors"
head -c 5 "$weights" >"$work/five_bytes.safetensors"
: >"$work/empty.safetensors"
printf '\377\377\377\377\377\377\377\377{}' >"$work/long_header.safetensors"
safetensors "$work/beyond.safetensors" \
    '{"encoder.w":{"dtype":"F32","shape":[4],"data_offsets":[1000000,1000016]}}' 16
safetensors "$work/backwards.safetensors" \
    '{"encoder.w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}' 16
safetensors "$work/negative.safetensors" \
    '{"encoder.w":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}' 16
safetensors "$work/shape_lies.safetensors" \
    '{"encoder.w":{"dtype":"F32","shape":[400],"data_offsets":[0,16]}}' 16
safetensors "$work/shape_overflows.safetensors" \
    '{"encoder.w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}}' 16
safetensors "$work/no_model.safetensors" \
    '{"encoder.w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}' 16
safetensors "$work/no_json.safetensors" '{"encoder.w":' 16

bad_model half.safetensors
bad_model one_byte_short.safetensors
bad_model header_cut.safetensors
bad_model five_bytes.safetensors
bad_model empty.safetensors empty
bad_model long_header.safetensors header
bad_model beyond.safetensors encoder.w offsets
bad_model backwards.safetensors encoder.w offsets
bad_model negative.safetensors encoder.w offsets
bad_model shape_lies.safetensors encoder.w
bad_model shape_overflows.safetensors encoder.w
bad_model no_model.safetensors
bad_model no_json.safetensors
bad_model absent.safetensors "No such file"
bad_model good.ppm
run info "$work/half.safetensors"
expect 1 "info of a model cut short: exit 1"
expect_in "$err" half.safetensors

# --- data sets

bad_dataset() { # FILE TEXT...
    name=$1
    shift
    for command in "eval $work/$name" "score $work/results.json $work/$name" \
        "train $work/$name -o $work/never.safetensors"; do
        # shellcheck disable=SC2086 # the words of the command
        run $command
        if [ "$status" -ne 1 ] && [ "$status" -ne 2 ]; then
            fail "${command%% *} $name: exit status 1 or 2 expected"
            explain
        fi
        expect_lines "$out" 0
        expect_in "$err" "$name" "$@"
    done
    [ ! -e "$work/never.safetensors" ] || fail "a model was written from $name"
    ok "$name is refused"
}

deep() { # COUNT
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "[" }'
}

echo '[{"image_id": 1, "caption": "a dog"}]' >"$work/results.json"
: >"$work/empty.json"
echo 'these are no captions' >"$work/words.json"
echo '{"images": [' >"$work/cut.json"
deep 100000 >"$work/deep.json"
{ printf '{"images":'; deep 100000; } >"$work/deep_inside.json"
echo '{"photos": []}' >"$work/no_images.json"
echo '{"images": {}}' >"$work/images_object.json"
echo '{"images": [7]}' >"$work/image_number.json"
echo '{"images": [{"split": "train", "sentences": []}]}' >"$work/no_filename.json"
echo '{"images": [{"filename": 7, "split": "train", "sentences": []}]}' >"$work/name_number.json"
echo '{"images": [{"filename": "a.jpg", "sentences": []},
    {"filename": "b.jpg", "split": "val", "sentences": []}]}' >"$work/no_split.json"
echo '{"images": [{"filename": "a.jpg", "split": "val"}]}' >"$work/no_sentences.json"
echo '{"images": [{"filename": "a.jpg", "split": "val", "sentences": "a dog"}]}' \
    >"$work/sentences_string.json"
echo '{"images": [{"filename": "a.jpg", "split": "val", "sentences": [{"tokens": [1, 2]}]}]}' \
    >"$work/tokens_numbers.json"
echo '{"images": [{"filename": "a.jpg", "split": "val", "sentences": [{}]}]}' \
    >"$work/no_tokens.json"

bad_dataset empty.json
bad_dataset words.json
bad_dataset cut.json
bad_dataset deep.json
bad_dataset deep_inside.json
bad_dataset no_images.json images
bad_dataset images_object.json images
bad_dataset image_number.json "images[0]"
bad_dataset no_filename.json "images[0]" filename
bad_dataset name_number.json "images[0]" filename
bad_dataset no_split.json "photo 0" split
bad_dataset no_sentences.json "images[0]" sentences
bad_dataset sentences_string.json "images[0]" sentences
bad_dataset tokens_numbers.json "images[0].sentences[0].tokens[0]"
bad_dataset no_tokens.json "images[0].sentences[0]"
bad_dataset absent.json "No such file"

finish
