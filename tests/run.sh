#!/bin/sh
# Everything that is tested: installs what that needs, builds with warnings as errors, runs every
# test, then builds with AddressSanitizer and UndefinedBehaviorSanitizer and runs the unit tests, the
# corpus of the fuzz targets, and the end-to-end tests of broken input, once more. The targets
# themselves are run by fuzz/run.sh; what takes longer is in by_hand.sh.
set -eu

cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive
exec </dev/null
. tests/build.sh
started=$(date +%s)

sh samples/packages.sh libcmocka-dev libturbojpeg0-dev jq libopenmpi-dev openmpi-bin parallel libimage-exiftool-perl exiv2 time strace \
    universal-ctags abigail-tools
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

echo "== every test"
build build-tests -DCMAKE_BUILD_TYPE=Release
ctest --test-dir build-tests --output-on-failure -j "$jobs"
show_skipped build-tests

echo "== clang's warnings"
if command -v clang >/dev/null || sh samples/packages.sh clang; then
    cmake -S . -B build-clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DCAPTION_WERROR=ON
    cmake --build build-clang -j "$jobs" --target caption
else
    echo "run.sh: no clang; its warnings are not seen"
fi

echo "== unit tests and broken input under AddressSanitizer and UndefinedBehaviorSanitizer"
build build-sanitize -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCAPTION_SANITIZE=ON
ctest --test-dir build-sanitize --output-on-failure -j "$jobs" -L 'unit|fuzz|broken_input'
show_skipped build-sanitize
