#!/bin/sh
# build.sh [FOLDER]: makes the page, and the package for npm, in FOLDER (default: build-web/page): WebAssembly for one
# thread, and such as isolated pages run on several, the weights, and what is around them. On Debian 12; takes some
# minutes. Look at it with
#
#     python3 samples/web/serve.py
set -eu

cd "$(dirname "$0")/../.."
work=$PWD/build-web
page=${1:-$work/page}
export NODE_PATH=/usr/share/nodejs${NODE_PATH:+:$NODE_PATH}
sh samples/packages.sh emscripten dpkg-dev nodejs
mkdir -p "$page"

# module NAME FLAGS...: the library, for WebAssembly, as NAME.mjs and NAME.wasm.gz.
module() {
    name=$1
    shift
    sh samples/web/libraries.sh "$work/$name" -msimd128 "$@"
    export PKG_CONFIG_LIBDIR="$work/$name/lib/pkgconfig"
    emcmake cmake -S . -B "$work/$name-build" -DCMAKE_BUILD_TYPE=Release -DCAPTION_BLAS=none -DCAPTION_WERROR=ON \
        -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER \
        -DCMAKE_FIND_ROOT_PATH="$work/$name" -DCMAKE_C_FLAGS="-msimd128 $*"
    cmake --build "$work/$name-build" -j "$(nproc)" --target caption_web
    cp "$work/$name-build/samples/web/$name.mjs" "$page"
    gzip -9nc "$work/$name-build/samples/web/$name.wasm" >"$page/$name.wasm.gz"
}

module caption-simd
module caption-threads -pthread
cp "$work/caption-threads-build/samples/web/caption-threads.worker.js" "$page" # what its threads begin with
unset PKG_CONFIG_LIBDIR

for file in index.html page.js caption.js caption.d.ts engine.js worker.js service.js package.json README.md; do
    cp "samples/web/$file" "$page"
done
cp src/report/assets/page.css src/serve/assets/captioner.css src/serve/assets/drop.js LICENSE "$page"
python3 src/package/captions_only.py --packed weights/caption.safetensors "$page/caption.packed"
cp weights/README.md "$page/WEIGHTS.md"

# What changes is fetched again: the weights by their address, the rest by the name of its cache.
digest() { cat "$@" | sha256sum | cut -c 1-16; }
cd "$page"
files=$(ls | grep -E '\.(html|css|js|mjs|gz)$' | grep -v '^version.js$')
{
    # shellcheck disable=SC2086
    printf 'export const version = "%s";\n' "$(digest $files)"
    printf 'export const weights = "./caption.packed?%s";\n' "$(digest caption.packed)"
    printf 'export const files = ["./", "version.js"%s];\n' "$(printf ', "%s"' $files)"
} >version.js
echo "$(cat ./* | wc -c) bytes in all"
