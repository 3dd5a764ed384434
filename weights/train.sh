#!/bin/sh
# Rebuilds the shipped weights from the data: weights/train.sh DATA OUTPUT
#
# DATA is a folder that holds
#
#     flickr8k/dataset_flickr8k.json, flickr8k/images/    photos and their captions
#     text/flickr30k_captions.txt                         captions of other photos, five of each
#     encoder/efficientnet_lite0.safetensors              the encoder as ImageNet taught it
#
# (data/flickr8k, data/text and encoder/ beside data/ will do, too). It takes about two and a half
# hours on two cores. Stopped or killed, the same command goes on where it was; what the final mean
# is made of stays in OUTPUT.parts. What each part of the recipe brought stands in weights/README.md.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: weights/train.sh DATA OUTPUT" >&2
    exit 2
fi
shared=$1
output=$2
data=$shared
[ -d "$data/flickr8k" ] || data=$shared/data
parts=$output.parts

home=$(dirname "$0")/..
sh "$home/samples/packages.sh"
cmake -S "$home" -B "$home/build" -DCMAKE_BUILD_TYPE=Release >&2
cmake --build "$home/build" -j "$(nproc)" >&2
mkdir -p "$parts"

train() { # OUTPUT FLAGS...
    to=$1
    shift
    "$home/build/caption" train "$data/flickr8k/dataset_flickr8k.json" \
        --images "$data/flickr8k/images" --crop 0.5 --color 0.3 --resume -o "$to" "$@"
}

part() { # NAME FLAGS...: trains a part, unless that is done
    name=$1
    shift
    [ ! -e "$parts/$name.safetensors" ] || return 0
    echo "train.sh: $name" >&2
    train "$parts/$name.unfinished" "$@"
    rm -f "$parts/$name.unfinished.features"
    mv "$parts/$name.unfinished" "$parts/$name.safetensors"
}

part start --encoder "$shared/encoder/efficientnet_lite0.safetensors" --image-size 256 \
    --image-input every --text "$data/text/flickr30k_captions.txt" --text-captions 5 \
    --text-epochs 2 --epochs 5 --freeze-encoder 5

# Two lines from one start, told apart by what keeps them from learning photos by heart; then their
# mean, and the mean of that and of what becomes of it when it learns on.
rates="--vocab keep --freeze-encoder 0 --joint-lr 5e-4 --self-critical-samples 10"
# shellcheck disable=SC2086
{
    part photos --init "$parts/start.safetensors" $rates --epochs 9
    part one --init "$parts/photos.safetensors" $rates --epochs 0 --self-critical 8 \
        --self-critical-lr 1.5e-4 --image-dropout 0.3
    part two --init "$parts/start.safetensors" $rates --epochs 6 --self-critical 8 \
        --self-critical-lr 1.5e-4 --image-dropout 0.2 --drop-path 0.15 --seed 2
    part mean --init "$parts/two.safetensors" --mean-with "$parts/one.safetensors" --vocab keep \
        --epochs 0
    part more --init "$parts/mean.safetensors" $rates --epochs 0 --self-critical 3 \
        --self-critical-lr 7e-5 --self-critical-temperature 1 --image-dropout 0.2 \
        --drop-path 0.15 --seed 3
}
train "$output" --init "$parts/mean.safetensors" --mean-with "$parts/more.safetensors" --vocab keep \
    --epochs 0
