#!/bin/sh
# From a fresh Debian 12 to captions of real photos: installs the packages that it needs, builds
# build/caption, fetches some freely licensed photos and captions them. A second run installs,
# builds and fetches nothing, and needs no network. Captions go to stdout, all else to stderr.
set -eu

cd "$(dirname "$0")/.."
sh samples/packages.sh
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release >&2
cmake --build build -j "$(nproc)" >&2
sh samples/fetch_photos.sh
exec build/caption samples/photos
