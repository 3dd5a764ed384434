#!/bin/sh
# What runs on several threads, each once. ThreadSanitizer, where the program was built with it, makes its exit status
# 66 where it found something.
. "$(dirname "$0")/lib.sh"

use_tiny_model
cd "$work" || exit 1

run -t 4 -r --jsonl --sidecar --html page.html shapes/images
expect 0 "a folder"
expect_lines "$out" 30
run -t 4 -r --jsonl --precision int8 shapes/images
expect 0 "a folder, in bytes"
train() { # EPOCHS
    run train shapes/dataset.json --images shapes/images --val shapes/dataset.json -o new.safetensors \
        --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --image-size 32 --hidden 16 --embed 16 \
        --min-count 1 --epochs "$1" --crop 0 --color 0 --checkpoint new.checkpoint -t 4
}
train 2
expect 0 "a training"
train 3
expect 0 "its resumption"
run eval -t 4 shapes/dataset.json --images shapes/images
expect 0 "an evaluation"
finish
