#!/bin/sh
# Rebuilds the shipped weights from the data: weights/train.sh DATA OUTPUT
#
# DATA is a folder that holds
#
#     everyday/dataset_everyday.json, everyday/images/    photos of the wide world and their captions
#     flickr8k/dataset_flickr8k.json, flickr8k/images/    photos of people and dogs outdoors
#     text/coco_captions.txt, text/flickr30k_captions.txt captions of other photos, five of each
#     encoder/efficientnet_lite0.safetensors              the encoder as ImageNet taught it
#
# (everyday, flickr8k and text in data/ and encoder/ beside it will do, too). It takes four to five
# hours on two cores, and draws pictures that are no photos as it goes. Stopped or killed, the same
# command goes on where it was; what it is made of stays in OUTPUT.parts. What each part brought
# stands in weights/EXPERIMENTS.md.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: weights/train.sh DATA OUTPUT" >&2
    exit 2
fi
shared=$1
output=$2
data=$shared
[ -d "$data/everyday" ] || data=$shared/data
parts=$output.parts

home=$(dirname "$0")/..
sh "$home/samples/packages.sh"
sh "$home/samples/drawings/packages.sh"
cmake -S "$home" -B "$home/build" -DCMAKE_BUILD_TYPE=Release >&2
cmake --build "$home/build" -j "$(nproc)" >&2
mkdir -p "$parts"

part() { # NAME FLAGS AND DATA SETS...: trains a part, unless that is done
    name=$1
    shift
    [ ! -e "$parts/$name.safetensors" ] || return 0
    echo "train.sh: $name" >&2
    "$home/build/caption" train --resume -o "$parts/$name.unfinished" --image-dropout 0.2 \
        --batch-size 32 "$@"
    rm -f "$parts/$name.unfinished.features"
    mv "$parts/$name.unfinished" "$parts/$name.safetensors"
}

everyday=$data/everyday/dataset_everyday.json
flickr8k=$data/flickr8k/dataset_flickr8k.json

# The decoder alone, on photos and on captions of photos that are not at hand.
head -n 60000 "$data/text/coco_captions.txt" >"$parts/coco.txt"
head -n 20000 "$data/text/flickr30k_captions.txt" >"$parts/flickr30k.txt"
part start "$everyday" "$flickr8k" --images "$data/everyday/images" "$data/flickr8k/images" \
    --by-source --encoder "$shared/encoder/efficientnet_lite0.safetensors" --image-size 224 \
    --image-input every --min-count 6 --micro-batch 16 \
    --text "$parts/coco.txt" "$parts/flickr30k.txt" --text-captions 5 --text-epochs 1 \
    --epochs 3 --freeze-encoder 3

# Both halves and the word head, on what is not a photo as well. Each part begins with a high rate again.
drawings=$parts/drawings
[ -e "$drawings/drawings.json" ] || "$home/build/drawings" "$drawings" 2500 --size 160-256
joint() { # NAME START FLAGS...
    name=$1
    start=$2
    shift 2
    part "$name" "$everyday" "$flickr8k" "$drawings/drawings.json" \
        --images "$data/everyday/images" "$data/flickr8k/images" "$drawings" --by-source \
        --init "$parts/$start.safetensors" --micro-batch 8 --freeze-encoder 0 --joint-lr 5e-4 \
        --encoder-lr 1.3e-4 --drop-path 0.1 --crop 0.5 --color 0.3 "$@"
}
joint learned start --vocab extend --min-count 6 --tags 1000 --epochs 2
joint learned-more learned --vocab keep --epochs 2

# The styles of the data sets; then rewarded. Three lines that part here.
joint rewarded learned-more --vocab keep --styles coco web flickr8k --epochs 2 --self-critical 5 \
    --self-critical-lr 2e-4
joint second learned-more --vocab keep --styles coco web flickr8k --epochs 2 --seed 3 \
    --image-dropout 0.3 --drop-path 0.15
joint second-rewarded second --vocab keep --styles coco web flickr8k --epochs 0 --self-critical 4 \
    --self-critical-lr 2e-4 --self-critical-bleu 0.5 --seed 3 --image-dropout 0.25 --drop-path 0.12
joint third learned-more --vocab keep --styles coco web flickr8k --epochs 2 --self-critical 4 \
    --self-critical-lr 2e-4 --self-critical-temperature 0.4 --self-critical-bleu 1 --seed 5 \
    --image-dropout 0.25 --drop-path 0.15

# The mean of the three, shown photos a little larger than those they learned from.
"$home/build/caption" train "$everyday" "$flickr8k" \
    --images "$data/everyday/images" "$data/flickr8k/images" --by-source \
    --init "$parts/rewarded.safetensors" \
    --mean-with "$parts/second-rewarded.safetensors" "$parts/third.safetensors" \
    --vocab keep --epochs 0 --image-size 288 -o "$parts/larger.safetensors"

# Its search part, beside the finished captioner: sentences and the photos that they describe.
searching=$parts/searching
if [ ! -e "$searching.safetensors" ]; then
    "$home/build/caption" train "$everyday" "$flickr8k" \
        --images "$data/everyday/images" "$data/flickr8k/images" --by-source \
        --init "$parts/larger.safetensors" --search --no-flip -o "$searching.unfinished"
    rm -f "$searching.unfinished.features"
    mv "$searching.unfinished" "$searching.safetensors"
fi

# How sure it is of captions and tags, by the validation photos.
"$home/build/caption" eval "$everyday" "$flickr8k" \
    --images "$data/everyday/images" "$data/flickr8k/images" --by-source \
    -m "$searching.safetensors" --calibrate "$output"
