#!/bin/sh
# memory.sh [FOLDER...]: what the readers do with memory that nobody has written. Builds them with clang's
# MemorySanitizer and gives them their corpus, and the files of the folders as photos. Every library
# would have to be built in the same way, so photos are decoded without libraries here, by this project's
# own readers and by stb_image, which is compiled along; readers of JSON are left out.
set -eu

cd "$(dirname "$0")/../.."
command -v clang >/dev/null || sh samples/packages.sh clang
build=build-memory
mkdir -p $build
printf '#define STB_IMAGE_IMPLEMENTATION\n#define STB_IMAGE_WRITE_IMPLEMENTATION\n#include <%s>\n#include <%s>\n' \
    stb_image.h stb_image_write.h >$build/stb.c

flags="-g -O1 -std=gnu11 -D_GNU_SOURCE -fsanitize=memory -fsanitize-memory-track-origins -fno-omit-frame-pointer
    -fno-sanitize-recover=all -Isrc -Itests/fuzz $(pkg-config --cflags stb | sed 's/-I/-isystem /')"
for source in $build/stb.c src/base/*.c src/image/*.c src/text/*.c; do
    case $source in
    src/base/ranks_mpi.c | src/base/ranks.c | src/base/json.c) ;;
    *) echo "$source" ;;
    esac
done | xargs -P "$(nproc)" -I FILE sh -c '
    object=$0/$(echo FILE | tr / _).o
    [ "$object" -nt FILE ] || clang '"$(echo "$flags" | tr '\n' ' ')"' -w -c FILE -o "$object"' $build
rm -f $build/readers.a
ar rc $build/readers.a $build/*.o

export MSAN_OPTIONS=halt_on_error=1
for target in image tokenizer neutral; do
    # shellcheck disable=SC2086
    clang $flags tests/fuzz/fuzz_$target.c tests/fuzz/replay.c $build/readers.a -lm -lpthread -ldl -o $build/fuzz_$target
    $build/fuzz_$target tests/fuzz/corpus/$target
done
[ $# -eq 0 ] || $build/fuzz_image "$@"
