#!/bin/sh
# Everything that is tested: installs what that needs, builds with warnings as errors, runs every
# test, then builds with AddressSanitizer and UndefinedBehaviorSanitizer and runs the unit tests, the
# corpus of the fuzz targets, and the end-to-end tests of broken input, once more; and with clang's
# ThreadSanitizer and UndefinedBehaviorSanitizer that corpus and what runs on several threads. The
# targets themselves are run by fuzz/run.sh; what takes longer is in by_hand.sh.
set -eu

cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive
exec </dev/null
. tests/build.sh
started=$(date +%s)

sh samples/packages.sh libcmocka-dev libturbojpeg0-dev jq libopenmpi-dev openmpi-bin parallel libimage-exiftool-perl exiv2 time strace \
    universal-ctags abigail-tools valgrind clang libclang-rt-dev clang-tidy
# Large, and needed by one test alone, which skips without it.
command -v chromium >/dev/null || sh samples/packages.sh chromium ||
    echo "run.sh: no Chromium; the test that looks at a training report will skip"
sh samples/fetch_photos.sh || echo "run.sh: no sample photos; the tests that need them will skip"

# What passed without having been tested must be seen.
show_skipped() {
    grep -hE '^(skip: |\[  SKIPPED \] )' "$1/Testing/Temporary/LastTest.log" | sort -u || true
}

finish() {
    status=$?
    seconds=$(($(date +%s) - started))
    if [ "$status" -eq 0 ]; then
        echo "run.sh: everything passed in $seconds s"
    else
        echo "run.sh: FAILED after $seconds s (exit status $status)" >&2
    fi
}
trap finish EXIT

# Builds whose tests come later, while processors wait for the tests before them. What clang takes minutes to check in
# kernels, gcc checks as well.
builds_for_later() {
    cmake -S . -B build-clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=None -DCAPTION_WERROR=ON -DCAPTION_TESTS=ON \
        -DCMAKE_C_FLAGS="-O1 -gline-tables-only -fsanitize=thread,undefined -fno-sanitize-recover=all \
-fno-sanitize=alignment,null,object-size,pointer-overflow" \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON &&
        cmake --build build-clang -j "$jobs" --target threaded_tests fuzz_targets &&
        find src -name '*.c' ! -name ranks_mpi.c ! -name windows.c -print0 |
        xargs -0 -P "$jobs" -n 4 clang-tidy -p build-clang --quiet &&
        build build-sanitize -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-O1 -DCAPTION_SANITIZE=ON
}

echo "== every test"
build build-tests -DCMAKE_BUILD_TYPE=Release
builds_for_later >build-tests/later.log 2>&1 &
later=$!
renice -n 19 $later >/dev/null
ctest --test-dir build-tests --output-on-failure -j "$jobs"
show_skipped build-tests

# Where kernels place memory more at random than clang 14's ThreadSanitizer allows, they can be asked not to.
without_random_addresses() {
    if setarch "$(uname -m)" -R true 2>/dev/null; then setarch "$(uname -m)" -R "$@"; else "$@"; fi
}

echo "== builds with sanitizers, by gcc and by clang, and clang-tidy"
built=yes
wait $later || built=
cat build-tests/later.log
[ "$built" ]

echo "== unit tests and broken input under AddressSanitizer and UndefinedBehaviorSanitizer"
ctest --test-dir build-sanitize --output-on-failure -j "$jobs" -L 'unit|fuzz|broken_input'
show_skipped build-sanitize

echo "== threads and broken input under clang's ThreadSanitizer and UndefinedBehaviorSanitizer"
if without_random_addresses build-clang/caption --version; then
    without_random_addresses ctest --test-dir build-clang --output-on-failure -j "$jobs" -L 'threaded|fuzz'
    show_skipped build-clang
else
    echo "run.sh: ThreadSanitizer does not run on this kernel; threads are not checked by it"
fi
