#!/bin/sh
# oss_fuzz.sh: what OSS-Fuzz calls build.sh. Builds the fuzz targets into the folder OUT, with the compiler, flags and
# engine that it names in CC, CFLAGS and LIB_FUZZING_ENGINE (else libFuzzer and AddressSanitizer), each with its corpus
# and dictionary, and beside them the libraries, which the machine that runs them need not have. Of its engines libFuzzer
# fits (mend.c calls it), of its sanitizers address and undefined; for memory the libraries must be built with it, too
# (memory.sh). The Dockerfile:
#
#     FROM gcr.io/oss-fuzz-base/base-builder
#     RUN git clone --depth 1 URL caption && sh caption/samples/packages.sh zip
#     WORKDIR caption
#     RUN cp tests/fuzz/oss_fuzz.sh $SRC/build.sh
set -eu

out=${OUT:?the folder in which the targets are put}
work=${WORK:-$PWD}/build-oss-fuzz
flags=${CFLAGS:--g -O1 -fno-omit-frame-pointer -fsanitize=address,fuzzer-no-link \
    -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION}

# The libraries' own libraries are found beside them only by a path of the old kind.
# shellcheck disable=SC2016 # $ORIGIN is for the loader
cmake -S . -B "$work" -DCAPTION_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER="${CC:-clang}" \
    -DCMAKE_C_FLAGS="$flags" -DCAPTION_FUZZ_ENGINE="${LIB_FUZZING_ENGINE:--fsanitize=fuzzer}" \
    -DCMAKE_BUILD_RPATH='$ORIGIN/lib' -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
cmake --build "$work" -j "$(nproc)"

# The targets load most libraries when they need them, by names that they hold.
libraries=$(cat "$work"/tests/fuzz/fuzz_* | grep -aoE 'lib[a-zA-Z0-9_-]+\.so(\.[0-9]+)+' | sort -u |
    while read -r name; do ldconfig -p | awk -v name="$name" '$1 == name { print $NF; exit }'; done)
mkdir -p "$out/lib"
# shellcheck disable=SC2086
{ echo "$libraries"; ldd $libraries | sed -n 's|.*=> \(/[^ ]*\) .*|\1|p'; } |
    grep -Ev '/(libc|libm|libdl|libpthread|librt)\.so' | sort -u | xargs cp -L -t "$out/lib"

for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    what=${name#fuzz_}
    cp "$work/tests/fuzz/$name" "$out"
    zip -q -j -r "$out/${name}_seed_corpus.zip" "tests/fuzz/corpus/$what"
    [ ! -e "tests/fuzz/$what.dict" ] || cp "tests/fuzz/$what.dict" "$out/$name.dict"
done
