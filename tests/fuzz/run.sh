#!/bin/sh
# run.sh SECONDS [TARGET...]: builds the fuzz targets with clang's libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, runs each for SECONDS on a copy of its corpus, one on each processor, and prints its share
# and how much of the sources they reach. What breaks a promise is left in build-fuzz/found, and is the exit status.
set -eu

cd "$(dirname "$0")/../.."
seconds=${1:?how many seconds each target is run for is the first argument}
shift
sh samples/packages.sh clang libclang-rt-dev llvm
export LC_ALL=C

build=build-fuzz
cmake -S . -B $build -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_FUZZ=ON
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||')
cmake --build $build -j "$(nproc)" --target $(printf 'fuzz_%s ' "$@")
programs=$build/tests/fuzz
mkdir -p $build/found

# fuzz TARGET: runs it; its processor time and the number of its inputs are added to $build/tally.
fuzz() {
    mkdir -p "$build/corpus/$1"
    dictionary=tests/fuzz/$1.dict
    LLVM_PROFILE_FILE=$build/$1.profraw "$programs/fuzz_$1" \
        -max_total_time="$seconds" -timeout="${FUZZ_TIMEOUT:-20}" -rss_limit_mb=2048 -max_len=16384 \
        -print_final_stats=1 -artifact_prefix="$build/found/$1-" -verbosity=0 \
        $([ ! -e "$dictionary" ] || echo "-dict=$dictionary") \
        "$build/corpus/$1" "tests/fuzz/corpus/$1" 2>"$build/$1.log"
    result=$?
    inputs=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$build/$1.log")
    times >"$build/$1.times" # in a pipe it would be another process's
    awk -v target="$1" -v inputs="${inputs:-0}" -F '[ms ]+' \
        'NR == 2 { printf "%s %.1f %d\n", target, 60 * ($1 + $3) + $2 + $4, inputs }' \
        "$build/$1.times" >>"$build/tally"
    [ "$result" -eq 0 ] || cat "$build/$1.log" >&2
    return $result
}

# share NUMBER OF TARGET...: runs every OFth target, from the NUMBERth; those that found something go to $build/failed.
share() {
    number=$1 of=$2
    shift 2
    for target; do
        number=$((number - 1))
        [ $number -eq 0 ] || continue
        number=$of
        echo "== $target"
        (fuzz "$target") || echo "$target" >>"$build/failed"
    done
}

: >"$build/failed"
processors=$(nproc)
for number in $(seq "$processors"); do share "$number" "$processors" "$@" & done
wait
failed=$(tr '\n' ' ' <"$build/failed")

echo "== minutes of a processor and inputs of each target, all runs of $build"
awk '{ seconds[$1] += $2; inputs[$1] += $3; all += $2; sum += $3 }
     END { for (target in seconds) printf "%s %.1f %d\n", target, seconds[target] / 60, inputs[target]
           printf "~all %.1f %d\n", all / 60, sum }' "$build/tally" | sort | tr -d '~'

# What reads what others wrote; 90 % of the lines of each are to be reached. What is left of most is memory that runs
# out. Below it: files that do more than read (checkpoint, epub), functions that a library wants and never calls (tiff),
# readers of environment variables (options) and answers (protocol), which have tests of their own.
readers='alt/|base/json[.]c|cli/options[.]c
    |data/(builder|dataset|folder|formats|shards|source|table|tar)[.]c|eval/scores[.]c|format/(packed_file|safetensors)[.]c
    |image/(bmp|color|decode|exif|gif|heif|jpeg|jxl|png|pnm|raw|tiff|webp)[.]c|metadata/
    |model/(confidence|encoder_architecture|encoder_import|model_file|styles)[.]c|report/xmp_packet[.]c
    |search/index_file[.]c|serve/|text/(content|neutral|tokenizer|vocabulary)|train/(checkpoint|history)[.]c'
echo "== lines reached of what reads: share, lines, file"
llvm-profdata merge -o $build/all.profdata $build/*.profraw
set -- $(printf -- "-object $programs/fuzz_%s " "$@")
shift # llvm-cov takes the first without its flag
llvm-cov report "$@" -instr-profile=$build/all.profdata "$PWD/src" 2>/dev/null |
    awk -v readers="$(echo "$readers" | tr -d ' \n')" '$10 ~ /%/ && $1 ~ readers {
        printf "%6.2f %5d %s%s\n", $10, $8, $1, $10 + 0 < 90 ? "  BELOW 90" : ""; lines += $8; missed += $9 }
        END { if (lines) printf "%6.2f %5d together\n", 100 * (lines - missed) / lines, lines }' | sort -n
[ -z "$failed" ] || echo "run.sh: found something: $failed(see $build/found)" >&2
[ -z "$failed" ]
