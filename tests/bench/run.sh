#!/bin/sh
# Everything that is claimed of speed and memory, beside its peers on this machine, as Markdown tables:
# medians of several runs that take turns (ours, the peer's, ours, ...), so that what else the machine
# does falls on both.
#
#     sh tests/bench/run.sh [--runs N] [--levels L,L] [--no-install] [SECTION...]
#
# Sections: roofline encoder torch training decoder beam photos sessions start folder search growth; all unless
# named. Three runs without --runs. Installs what is missing: OpenCV of Debian, and OpenVINO, ONNX Runtime and
# PyTorch of PyPI in a virtual environment, build/peers. A peer that cannot be had leaves its columns empty. The tables
# go to stdout, all else to stderr; growth draws its curves in build/curves, too. Run it on an otherwise idle machine.
#
# Peers count with the best of their settings on each row, which the last column names: OpenVINO with one stream
# or one a thread; ONNX Runtime with one caller or one a thread; PyTorch eager, or traced and frozen; contiguous or
# channels-last; one thread, two, or two callers of one each; with glibc's malloc keeping its memory; and, where it
# says bfloat16, in that precision.
#
# --no-install builds and installs nothing. --levels L,L limits section encoder to instruction sets: plain (SSE),
# avx2, avxvnni, avx512, all. Without it, each that this processor has.
set -eu

cd "$(dirname "$0")/../.."
runs=3
sections=
levels=
install=yes
while [ $# -gt 0 ]; do
    case $1 in
    --runs)
        runs=${2:-}
        shift
        ;;
    --no-install) install= ;;
    --levels)
        levels=$(echo "${2:-}" | tr ',' ' ')
        shift
        ;;
    roofline | encoder | torch | training | decoder | beam | photos | sessions | start | folder | search | growth)
        sections="$sections $1"
        ;;
    *)
        echo "run.sh: expected --runs N, --levels L,L or a section, found '$1' (see the top of this file)" >&2
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
sections=${sections:-roofline encoder torch training decoder beam photos sessions start folder search growth}

read -r load _ </proc/loadavg
if awk -v load="$load" 'BEGIN { exit load < 0.5 }'; then
    echo "run.sh: THIS MACHINE IS BUSY (load average $load): the ratios will flatter one side" >&2
fi
processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
flags=$(sed -n 's/^flags[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE # OpenBLAS's own choices count
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

# The instruction sets that this processor has, the highest last.
all_levels() {
    found=plain more=
    for pair in avx2:avx2 avxvnni:avx_vnni avx512:avx512f; do
        case " $flags " in *" ${pair#*:} "*) found="$found ${pair%:*}" ;; esac
    done
    case " $flags " in *" avx512_vnni "* | *" avx512_bf16 "* | *" amx_tile "*) more=all ;; esac
    echo $found $more
}

# Both sides limited to an instruction set: ours, and oneDNN of OpenVINO and PyTorch. ONNX Runtime has no setting
# for that: of it, a copy counts that sees no AVX (without_avx.py), at the lowest set and the highest.
limit_to() { # LEVEL
    case $1 in
    plain) isa=SSE41 ;;
    avx2) isa=AVX2 ;;
    avxvnni) isa=AVX2_VNNI ;;
    avx512) isa=AVX512_CORE ;;
    *) isa=DEFAULT ;;
    esac
    export ONEDNN_MAX_CPU_ISA="$isa" CAPTION_SIMD="$1"
    [ "$1" != all ] || unset CAPTION_SIMD
}

precisions_of() { # LEVEL
    case $1:" $flags " in
    all:*" avx512_bf16 "* | all:*" amx_bf16 "*) echo f32 bf16 int8 ;;
    *) echo f32 int8 ;;
    esac
}

# One instruction set and precision: batch 1 on one thread and on all, batch 16 on one thread.
encoder_level() { # LEVEL PRECISION
    prefix=$1_$2 level=$1 precision=$2
    label=forward
    [ "$precision" = f32 ] || label="forward $precision"
    build/tests/bench_encoder efficientnet_lite0 224 16 "$threads" "$precision" >"$work/bench"
    take "ours_${prefix}_1_1" encoder_figure "$label" 1 1
    take "ours_${prefix}_1_2" encoder_figure "$label" 1 2
    take "ours_${prefix}_16_1" encoder_figure "$label" 16 1
    for shape in 1_1 1_2 16_1; do
        photos=${shape%_*} count=${shape#*_}
        take_engine "openvino_${prefix}_$shape" openvino "$precision" "$photos" "$count"
        [ "$precision" != bf16 ] || continue
        case $level in
        plain) take_onnxruntime_without_avx "onnxruntime_${prefix}_$shape" "$precision" "$photos" "$count" ;;
        "$highest") take_engine "onnxruntime_${prefix}_$shape" onnxruntime "$precision" "$photos" "$count" ;;
        esac
    done
}

encoder_run() {
    for level_run in $levels; do
        limit_to "$level_run"
        for precision_run in $(precisions_of "$level_run"); do
            encoder_level "$level_run" "$precision_run"
        done
    done
    unset ONEDNN_MAX_CPU_ISA CAPTION_SIMD
}

encoder_rows() { # LEVEL PRECISION
    for shape in 1_1 1_2 16_1; do
        key=$1_$2_$shape
        best "best_$key" less "openvino_$key" "onnxruntime_$key"
        case $shape in
        1_1) what="batch 1, 1 thread" ;;
        1_2) what="batch 1, 2 threads, each its own photos" ;;
        *) what="batch 16, 1 thread" ;;
        esac
        row "$1, $2, $what" "ours_$key" "best_$key" less ""
    done
}

encoder() {
    found=$(all_levels)
    highest=${found##* }
    levels=${levels:-$found}
    onnx=build/onnx
    case " $levels " in *" plain "*) onnxruntime_without_avx ;; esac
    mkdir -p "$onnx"
    for batch in 1 16; do
        [ -z "$onnxruntime" ] || [ -e "$onnx/$batch.int8.onnx" ] ||
            "$peers_python" tests/bench/engine_model.py "$model" 224 "$batch" "$onnx/$batch" >&2
    done
    each_run encoder_run
    heading "Encoder: efficientnet_lite0 at 224 pixels, by instruction set" "milliseconds a photo"
    for level in $levels; do
        for precision in $(precisions_of "$level"); do encoder_rows "$level" "$precision"; done
    done
    printf '\nONNX Runtime counts at the highest instruction set, and at plain by a copy that sees no AVX.\n'
}

# PyTorch's forward, and training of the encoder alone.
torch_run() {
    build/tests/bench_encoder efficientnet_lite0 224 4 "$threads" >"$work/bench"
    take f32_1 encoder_figure forward 1 1
    take f32_2 encoder_figure forward 1 2
    take backward_2 encoder_figure "forward + backward" 4 2
    take_torch_kept torch_1_1 1 encoder_peer.py forward 1 1
    take_torch_kept torch_1_2 2 encoder_peer.py forward 1 2
    take_torch_kept torch_callers 1 encoder_peer.py forward 1 1 2
    for batch in 4 8 16; do
        take_torch "torch_backward_$batch" 2 encoder_peer.py training "$batch" 2
    done
}

torch() {
    each_run torch_run
    best torch_2 less torch_1_1 torch_1_2 torch_callers
    best torch_backward less torch_backward_4 torch_backward_8 torch_backward_16
    heading "Encoder beside PyTorch" "milliseconds a photo"
    row "forward, batch 1, 1 thread, float32" f32_1 torch_1_1 less PyTorch
    row "forward, batch 1, 2 threads, each its own photos, float32" f32_2 torch_2 less PyTorch
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

# The model as it is, and a copy whose weights are packed in a file beside it.
start_run() {
    for name in $material_names; do
        for _ in 1 2 3 4 5; do
            take "start_$name" process "start_$name" "$caption" -m "$model" "$work/$name.jpg"
            take "start_packed_$name" process "start_packed_$name" "$caption" -m "$work/packed.safetensors" \
                "$work/$name.jpg"
        done
    done
    for part_threads in 1 2 packed; do
        case $part_threads in
        packed) set -- "$work/packed.safetensors" 2 ;;
        *) set -- "$model" "$part_threads" ;;
        esac
        build/tests/bench_start "$1" "$work/500x375.jpg" "$2" >"$work/bench"
        for part in $start_parts; do
            take "start_${part}_$part_threads" photo_figure "$part"
        done
    done
    [ -z "$torch" ] || take import_torch process import_torch "$torch_python" -c 'import torch'
}

start_parts="open pack decode workspaces encode search sum"

start() {
    material_photos
    cp "$model" "$work/packed.safetensors"
    "$caption" info --pack "$work/packed.safetensors" >/dev/null
    each_run start_run
    printf '\n### `caption photo.jpg`, from nothing to the caption\n\n'
    printf '| photo | milliseconds | weights packed in a file (`caption info --pack`) | peak memory, MB |\n|---|---:|---:|---:|\n'
    for name in $material_names; do
        printf '| %s | %s | %s | %s |\n' "$name" "$(median "$work/start_$name")" \
            "$(median "$work/start_packed_$name")" "$(median "$work/start_${name}_memory")"
    done
    [ -z "$torch" ] || printf '| `python3 -c "import torch"` alone | %s | | %s |\n' \
        "$(median "$work/import_torch")" "$(median "$work/import_torch_memory")"
    printf '\nIts parts, 500x375, milliseconds:\n\n| part | 1 thread | 2 threads | 2 threads, packed in a file |\n|---|---:|---:|---:|\n'
    for part in $start_parts; do
        printf '| %s | %s | %s | %s |\n' "$part" "$(median "$work/start_${part}_1")" \
            "$(median "$work/start_${part}_2")" "$(median "$work/start_${part}_packed")"
    done
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
    take folder_low folder_figure folder_low -t 2
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
        *) what="2 threads, auto" ;;
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

# --- how it grows ------------------------------------------------------------------------------------

curve() { # NAME TITLE XLABEL YLABEL: draws build/curves/NAME.svg of $work/NAME.tsv, and prints the numbers
    name=$1
    python3 tests/bench/curves.py "build/curves/$name.svg" "$2" "$3" "$4" ${5:-} <"$work/$name.tsv"
    printf '\n### %s (`build/curves/%s.svg`)\n\n| what | %s | %s |\n|---|---:|---:|\n' "$2" "$name" "$3" "$4"
    awk -F '\t' '{ printf "| %s | %s | %s |\n", $1, $2, $3 }' "$work/$name.tsv"
}

point() { # NAME SERIES X FILE: the median of a file of figures
    printf '%s\t%s\t%s\n' "$2" "$3" "$(median "$work/$4")" >>"$work/$1.tsv"
}

growth_sizes="160 192 224 256 288 320 352 384"
growth_beams="1 2 3 5 8 12 16"
growth_words="1000 2000 4000 8000 16000 32000"
growth_flights="1 2 4 8 16"

growth_run() {
    for size in $growth_sizes; do
        for precision in f32 int8; do
            build/tests/bench_encoder efficientnet_lite0 "$size" 1 1 "$precision" >"$work/bench"
            label=forward
            [ "$precision" = f32 ] || label="forward $precision"
            take "size_${size}_$precision" encoder_figure "$label" 1 1
        done
    done
    for beam in $growth_beams; do
        build/tests/bench_beam "$beam" 12 1 >"$work/bench"
        take "by_beam_$beam" beam_milliseconds 1 1
    done
    for words in $growth_words; do
        build/tests/bench_beam 5 12 1 f32 "$words" >"$work/bench"
        take "by_words_$words" beam_milliseconds 1 1
    done
    for count in $(seq "$(nproc)"); do
        take "by_threads_$count" folder_figure growth_threads -t "$count" --precision f32
        take "by_threads_int8_$count" folder_figure growth_threads -t "$count" --precision int8
    done
    for count in $growth_flights; do
        take "flight_$count" flight_memory "$count"
    done
}

beam_milliseconds() { # PHOTOS THREADS
    beam_figure "$1" "$2" | awk '{ printf "%.3f\n", 1e3 / $1 }'
}

# `-t N` has up to 48 N photos in flight.
flight_memory() { # THREADS
    /usr/bin/time -f '%M' -o "$work/memory" "$caption" -m "$model" -t "$1" "$work/folder" >/dev/null || return 1
    awk '{ printf "%.1f\n", $1 / 1000 }' "$work/memory"
}

growth() {
    mkdir -p build/curves
    material_folder 200
    each_run growth_run
    for precision in f32 int8; do
        for size in $growth_sizes; do point sizes "$precision" "$size" "size_${size}_$precision"; done
    done
    for beam in $growth_beams; do point beams "one photo" "$beam" "by_beam_$beam"; done
    for words in $growth_words; do point vocabulary "one photo, beam 5" "$words" "by_words_$words"; done
    for count in $(seq "$(nproc)"); do
        point threads f32 "$count" "by_threads_$count"
        point threads int8 "$count" "by_threads_int8_$count"
    done
    # On paper: each further thread brings what the last one measured brought.
    awk -F '\t' -v most=16 '{ last[$1] = $3; first[$1] = first[$1] ? first[$1] : $3; n[$1] = $2 }
        END { for (s in last) for (t = n[s]; t <= most; t *= 2) {
            gain = n[s] > 1 ? (last[s] - first[s]) / (n[s] - 1) : last[s]
            printf "%s (on paper)\t%d\t%.1f\n", s, t, last[s] + (t - n[s]) * gain } }' \
        "$work/threads.tsv" >"$work/paper.tsv"
    cat "$work/paper.tsv" >>"$work/threads.tsv"
    for count in $growth_flights; do point flight "peak memory" "$((48 * count))" "flight_$count"; done
    curve threads "Photos a second against threads, folder of 224 x 224" threads "photos a second"
    curve sizes "Encoder: time against image size, 1 thread" "side of the photo, pixels" "ms a photo"
    curve flight "Memory against photos in flight" "photos in flight, at most" "MB"
    curve vocabulary "Search: time against vocabulary, beam 5, 1 thread" "words" "ms a photo"
    curve beams "Search: time against beam, 3,473 words, 1 thread" "beam" "ms a photo"
}

cat <<TEXT
Processor: ${processor:-$(uname -m)}, $(nproc) of its cores. OpenVINO ${openvino:-not installed}, ONNX Runtime
${onnxruntime:-not installed}, PyTorch ${torch:-not installed}, OpenCV ${opencv:-not installed}.
Load average when it began: $load. Medians of $runs interleaved runs; a ratio above 1 is in our favour.
TEXT
for section in $sections; do "$section"; done
