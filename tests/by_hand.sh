#!/bin/sh
# by_hand.sh PART...: what takes too long for run.sh. Each part installs what it needs, builds in a folder of
# its own and ends with an error where it finds something:
#
#     plain       unit tests and the fuzz corpus with sanitizers, and what small photos take, without any library that
#                 a build can do without
#     clang       unit tests and end-to-end tests of a release built by clang
#     undefined   unit tests and the fuzz corpus under clang's AddressSanitizer and UndefinedBehaviorSanitizer
#     integers    the fuzz corpus under clang's sanitizer of implicit conversions that change a value
#     threads     sessions, loading, training, a folder and requests at `caption serve` under ThreadSanitizer
#     memory      readers, with the libraries of photos, under MemorySanitizer (fuzz/memory.sh)
#     fuzz        every fuzz target for FUZZ_SECONDS each (60), with coverage (fuzz/run.sh)
#     oss_fuzz    the build that OSS-Fuzz calls (fuzz/oss_fuzz.sh); each target reads its corpus
#     faults      every allocation and every system call fails once, and from each one on
#     requests    100,000 requests at `caption serve`, and 20,000 at a build with sanitizers; its end-to-end
#                 test, with a thousand slow clients, broken bodies and the rest, at that build, too
#     analyzer    gcc -fanalyzer
set -eu

cd "$(dirname "$0")/.."
. tests/build.sh
sh samples/packages.sh libcmocka-dev libturbojpeg0-dev jq clang libclang-rt-dev

plain() {
    mkdir -p build-plain/packages
    for package in libcjson stb openblas cmocka; do
        cp "$(pkg-config --variable=pcfiledir $package)/$package.pc" build-plain/packages/
    done
    export PKG_CONFIG_LIBDIR="$PWD/build-plain/packages"
    build build-plain -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_SANITIZE=ON -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
    ctest --test-dir build-plain --output-on-failure -j "$jobs" -L 'unit|fuzz'
    cmake -S . -B build-plain-release -DCMAKE_BUILD_TYPE=Release -DCAPTION_WERROR=ON -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
    cmake --build build-plain-release -j "$jobs" --target caption
    sh tests/e2e/test_hostile_photos.sh "$PWD/build-plain-release/caption"
    unset PKG_CONFIG_LIBDIR
}

with_clang() {
    build build-clang-release -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release
    ctest --test-dir build-clang-release --output-on-failure -j "$jobs"
}

undefined() {
    build build-clang-sanitize -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_SANITIZE=ON
    ctest --test-dir build-clang-sanitize --output-on-failure -j "$jobs" -L 'unit|fuzz'
}

# Only what changes a value or its sign; sums of unsigned numbers that wrap are meant to (hashes, random numbers).
# (clang's own cpuid.h hands a number of the processor's on with another sign.)
integers() {
    mkdir -p build-integers
    echo "src:*/cpuid.h" >build-integers/ignored
    cmake -S . -B build-integers -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_TESTS=ON \
        -DCMAKE_C_FLAGS="-fsanitize=implicit-conversion,shift,float-cast-overflow -fno-sanitize-recover=all -fsanitize-ignorelist=$PWD/build-integers/ignored"
    cmake --build build-integers -j "$jobs" --target fuzz_targets
    ctest --test-dir build-integers --output-on-failure -L fuzz
}

threads() {
    cmake -S . -B build-threads -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_TESTS=ON \
        -DCMAKE_C_FLAGS="-fsanitize=thread"
    cmake --build build-threads -j "$jobs" --target threaded_tests test_inference_encoder
    ctest --test-dir build-threads --output-on-failure -L threaded
    ctest --test-dir build-threads --output-on-failure -R '^(test_inference_encoder|e2e_test_serve)$'
    # ThreadSanitizer itself takes 2 MB in between, for 2,000 requests as for 8,000.
    SERVE_GROWTH_KB=4000 sh tests/e2e/serve_many.sh "$PWD/build-threads/caption" 2000
}

oss_fuzz() {
    sh samples/packages.sh zip
    out=$PWD/build-oss-fuzz/out
    rm -rf "$out"
    mkdir -p "$out"
    OUT=$out sh tests/fuzz/oss_fuzz.sh
    for source in tests/fuzz/fuzz_*.c; do
        target=$(basename "$source" .c)
        "$out/$target" -runs=0 -verbosity=0 "tests/fuzz/corpus/${target#fuzz_}"
    done
}

faults() {
    build build-tests -DCMAKE_BUILD_TYPE=Release
    FAULTS=all ctest --test-dir build-tests --output-on-failure -V --timeout 86400 -R '^e2e_test_(call|memory)_faults$' |
        grep -E 'ok:|FAIL|faults:|Passed|Failed'
}

requests() {
    build build-tests -DCMAKE_BUILD_TYPE=Release
    sh tests/e2e/serve_many.sh "$PWD/build-tests/caption" 100000
    build build-sanitize -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_SANITIZE=ON
    # AddressSanitizer keeps what was freed, 256 MB of it where nothing says less, and a note of each place.
    ASAN_OPTIONS=quarantine_size_mb=8 SERVE_GROWTH_KB=4000 sh tests/e2e/serve_many.sh "$PWD/build-sanitize/caption" 20000
    ctest --test-dir build-sanitize --output-on-failure -R '^e2e_test_serve$'
}

# Of gcc 12, four kinds are false alarms in all places that were looked at: values that a function of a library or
# memcpy sets through a pointer count as unset (base/memory.c, data/source.c), arrays that have elements count as NULL
# (decode/pipeline.c, alt/pictures_html.c), and shifts of vectors are measured by how many elements those have
# (infer/vectors_kernel.h; `integers` checks shifts as they happen), and the scratch that a product of floats neither has
# nor uses counts as NULL handed on to memcpy (infer/inference_decoder.c).
analyzer() {
    cmake -S . -B build-analyzer -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DCAPTION_WERROR=ON \
        -DCMAKE_C_FLAGS="-O1 -fanalyzer -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-null-dereference \
-Wno-analyzer-shift-count-overflow -Wno-analyzer-null-argument"
    cmake --build build-analyzer -j "$jobs" --target caption
}

[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
for part; do
    echo "== $part"
    case $part in
    clang) with_clang ;;
    memory) sh tests/fuzz/memory.sh ;;
    fuzz) sh tests/fuzz/run.sh "${FUZZ_SECONDS:-60}" ;;
    plain | undefined | integers | threads | oss_fuzz | faults | requests | analyzer) "$part" ;;
    *)
        echo "by_hand.sh: $part: expected plain, clang, undefined, integers, threads, memory, fuzz, oss_fuzz, faults, requests or analyzer" >&2
        exit 2
        ;;
    esac
done
