#!/bin/sh
# run.sh SECONDS [TARGET...]: builds the fuzz targets with clang's libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, runs each for SECONDS on a copy of its corpus, and prints how much of the
# sources they reach. What breaks a promise is left in build-fuzz/found, and is the exit status.
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

failed=
for target; do
    mkdir -p "$build/corpus/$target"
    dictionary=tests/fuzz/$target.dict
    echo "== $target"
    LLVM_PROFILE_FILE=$build/$target.profraw "$programs/fuzz_$target" \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="$build/found/$target-" -verbosity=0 \
        $([ ! -e "$dictionary" ] || echo "-dict=$dictionary") \
        "$build/corpus/$target" "tests/fuzz/corpus/$target" || failed="$failed $target"
done

echo "== lines reached"
llvm-profdata merge -o $build/all.profdata $build/*.profraw
set -- $(printf -- "-object $programs/fuzz_%s " "$@")
shift # llvm-cov takes the first without its flag
llvm-cov report "$@" -instr-profile=$build/all.profdata "$PWD/src" 2>/dev/null |
    awk '$10 ~ /%/ { print $10 "\t" $1 }'
[ -z "$failed" ] || echo "run.sh: found something:$failed (see $build/found)" >&2
[ -z "$failed" ]
