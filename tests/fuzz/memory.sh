#!/bin/sh
# memory.sh [SECONDS [TARGET...]]: what the readers do with memory that nobody has written. Builds them with
# clang's MemorySanitizer, and from Debian's sources the libraries that they use, since every byte must be followed:
# libjpeg-turbo, libpng, zlib, giflib, libwebp, LittleCMS, libexif, cJSON and stb_image. Other libraries are left out,
# and so is what needs them (HEIF, TIFF, JPEG XL, XMP, archives). Reads the corpus, then fuzzes each target
# for SECONDS.
set -eu

cd "$(dirname "$0")/../.."
seconds=${1:-0}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- image json safetensors model vocabulary tokenizer neutral dataset results history checkpoint index
sh samples/packages.sh clang libclang-rt-dev llvm dpkg-dev
build=build-memory
mkdir -p "$build/found"

CC=clang AR=ar sh samples/web/libraries.sh "$build/libraries" -g -O1 -w -fno-omit-frame-pointer \
    -fsanitize=memory -fsanitize-memory-track-origins
export PKG_CONFIG_LIBDIR="$PWD/$build/libraries/lib/pkgconfig"
cmake -S . -B "$build/readers" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_BLAS=none \
    -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON -DCAPTION_FUZZ=ON -DCAPTION_FUZZ_SANITIZERS=memory \
    -DCMAKE_C_FLAGS=-fsanitize-memory-track-origins
# shellcheck disable=SC2046
cmake --build "$build/readers" -j "$(nproc)" --target $(printf 'fuzz_%s ' "$@")

for target; do
    echo "== $target"
    mkdir -p "$build/corpus/$target"
    if [ "$seconds" -gt 0 ]; then length=-max_total_time=$seconds; else length=-runs=0; fi
    "$build/readers/tests/fuzz/fuzz_$target" "$length" -timeout=60 -rss_limit_mb=4096 -max_len=16384 -verbosity=0 \
        -print_final_stats=1 -artifact_prefix="$build/found/$target-" "$build/corpus/$target" "tests/fuzz/corpus/$target"
done
