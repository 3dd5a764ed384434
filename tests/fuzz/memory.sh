#!/bin/sh
# memory.sh [SECONDS [FOLDER...]]: what the readers do with memory that nobody has written. Builds them with clang's
# MemorySanitizer, and, from Debian's sources, the libraries that they use, since every byte must be followed:
# libjpeg-turbo, libpng, zlib, giflib, libwebp, LittleCMS, libexif, cJSON and stb_image. Libraries that are loaded
# when they are needed (HEIF, TIFF, JPEG XL) are left out. Reads the corpus, fuzzes each target
# for SECONDS, then reads the files of the folders as photos. Photos are read without those libraries, too.
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
needed=$(pkg-config --cflags --libs libcjson stb)
libraries=$(pkg-config --cflags --libs libjpeg libpng libgif libwebp lcms2 libexif)
for part in JPEG PNG GIF WEBP LCMS EXIF; do libraries="$libraries -DCAPTION_WITH_$part"; done

# readers FOLDER FLAGS: compiles them.
readers() {
    mkdir -p "$build/$1"
    for source in src/base/*.c src/format/*.c src/image/*.c src/text/*.c; do
        case $source in
        src/base/ranks_mpi.c | src/base/windows.c) ;;
        *) echo "$source" ;;
        esac
    done | FLAGS="$flags $2" FOLDER=$build/$1 xargs -P "$jobs" -I FILE sh -c '
        object=$FOLDER/$(echo FILE | tr / _).o
        [ "$object" -nt FILE ] || clang $FLAGS -c FILE -o "$object"'
    rm -f "$build/$1/readers.a"
    ar rc "$build/$1/readers.a" "$build/$1"/*.o
}

# read_corpus FOLDER TARGET FLAGS: with the readers that were compiled there.
read_corpus() {
    echo "== $2 ($1)"
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer tests/fuzz/fuzz_$2.c "$build/$1/readers.a" $3 -lm -lpthread -ldl -o "$build/$1/fuzz_$2"
    mkdir -p "$build/corpus/$2"
    time=-runs=0
    [ "$seconds" -eq 0 ] || time=-max_total_time=$seconds
    "$build/$1/fuzz_$2" "$time" -timeout=60 -rss_limit_mb=4096 -max_len=16384 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$build/found/$2-" "$build/corpus/$2" "tests/fuzz/corpus/$2"
}

flags="$memory -fsanitize=fuzzer-no-link -Wno-unused-command-line-argument -w -std=gnu11 -D_GNU_SOURCE -Isrc -Itests/fuzz"
readers with_libraries "$libraries $needed"
for target in image json vocabulary tokenizer neutral; do read_corpus with_libraries "$target" "$libraries $needed"; done
readers with_stb_image "-DCAPTION_WITH_STB_IMAGE -fwrapv $needed"
read_corpus with_stb_image image "$needed"
[ $# -eq 0 ] || find "$@" -type f -print0 |
    xargs -0 "$build/with_libraries/fuzz_image" -timeout=60 -rss_limit_mb=4096 2>"$build/files.log" ||
    { tail -n 40 "$build/files.log"; exit 1; }
