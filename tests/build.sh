# shellcheck shell=sh
# Sourced by run.sh and by_hand.sh, from the top of the repository.

jobs=$(nproc)

# build FOLDER CMAKE-OPTIONS...: a build with its tests and with warnings as errors.
build() {
    folder=$1
    shift
    cmake -S . -B "$folder" -DCAPTION_WERROR=ON -DCAPTION_TESTS=ON "$@"
    cmake --build "$folder" -j "$jobs"
}
