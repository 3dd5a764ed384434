#!/bin/sh
# Rebuilds the shipped weights from the data: weights/train.sh DATA OUTPUT [FLAGS...]
#
# DATA is a folder that holds
#
#     flickr8k/dataset_flickr8k.json, flickr8k/images/    photos and their captions
#     text/flickr30k_captions.txt                         captions of other photos, five of each
#     encoder/efficientnet_lite0.safetensors              the encoder as ImageNet taught it
#
# (data/flickr8k, data/text and encoder/ beside data/ will do, too). It takes about an hour and a
# half on two cores. Stopped or killed, the same command goes on where it was. What each part of the
# recipe brought stands in weights/README.md.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: weights/train.sh DATA OUTPUT [FLAGS of caption train...]" >&2
    exit 2
fi
shared=$1
output=$2
shift 2
data=$shared
[ -d "$data/flickr8k" ] || data=$shared/data

home=$(dirname "$0")/..
sh "$home/samples/packages.sh"
cmake -S "$home" -B "$home/build" -DCMAKE_BUILD_TYPE=Release >&2
cmake --build "$home/build" -j "$(nproc)" >&2

exec "$home/build/caption" train "$data/flickr8k/dataset_flickr8k.json" \
    --images "$data/flickr8k/images" --encoder "$shared/encoder/efficientnet_lite0.safetensors" \
    --image-size 256 --text "$data/text/flickr30k_captions.txt" --text-captions 5 --text-epochs 2 \
    --epochs 14 --freeze-encoder 5 --crop 0.5 --color 0.3 \
    --self-critical 12 --self-critical-lr 1.5e-4 --resume -o "$output" "$@"
