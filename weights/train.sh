#!/bin/sh
# Rebuilds the shipped weights from the data: weights/train.sh DATA OUTPUT
#
# DATA is a folder that holds
#
#     flickr8k/dataset_flickr8k.json, flickr8k/images/    photos and their captions
#     text/flickr30k_captions.txt                         captions of other photos, five of each
#     encoder/efficientnet_lite0.safetensors              the encoder as ImageNet taught it
#
# (data/flickr8k, data/text and encoder/ beside data/ will do, too). It takes a bit more than
# four hours on two cores. Stopped or killed, the same command goes on where it was; what the final
# mean is made of stays in OUTPUT.parts. What each part of the recipe brought stands in
# weights/README.md.
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

# Five lines part from there, told apart by what keeps them from learning photos by heart, by how
# long they learn or by chance alone. Line one is the one that nothing hindered until it was rewarded.
line() { # NAME FLAGS...
    name=$1
    shift
    part "$name" --vocab keep --freeze-encoder 0 --joint-lr 5e-4 --self-critical-samples 10 \
        --self-critical-lr 1.5e-4 "$@"
}

start=$parts/start.safetensors
line photos --init "$start" --epochs 9
line one --init "$parts/photos.safetensors" --epochs 0 --self-critical 8 --image-dropout 0.3
line two --init "$start" --epochs 6 --self-critical 8 --drop-path 0.15 --image-dropout 0.2 --seed 2
line three --init "$start" --epochs 6 --self-critical 8 --drop-path 0.2 --image-dropout 0.3 --seed 4
line four --init "$start" --epochs 6 --self-critical 8 --drop-path 0.15 --image-dropout 0.2 --seed 5
line five --init "$start" --epochs 4 --self-critical 6 --drop-path 0.15 --image-dropout 0.2 --seed 6

# Their mean, shown photos a little larger than those it learned from.
train "$output" --vocab keep --epochs 0 --image-size 288 --init "$parts/one.safetensors" --mean-with \
    "$parts/two.safetensors" "$parts/three.safetensors" "$parts/four.safetensors" \
    "$parts/five.safetensors"
