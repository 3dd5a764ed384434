# shellcheck shell=sh disable=SC2034
# The photos that run.sh measures on, made in $work: real ones, enlarged where they must be. Sourced by
# run.sh.

material_names="224x224 500x375 4000x3000"

# Five of the freely licensed photos that samples/fetch_photos.sh fetches.
material_five="astronaut.png camera.png chelsea.png coffee.png rocket.jpg"

# One of them as JPEGs of those sizes.
material_photos() {
    [ ! -e "$work/224x224.jpg" ] || return 0
    command -v convert >/dev/null || sh samples/packages.sh imagemagick
    sh samples/fetch_photos.sh >&2
    for name in $material_names; do
        # What a camera adds: noise, so that the largest is as costly to decode as a photo.
        convert samples/photos/chelsea.png -resize "$name!" -attenuate 0.15 +noise Gaussian \
            -sampling-factor 4:2:0 -quality 90 "$work/$name.jpg"
    done
}

# `count` different photos of 224 x 224: parts of the five.
material_folder() { # COUNT
    [ ! -e "$work/folder" ] || return 0
    command -v convert >/dev/null || sh samples/packages.sh imagemagick
    sh samples/fetch_photos.sh >&2
    mkdir "$work/folder"
    each=$(($1 / 5))
    for photo in $material_five; do
        name=${photo%.*}
        convert "samples/photos/$photo" -resize '500x500!' "$work/whole.ppm"
        for i in $(seq "$each"); do
            left=$((i * 37 % 250)) top=$((i * 101 % 250)) side=$((224 + i % 26))
            echo "-size 500x500 $work/whole.ppm[${side}x$side+$left+$top] -resize 224x224! -quality 90 -write $work/folder/$name-$i.jpg +delete"
        done | xargs -n 200 convert 2>/dev/null || true
    done
    count=$(find "$work/folder" -name '*.jpg' | wc -l)
    if [ "$count" -ne "$1" ]; then # the figures count on them
        echo "run.sh: made $count photos, not $1" >&2
        exit 1
    fi
}

# `count` photos of noise with captions of eleven words, 3,469 different words among them.
material_noise() { # COUNT
    mkdir "$work/noise"
    for i in $(seq "$1"); do
        { printf 'P6\n224 224\n255\n' && head -c 150528 /dev/urandom; } >"$work/noise/$i.ppm"
    done
    awk -v photos="$1" 'BEGIN {
        for (i = 1; i <= photos; i++) {
            printf "{\"image\": \"%d.ppm\", \"split\": \"%s\", \"captions\": [", i, (i > 4 ? "train" : "val")
            for (caption = 0; caption < 5; caption++) {
                printf "%s\"", caption ? ", " : ""
                for (word = 0; word < 11; word++) printf "%sw%d", word ? " " : "", next_word++ % 3469
                printf "\""
            }
            print "]}"
        }
    }' >"$work/noise/metadata.jsonl"
}
