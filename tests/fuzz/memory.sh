#!/bin/sh
# memory.sh [SECONDS [FOLDER...]]: what the readers do with memory that nobody has written. Builds them with clang's
# MemorySanitizer, and, from Debian's sources, the libraries that they use, since every byte must be followed:
# libjpeg-turbo, libpng, zlib, giflib, libwebp, LittleCMS, libexif, cJSON and stb_image. Libraries that are loaded
# when they are needed (HEIF, TIFF, JPEG XL) are left out. Reads the corpus, fuzzes each target
# for SECONDS, then reads the files of the folders as photos.
set -eu

cd "$(dirname "$0")/../.."
seconds=${1:-0}
[ $# -eq 0 ] || shift
sh samples/packages.sh clang libclang-rt-dev llvm dpkg-dev
build=$PWD/build-memory
jobs=$(nproc)
mkdir -p "$build/found"

memory="-g -O1 -fno-omit-frame-pointer -fsanitize=memory -fsanitize-memory-track-origins -fno-sanitize-recover=all"
# shellcheck disable=SC2086
CC=clang AR=ar sh samples/web/libraries.sh "$build/libraries" $memory -w
export PKG_CONFIG_LIBDIR="$build/libraries/lib/pkgconfig"
libraries="libcjson stb libjpeg libpng libgif libwebp lcms2 libexif"
# shellcheck disable=SC2086
flags="$memory -fsanitize=fuzzer-no-link -w -std=gnu11 -D_GNU_SOURCE -Isrc -Itests/fuzz $(pkg-config --cflags $libraries)"
for part in JPEG PNG GIF WEBP LCMS EXIF; do flags="$flags -DCAPTION_WITH_$part"; done

for source in src/base/*.c src/format/*.c src/image/*.c src/text/*.c; do
    case $source in
    src/base/ranks_mpi.c | src/base/windows.c) ;;
    *) echo "$source" ;;
    esac
done | FLAGS=$flags BUILD=$build xargs -P "$jobs" -I FILE sh -c '
    object=$BUILD/$(echo FILE | tr / _).o
    [ "$object" -nt FILE ] || clang $FLAGS -c FILE -o "$object"'
rm -f "$build/readers.a"
ar rc "$build/readers.a" "$build"/*.o

for target in image json vocabulary tokenizer neutral; do
    echo "== $target"
    # shellcheck disable=SC2046,SC2086
    clang $flags -fsanitize=fuzzer tests/fuzz/fuzz_$target.c "$build/readers.a" $(pkg-config --libs $libraries) \
        -lm -lpthread -ldl -o "$build/fuzz_$target"
    mkdir -p "$build/corpus/$target"
    time=-runs=0
    [ "$seconds" -eq 0 ] || time=-max_total_time=$seconds
    "$build/fuzz_$target" "$time" -timeout=60 -rss_limit_mb=4096 -max_len=16384 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$build/found/$target-" "$build/corpus/$target" "tests/fuzz/corpus/$target"
done
[ $# -eq 0 ] || find "$@" -type f -print0 | xargs -0 "$build/fuzz_image" -timeout=60 -rss_limit_mb=4096 2>"$build/files.log" ||
    { tail -n 40 "$build/files.log"; exit 1; }
