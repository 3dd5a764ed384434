#!/bin/sh
# Training that starts from others' weights: a captioner learned within the test is fine-tuned on new
# photos with each choice of vocabulary; an encoder with torchvision's names is imported; and what
# contradicts is refused by name.
. "$(dirname "$0")/lib.sh"

# dataset NAME COLOURS: 30 photos of towers and walls in two colours ("red:220:20:20 ..."), with two
# captions each in Karpathy's format.
dataset() {
    mkdir "$work/$1"
    awk -v folder="$work/$1" -v list="$work/$1.json" -v colors="$2" '
function paint(file, wide, along, across, thick,    x, y, u, inside) {
    printf "P6\n32 32\n255\n" >file
    for (y = 0; y < 32; y++)
        for (x = 0; x < 32; x++) {
            u = wide ? y : x
            inside = u >= across && u < across + thick && (wide ? x : y) >= along
            if (inside) printf "%c%c%c", part[2], part[3], part[4] >file
            else printf "%c%c%c", 220, 220, 220 >file
        }
    close(file)
}
BEGIN {
    count = split(colors, color, " "); split("tower wall", shape)
    printf "{\"images\": [" >list
    for (i = 0; i < 30; i++) {
        split(color[i % count + 1], part, ":")
        s = int(i / count) % 2 + 1; place = int(i / (2 * count)) % 5
        name = sprintf("%02d.ppm", i)
        paint(folder "/" name, s == 2, place, 4 + place * 4, 6 + place % 3)
        printf "%s{\"filename\": \"%s\", \"imgid\": %d, \"split\": \"train\", \"sentences\": [", \
            i ? ", " : "", name, i >list
        printf "{\"tokens\": [\"a\", \"%s\", \"%s\"]}, ", part[1], shape[s] >list
        printf "{\"tokens\": [\"a\", \"%s\", \"%s\", \"on\", \"grey\"]}]}", part[1], shape[s] >list
    }
    printf "]}\n" >list
}'
}
dataset old "red:220:20:20 green:20:180:20 blue:20:20:220"
dataset new "red:220:20:20 yellow:230:220:20"

train() { # DATASET MODEL FLAGS...
    data=$1
    model=$2
    shift 2
    run train "$work/$data.json" --val "$work/$data.json" --images "$work/$data" \
        --output "$work/$model.safetensors" --features "$work/features" --batch-size 6 \
        --joint-lr 3e-3 --encoder-lr 1e-4 --label-smoothing 0 --average 0 --dropout 0 --crop 0 \
        --color 0 --seed 3 "$@"
}

# right DATASET MODEL: how many of its photos are captioned as the data set has it.
right() {
    "$program" -m "$work/$2.safetensors" "$work/$1" 2>"$err" | sed "s|^$work/$1/||" | sort \
        >"$work/said.tsv"
    jq -r '.images[] | .filename as $name | .sentences[].tokens | [$name, join(" ")] | @tsv' \
        "$work/$1.json" | sort | comm -12 - "$work/said.tsv" | wc -l
}

# expect_right COUNT DATASET MODEL WHAT
expect_right() {
    found=$(right "$2" "$3")
    if [ "$found" -ge "$1" ]; then
        ok "$4: $found of 30 captions are right"
    else
        fail "$4: $found of 30 captions are right, $1 expected"
        head -n 8 "$work/said.tsv"
    fi
}

words() { # MODEL
    "$program" info --vocabulary "$work/$1.safetensors" | cut -f 1 | sort | tr '\n' ' '
}

expect_words() { # MODEL WORDS
    found=$(words "$1")
    [ "$found" = "$2 " ] || fail "the words of $1: expected $2, found $found"
}

train old start --encoder-arch tiny --image-size 32 --hidden 48 --embed 40 --min-count 1 --cell gru \
    --batch-size 30 --epochs 200 --encoder-lr 5e-3
expect 0 "a captioner is learned from scratch"
expect_right 27 old start "from scratch"
expect_words start "a blue green grey on red tower wall"

# Extended, and hardly trained: all that it knew is still there.
train new barely --init "$work/start.safetensors" --min-count 1 --epochs 1 --freeze-encoder 1 \
    --lr 1e-6
expect 0 "one epoch that changes next to nothing"
expect_words barely "a blue green grey on red tower wall yellow"
expect_right "$(right old start)" old barely "extended, its old photos"
run info "$work/barely.safetensors"
expect_in "$out" "gru, embedding 40, hidden 48" "32 x 32" "$work/start.safetensors" "init data" \
    "init encoder start"
"$program" info --vocabulary "$work/barely.safetensors" | cut -f 2 >"$work/counts"
sort -rn "$work/counts" | cmp -s - "$work/counts" || fail "the words are ordered by falling count"

train new extended --init "$work/start.safetensors" --min-count 1 --epochs 20 --freeze-encoder 4
expect 0 "fine-tuned with the words of both"
expect_words extended "a blue green grey on red tower wall yellow"
expect_right 27 new extended "extended, its new photos"

train new kept --init "$work/start.safetensors" --vocab keep --min-count 1 --epochs 4 \
    --freeze-encoder 4
expect 0 "fine-tuned with its own words"
expect_words kept "a blue green grey on red tower wall"
"$program" -m "$work/kept.safetensors" "$work/new" >"$out"
if grep -q yellow "$out"; then fail "a word that it was not to learn"; fi

train new rebuilt --init "$work/start.safetensors" --vocab rebuild --min-count 1 --epochs 20 \
    --freeze-encoder 4
expect 0 "fine-tuned with the words of the data alone"
expect_words rebuilt "a grey on red tower wall yellow"
expect_right 27 new rebuilt "rebuilt, its new photos"

train old tagged --init "$work/start.safetensors" --vocab keep --tags 5 --epochs 1 --freeze-encoder 1
expect 0 "with tags"
train new retagged --init "$work/tagged.safetensors" --vocab rebuild --min-count 1 --epochs 1 --freeze-encoder 1
expect 0 "tags that the data has no word for keep theirs"
"$program" info --json "$work/retagged.safetensors" | jq -e '.tags == 5' >"$out" || fail "as many tags"
expect_words retagged "a blue green grey on red tower wall yellow"

train new rare --init "$work/start.safetensors" --min-count 100 --epochs 1 --freeze-encoder 1
expect 0 "no word of the data is frequent enough"
expect_words rare "a blue green grey on red tower wall"

# The same weights, shown larger photos.
train old larger --init "$work/start.safetensors" --vocab keep --image-size 48 --epochs 0
expect 0 "a captioner is shown larger photos"
run info "$work/larger.safetensors"
expect_in "$out" "48 x 48"
expect_right 20 old larger "shown larger photos"
train old larger --init "$work/start.safetensors" --vocab keep --image-size 8 --epochs 0
expect 1 "photos too small to be seen"
expect_in "$err" "side of the photo: expected 16 to 1024 pixels, found 8"

# Two that learned from one start: their mean knows what both have learned.
for seed in 4 5; do
    train new "line$seed" --init "$work/start.safetensors" --min-count 1 --epochs 20 \
        --freeze-encoder 4 --seed "$seed"
    expect 0 "a line of its own"
done
train new mean --init "$work/line4.safetensors" --mean-with "$work/line5.safetensors" --vocab keep \
    --epochs 0
expect 0 "the mean of two"
expect_right 27 new mean "the mean of two"
cmp -s "$work/mean.safetensors" "$work/line4.safetensors" && fail "a mean that is one of the two"
run info "$work/mean.safetensors"
expect_in "$out" "$work/line4.safetensors" "mean with" "$work/line5.safetensors"
train new mean --init "$work/line4.safetensors" --mean-with "$work/rebuilt.safetensors" --epochs 0
expect 2 "models of other words have no mean"
expect_in "$err" "rebuilt.safetensors: cannot be averaged with the others: its number of words"
train new mean --encoder-arch tiny --mean-with "$work/line5.safetensors"
expect 2 "nothing to take the mean with"
expect_in "$err" "--mean-with $work/line5.safetensors: contradicts --encoder-arch"

# A model brings its sizes.
refused() { # FLAG VALUE TEXT...
    flag=$1
    value=$2
    shift 2
    train new refused --init "$work/start.safetensors" "$flag" "$value"
    expect 2 "--init and $flag $value"
    expect_in "$err" "$flag $value: contradicts --init $work/start.safetensors" "$@"
    [ ! -e "$work/refused.safetensors" ] || fail "a model in spite of a contradiction"
}
refused --cell lstm "whose cell is gru"
refused --image-input every "whose image input is first"
refused --hidden 64 "whose hidden size is 48"
refused --embed 48 "whose embedding size is 40"
refused --encoder "$work/start.safetensors" "which brings an encoder of its own"
refused --encoder-arch tiny "which brings an encoder of its own"
train new agreed --init "$work/start.safetensors" --cell gru --hidden 48 --embed 40 --image-size 32 \
    --min-count 1 --epochs 1 --freeze-encoder 1
expect 0 "flags that agree with --init"
train new refused --encoder-arch tiny --vocab keep
expect 2 "--vocab without a captioner"
expect_in "$err" "--vocab keep: contradicts --encoder-arch"
train new refused --init "$work/start.safetensors" --vocab all
expect 2 "a vocabulary that is no choice"
expect_in "$err" "keep|extend|rebuild"
train new refused --init "$work/absent.safetensors"
expect 1 "a captioner that is absent"
expect_in "$err" "$work/absent.safetensors"

# The encoder of a captioner alone.
train new encoder --encoder "$work/start.safetensors" --cell lstm --hidden 32 --embed 24 \
    --min-count 1 --lr 5e-3 --epochs 50 --freeze-encoder 25
expect 0 "a new decoder on the encoder of a captioner"
expect_words encoder "a grey on red tower wall yellow"
expect_right 24 new encoder "a new decoder"
run info "$work/encoder.safetensors"
expect_in "$out" "lstm, embedding 24, hidden 32" "32 x 32" "stem_c16 ds_r1_k3_s1_e1_c24"

# A decoder that sees the image with every word, and stays so.
train new every --encoder "$work/start.safetensors" --image-input every --hidden 32 --embed 24 \
    --min-count 1 --lr 5e-3 --epochs 30 --freeze-encoder 25
expect 0 "a new decoder that sees the image at every step"
expect_right 24 new every "the image at every step"
train new again --init "$work/every.safetensors" --min-count 1 --epochs 2 --freeze-encoder 1
expect 0 "fine-tuned, the image at every step"
expect_right 24 new again "fine-tuned, the image at every step"
run info "$work/again.safetensors"
expect_in "$out" "gru, embedding 24, hidden 32, image input every"
train new refused --init "$work/every.safetensors" --image-input first
expect 2 "--init and another way to see the image"
expect_in "$err" "--image-input first: contradicts --init $work/every.safetensors" \
    "whose image input is every"
train new refused --encoder-arch tiny --image-input never
expect 2 "an image input that is no choice"
expect_in "$err" "first|every"

# torchvision_file FILE: a mobilenet_v2 of some widths, its numbers a formula, as torchvision's
# state_dict would be saved: batch norm beside the convolutions, and a classifier.
torchvision_file() {
    awk -v header="$work/header" -v data="$work/data" '
function entry(name, shape, count) {
    printf "%s\"%s\":{\"dtype\":\"F16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}", \
        (end ? "," : "{"), name, shape, end, end + 2 * count >header
    end += 2 * count
}
# F16 numbers by their high byte, the low one being noise: 0x20.. is about 0.01, 0x3c.. about 1.
function numbers(count, high, sign,    i) {
    for (i = 0; i < count; i++) {
        noise = (noise * 75 + 74) % 65537
        printf "%c%c", 1 + noise % 127, high + (sign && noise % 2 ? 128 : 0) >data
    }
}
function norm(name, channels) {
    entry(name ".weight", channels, channels); numbers(channels, 60, 0)
    entry(name ".bias", channels, channels); numbers(channels, 44, 1)
    entry(name ".running_mean", channels, channels); numbers(channels, 40, 1)
    entry(name ".running_var", channels, channels); numbers(channels, 56, 0)
}
function convolution(name, normed, out, inputs, kernel,    count) {
    count = out * inputs * kernel * kernel
    entry(name ".weight", out "," inputs "," kernel "," kernel, count)
    numbers(count, kernel > 1 ? 52 : 48, 1)
    norm(normed, out)
}
function block(i, inputs, out,    p, wide) {
    p = "features." i ".conv."; wide = inputs * 6
    convolution(p "0.0", p "0.1", wide, inputs, 1)
    convolution(p "1.0", p "1.1", wide, 1, 3)
    convolution(p "2", p "3", out, wide, 1)
}
BEGIN {
    convolution("features.0.0", "features.0.1", 8, 3, 3)
    convolution("features.1.conv.0.0", "features.1.conv.0.1", 8, 1, 3)
    convolution("features.1.conv.1", "features.1.conv.2", 8, 8, 1)
    block(2, 8, 12); block(3, 12, 12); block(4, 12, 16)
    convolution("features.5.0", "features.5.1", 64, 16, 1)
    entry("classifier.1.bias", "2", 2); numbers(2, 60, 0)
    printf "}" >header
}' </dev/null
    size=$(wc -c <"$work/header")
    {
        printf "$(printf '\\%03o\\%03o\\0\\0\\0\\0\\0\\0' $((size % 256)) $((size / 256)))"
        cat "$work/header" "$work/data"
    } >"$1"
}
torchvision_file "$work/torchvision.safetensors"
wide="pad_symmetric stem_c8 ds_r1_k3_s1_e1_c8 ir_r2_k3_s2_e6_c12 ir_r1_k3_s2_e6_c16 head_c64"
train new imported --encoder "$work/torchvision.safetensors" --encoder-arch "$wide" --image-size 32 \
    --hidden 48 --embed 48 --min-count 1 --lr 3e-3 --epochs 40 --freeze-encoder 10
expect 0 "an encoder with torchvision's names"
expect_right 24 new imported "on an encoder with torchvision's names"
run info "$work/imported.safetensors"
expect_in "$out" "$wide" "mean 123.675 116.28 103.53, std 58.395 57.12 57.375" \
    "$work/torchvision.safetensors"
train new refused --encoder "$work/torchvision.safetensors"
expect 1 "an encoder of no known widths"
expect_in "$err" "$work/torchvision.safetensors: tensor \"features.0.0.weight\": expected shape" \
    "[32, 3, 3, 3], found [8, 3, 3, 3] (compared with mobilenetv2, the nearest encoder known)"
train new refused --encoder "$work/torchvision.safetensors" --encoder-arch tiny
expect 1 "an encoder that is not what it is said to be"
expect_in "$err" "tensor \"features.0.0.weight\": expected shape [16, 3, 3, 3], found [8, 3, 3, 3]"

# With nothing named, the shipped model.
train new shipped --hidden 64
expect 2 "the shipped model brings its sizes"
expect_in "$err" "--hidden 64: contradicts" "caption.safetensors, whose hidden size is 512"
CAPTION_MODEL=$work/start.safetensors
export CAPTION_MODEL
train new default --min-count 1 --epochs 1 --freeze-encoder 1 --lr 0
expect 0 "the model that is used when none is named is the one to start from"
expect_words default "a blue green grey on red tower wall yellow"

finish
