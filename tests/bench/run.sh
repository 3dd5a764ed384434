#!/bin/sh
# Everything that is claimed of speed and memory, beside its peers on this machine, as Markdown tables:
# medians of several runs that take turns (ours, the peer's, ours, ...), so that what else the machine
# does falls on both.
#
#     sh tests/bench/run.sh [--runs N] [SECTION...]
#
# Sections: roofline encoder training decoder beam photos sessions start folder search; all unless named.
# Three runs unless told. Installs what is missing, PyTorch and OpenCV too; a peer that is not to be had leaves its
# columns empty. The tables go to stdout, all else to stderr. Run it on an otherwise idle machine.
#
# Peers count with the best of their settings on each row, which the last column names: PyTorch eager, or
# traced and frozen; contiguous or channels-last; one thread, two, or two callers of one each; with glibc's
# malloc as it is or keeping its memory; and, where it says bfloat16, in that precision.
set -eu

cd "$(dirname "$0")/../.."
runs=3
sections=
while [ $# -gt 0 ]; do
    case $1 in
    --runs)
        runs=${2:-}
        shift
        ;;
    roofline | encoder | training | decoder | beam | photos | sessions | start | folder | search) sections="$sections $1" ;;
    *)
        echo "run.sh: expected --runs N or a section, found '$1' (see the top of this file)" >&2
        exit 2
        ;;
    esac
    shift
done
case $runs in
'' | *[!0-9]* | 0*)
    echo "run.sh: expected a number of runs, at least 1, but found '$runs'" >&2
    exit 2
    ;;
esac
sections=${sections:-roofline encoder training decoder beam photos sessions start folder search}

read -r load _ </proc/loadavg
if awk -v load="$load" 'BEGIN { exit load < 0.5 }'; then
    echo "run.sh: THIS MACHINE IS BUSY (load average $load): the ratios will flatter one side" >&2
fi
processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/bench/lib.sh
. tests/bench/material.sh
build caption benchmarks
threads=2
run=1
caption=build/caption
model=weights/caption.safetensors

each_run() { # FUNCTION
    for run in $(seq "$runs"); do
        echo "run.sh: $1, run $run of $runs" >&2
        "$1"
    done
}

# --- the machine itself -----------------------------------------------------------------------------

roofline() {
    printf '\n### The machine\n\n'
    build/tests/bench_roofline
}

# --- encoder ----------------------------------------------------------------------------------------

# The milliseconds of "forward 1 photo(s) a micro-batch, 1 thread(s): 15.32 ms a photo".
encoder_figure() { # WHAT PHOTOS THREADS
    awk -v line="$1 $2 photo(s) a micro-batch, $3 thread(s):" '
        { $1 = $1 } # single spaces
        index($0, line) == 1 { print $(NF - 3); found = 1 }
        END { if (!found) { print "run.sh: bench_encoder printed no \"" line "\"" >"/dev/stderr"; exit 1 } }
    ' "$work/bench"
}

encoder_run() {
    build/tests/bench_encoder efficientnet_lite0 224 4 "$threads" >"$work/bench"
    take f32_1 encoder_figure forward 1 1
    take f32_2 encoder_figure forward 1 2
    take bf16_1 encoder_figure "forward bf16" 1 1
    take bf16_2 encoder_figure "forward bf16" 1 2
    take int8_1 encoder_figure "forward int8" 1 1
    take int8_2 encoder_figure "forward int8" 1 2
    take backward_2 encoder_figure "forward + backward" 4 2
    build/tests/bench_encoder efficientnet_lite0 224 16 1 >"$work/bench"
    take f32_16 encoder_figure forward 16 1
    for way in take_torch take_torch_kept; do
        "$way" "${way}_1_1" 1 encoder_peer.py forward 1 1
        "$way" "${way}_1_2" 2 encoder_peer.py forward 1 2
        "$way" "${way}_callers" 1 encoder_peer.py forward 1 1 2
        "$way" "${way}_16_1" 1 encoder_peer.py forward 16 1
        "$way" "${way}_low_1" 1 encoder_peer.py bfloat16 1 1
        "$way" "${way}_low_2" 2 encoder_peer.py bfloat16 1 2
        "$way" "${way}_low_callers" 1 encoder_peer.py bfloat16 1 1 2
    done
    for batch in 4 8 16; do
        take_torch "torch_backward_$batch" 2 encoder_peer.py training "$batch" 2
    done
}

encoder() {
    each_run encoder_run
    for key in 1_1 1_2 callers 16_1 low_1 low_2 low_callers; do
        best "torch_$key" less "take_torch_$key" "take_torch_kept_$key"
    done
    best torch_2 less torch_1_1 torch_1_2 torch_callers
    best torch_any_1 less torch_1_1 torch_low_1
    best torch_any_2 less torch_2 torch_low_1 torch_low_2 torch_low_callers
    best torch_backward less torch_backward_4 torch_backward_8 torch_backward_16
    heading "Encoder: efficientnet_lite0 at 224 pixels" "milliseconds a photo"
    row "forward, batch 1, 1 thread, float32" f32_1 torch_1_1 less PyTorch
    row "forward, batch 1, 2 threads, each its own photos, float32" f32_2 torch_2 less PyTorch
    row "forward, batch 16, 1 thread, float32" f32_16 torch_16_1 less PyTorch
    row "forward, 1 thread, bf16" bf16_1 torch_any_1 less PyTorch
    row "forward, 1 thread, int8" int8_1 torch_any_1 less PyTorch
    row "forward, 2 threads, bf16" bf16_2 torch_any_2 less PyTorch
    row "forward, 2 threads, int8" int8_2 torch_any_2 less PyTorch
    row "forward, 2 threads against our own 1 thread, float32" f32_2 f32_1 less "ours, 1 thread"
    row "forward, 1 thread, bf16 against our own float32" bf16_1 f32_1 less "ours, float32"
    row "forward, 1 thread, int8 against our own float32" int8_1 f32_1 less "ours, float32"
    row "forward + backward, 2 threads (ours: 4 photos a thread)" backward_2 torch_backward less PyTorch
}

# --- training ---------------------------------------------------------------------------------------

# `caption train` itself on made-up photos: photos a second of its second epoch, peak memory in MB.
captioner_run() {
    rm -f "$work"/model*
    /usr/bin/time -f '%M' -o "$work/memory" "$caption" train "$work/noise" -o "$work/model.safetensors" \
        --encoder "$model" --image-size 224 --min-count 1 --epochs 2 --freeze-encoder 0 --batch-size 16 --micro-batch 4 \
        --threads "$threads" --crop 0 --color 0 >"$work/epochs" 2>"$work/messages" || {
        cat "$work/messages" >&2
        return 1
    }
    awk '{ printf "%.0f\n", $1 / 1000 }' "$work/memory" >>"$work/train_memory"
    awk -F '\t' -v photos=156 '$1 == "2/2" { printf "%.2f\n", photos / $9 }' "$work/epochs"
}

training_run() {
    take train_encoder build/tests/bench_train 16 4 "$threads"
    take_torch torch_train_encoder 2 train_peer.py encoder 2 4 8 16 32
    take train_captioner captioner_run
    take_torch torch_train_captioner 2 train_peer.py captioner 2 4 8 16 32
}

training() {
    material_noise 160
    each_run training_run
    heading "Training: a step forward, backward and update, 2 threads, float32" "photos a second"
    row "the encoder alone" train_encoder torch_train_encoder more "PyTorch, eager"
    row "the whole captioner (ours: \`caption train\`, photos decoded beside it)" train_captioner \
        torch_train_captioner more "PyTorch, eager"
    printf '\nPeak memory of `caption train` in these runs: %s MB.\n' "$(median "$work/train_memory")"
}

# --- the decoder learning ----------------------------------------------------------------------------

# Words a second of the better division into micro-batches.
decoder_figure() { # CELL
    build/tests/bench_decoder "$1" 512 512 3473 >"$work/bench" || return 1
    sed -n 's/^ *2 threads: .*, \([0-9]*\) words\/s.*/\1/p' "$work/bench" | sort -n | tail -n 1
}

decoder_run() {
    for cell in gru lstm; do
        take "words_$cell" decoder_figure "$cell"
        take_torch "torch_${cell}_1" 1 decoder_peer.py "$cell" 1
        take_torch "torch_${cell}_2" 2 decoder_peer.py "$cell" 2
    done
}

decoder() {
    each_run decoder_run
    heading "Decoder learning on cached features, 512 wide, 3,473 words, 100 captions a step, 2 threads" \
        "words a second"
    for cell in gru lstm; do
        best "torch_$cell" more "torch_${cell}_1" "torch_${cell}_2"
        row "$cell" "words_$cell" "torch_$cell" more PyTorch
    done
}

# --- beam search -------------------------------------------------------------------------------------

beam_figure() { # PHOTOS THREADS
    sed -n "s/^beam search, $1 photo(s), $2 thread(s): \([0-9.]*\) .*/\1/p" "$work/bench"
}

beam_run() {
    build/tests/bench_beam 3 12 "$threads" >"$work/bench"
    take beam_1 beam_figure 1 1
    take beam_64_1 beam_figure 64 1
    take beam_64_2 beam_figure 64 2
    for photos in 1 64; do
        take_torch "torch_beam_${photos}_1" 1 beam_peer.py "$photos" 1
        take_torch "torch_beam_${photos}_2" 2 beam_peer.py "$photos" 2
    done
}

beam() {
    each_run beam_run
    best torch_beam_1 more torch_beam_1_1 torch_beam_1_2
    best torch_beam_64 more torch_beam_64_1 torch_beam_64_2
    heading "Beam search, beam 3, captions of 12 words, GRU 512, 3,473 words" "captions a second"
    row "1 photo, 1 thread" beam_1 torch_beam_1 more "PyTorch, one photo a call"
    row "64 photos, 1 thread" beam_64_1 torch_beam_64 more "PyTorch, all 64 in one batch"
    row "64 photos, 2 threads" beam_64_2 torch_beam_64 more "PyTorch, all 64 in one batch"
}

# --- photos ------------------------------------------------------------------------------------------

photo_figure() { # WHICH PATH
    awk -v which="$1" '$1 == which { print $2 }' "$work/bench"
}

photos_run() {
    for name in $material_names; do
        build/tests/bench_photos "$work/$name.jpg" >"$work/bench"
        take "photo_$name" photo_figure ours
        take "stb_$name" photo_figure stb_image
        [ -n "$opencv" ] || continue
        take "opencv_$name" "$python" tests/bench/photos_peer.py "$work/$name.jpg"
    done
}

photos() {
    material_photos
    each_run photos_run
    heading "A JPEG decoded and resized to 224 x 224, 1 thread" "milliseconds"
    for name in $material_names; do
        row "$name" "photo_$name" "opencv_$name" less OpenCV
        row "$name" "photo_$name" "stb_$name" less "stb_image, then our resizing"
    done
}

# --- a captioner kept ----------------------------------------------------------------------------------

sessions_run() {
    for t in 1 2; do
        build/tests/bench_sessions "$model" "$work/500x375.jpg" "$t" >"$work/bench"
        take "calls_$t" photo_figure calls
        take "one_call_$t" photo_figure one_call
    done
}

sessions() {
    material_photos
    each_run sessions_run
    heading "Thirty calls of one photo in one session" "milliseconds a photo"
    for t in 1 2; do
        row "$t thread(s)" "calls_$t" "one_call_$t" less "one call of thirty"
    done
}

# --- from the command line ----------------------------------------------------------------------------

# Milliseconds of a whole process, and its peak memory in MB to a file.
process() { # KEY COMMAND...
    memory=$work/$1_memory
    shift
    begin=$(date +%s%N)
    /usr/bin/time -f '%M' -o "$work/memory" "$@" >/dev/null || return 1
    end=$(date +%s%N)
    awk '{ printf "%.0f\n", $1 / 1000 }' "$work/memory" >>"$memory"
    awk -v t=$((end - begin)) 'BEGIN { printf "%.1f\n", t / 1e6 }'
}

start_run() {
    for name in $material_names; do
        for _ in 1 2 3 4 5; do
            take "start_$name" process "start_$name" "$caption" -m "$model" "$work/$name.jpg"
        done
    done
    [ -z "$torch" ] || take import_torch process import_torch "$python" -c 'import torch'
}

start() {
    material_photos
    each_run start_run
    printf '\n### `caption photo.jpg`, from nothing to the caption\n\n'
    printf '| photo | milliseconds | peak memory, MB |\n|---|---:|---:|\n'
    for name in $material_names; do
        printf '| %s | %s | %s |\n' "$name" "$(median "$work/start_$name")" \
            "$(median "$work/start_${name}_memory")"
    done
    [ -z "$torch" ] || printf '| `python3 -c "import torch"` alone | %s | %s |\n' \
        "$(median "$work/import_torch")" "$(median "$work/import_torch_memory")"
}

folder_figure() { # KEY FLAGS...: photos a second
    key=$1
    shift
    process "$key" "$caption" -m "$model" "$@" "$work/folder" >"$work/milliseconds" || return 1
    awk '{ printf "%.1f\n", 1e6 / $1 }' "$work/milliseconds"
}

folder_run() {
    take folder_1 folder_figure folder_1 -t 1 --precision f32
    take folder_2 folder_figure folder_2 -t 2 --precision f32
    take folder_low folder_figure folder_low -t 2 --precision bf16
}

folder() {
    material_folder 1000
    each_run folder_run
    printf '\n### A folder of 1,000 photos of 224 x 224, beam 3\n\n'
    printf '| what | photos a second | peak memory, MB |\n|---|---:|---:|\n'
    for key in folder_1 folder_2 folder_low; do
        case $key in
        folder_1) what="1 thread, float32" ;;
        folder_2) what="2 threads, float32" ;;
        *) what="2 threads, bf16" ;;
        esac
        printf '| %s | %s | %s |\n' "$what" "$(median "$work/$key")" "$(median "$work/${key}_memory")"
    done
    awk -v one="$(median "$work/folder_1")" -v two="$(median "$work/folder_2")" \
        'BEGIN { printf "\nTwo threads are %.2f times one.\n", two / one }'
}

search_run() {
    for _ in 1 2 3 4 5; do
        take search process search "$caption" search -m "$model" -i "$work/photos.index" "a dog in the snow"
    done
}

search() {
    build/tests/bench_index "$model" 100000 "$work/photos.index"
    each_run search_run
    printf '\n### `caption search -i`, 100,000 made-up photos, from nothing to the ten best\n\n'
    printf '| milliseconds | peak memory, MB |\n|---:|---:|\n| %s | %s |\n' "$(median "$work/search")" \
        "$(median "$work/search_memory")"
}

cat <<TEXT
Processor: ${processor:-$(uname -m)}, $(nproc) of its cores. PyTorch ${torch:-not installed}, OpenCV ${opencv:-not installed}.
Load average when it began: $load. Medians of $runs interleaved runs; a ratio above 1 is in our favour.
TEXT
for section in $sections; do "$section"; done
