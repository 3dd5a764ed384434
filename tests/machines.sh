#!/bin/sh
# machines.sh PART...: the program on other machines than this one, against the program built here. Each part installs
# what it needs (Debian packages), builds in a folder of its own, says what it cannot do, and ends with an error where
# captions differ. Not part of run.sh: it downloads some hundred megabytes and takes a quarter of an hour.
#
#     arm64       cross-built by gcc, run by qemu-user: captions of the sample photos in float32, to the byte, and the
#                 kernels of low precision; qemu says nothing of their speed
#     web         WebAssembly (samples/web): the same captions in Node, from the package that npm makes and in a headless
#                 Chromium, whose times are printed beside those of the program: with threads, without a server, too
#     windows     cross-built by mingw-w64, run by wine: the library, and with it a caption of each photo
set -eu

cd "$(dirname "$0")/.."
jobs=$(nproc)
failed=0

fail() {
    echo "machines.sh: FAIL: $*" >&2
    failed=1
}

# The program of this machine, and what it says of the sample photos, in $work/native.
native() {
    sh samples/packages.sh
    sh samples/fetch_photos.sh
    cmake -S . -B build -DCMAKE_BUILD_TYPE=Release
    cmake --build build -j "$jobs" --target caption
    mkdir -p "$work"
    build/caption --precision f32 samples/photos/* >"$work/native"
}

# Debian's packages of arm64, unpacked beside this system's own, which stays as it is.
arm64_libraries() {
    root=$work/root
    [ -d "$root" ] && return
    mkdir -p "$work/debs" "$work/lists/partial" "$work/cache/archives/partial"
    : >"$work/status"
    cat >"$work/apt.conf" <<END
APT::Architectures {"arm64"; "$(dpkg --print-architecture)";};
Dir::State::Lists "$work/lists";
Dir::State::Status "$work/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "$(id -un)";
END
    APT_CONFIG=$work/apt.conf apt-get -q update
    (
        cd "$work/debs"
        for package in libcjson-dev libcjson1 libstb-dev libstb0 libjpeg62-turbo-dev libjpeg62-turbo libpng-dev \
            libpng16-16 zlib1g-dev zlib1g libgif-dev libgif7 libwebp-dev libwebp7 liblcms2-dev liblcms2-2 \
            libexif-dev libexif12 libcmocka-dev libcmocka0; do
            APT_CONFIG=$work/apt.conf apt-get -q download "$package:arm64"
        done
        mkdir "$root"
        for package in *.deb; do dpkg -x "$package" "$root"; done
    )
}

# NEON's products and depthwise convolutions in low precision beside plain C: with the dot products of bytes and
# without.
arm64_kernels() {
    aarch64-linux-gnu-gcc -std=gnu11 -O2 -D_GNU_SOURCE -Isrc -isystem "$root/usr/include" tests/unit/test_low_precision.c \
        build-arm64/libcaption.a -o "$work/test_low_precision" -L"$libraries" -lcmocka -lm -lpthread
    for limit in plain none; do
        qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$libraries:$system" -E CAPTION_SIMD=$limit \
            "$work/test_low_precision" || fail "arm64: kernels, CAPTION_SIMD=$limit"
    done
}

arm64() {
    work=$PWD/build-arm64/machine
    native
    sh samples/packages.sh gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
    arm64_libraries
    libraries=$root/usr/lib/aarch64-linux-gnu system=$root/lib/aarch64-linux-gnu
    PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$libraries/pkgconfig:$root/usr/share/pkgconfig \
        cmake -S . -B build-arm64 -DCMAKE_BUILD_TYPE=Release -DCAPTION_WERROR=ON -DCAPTION_BLAS=none \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
        -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON -DCMAKE_C_FLAGS="-isystem $root/usr/include/aarch64-linux-gnu" \
        -DCMAKE_EXE_LINKER_FLAGS="-Wl,-rpath-link,$libraries:$system"
    cmake --build build-arm64 -j "$jobs" --target caption caption_static
    qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$libraries:$system" build-arm64/caption --precision f32 \
        samples/photos/* >"$work/captions"
    diff "$work/native" "$work/captions" || fail "arm64: other captions than here"
    arm64_kernels
    echo "arm64: $(wc -l <"$work/captions") captions, $(comm -12 "$work/native" "$work/captions" | wc -l) the same"
}

# The package for npm, as a project has it that installs it: its types are checked, its captions compared.
npm_package() {
    if ! command -v npm >/dev/null && ! sh samples/packages.sh npm; then
        echo "machines.sh: SKIPPED: no npm, no package was made" >&2
        return
    fi
    rm -rf "$work/npm"
    mkdir "$work/npm"
    (cd "$work/page" && npm pack --silent --pack-destination "$work/npm")
    cp tests/web/project.ts "$work/npm"
    (
        cd "$work/npm"
        echo '{"private": true, "type": "module"}' >package.json
        npm install --silent --no-audit --no-fund ./caption-photos-*.tgz typescript@5 @types/node@20
        npx tsc --strict --target es2022 --module nodenext --lib es2022,dom,dom.iterable project.ts
    )
    node "$work/npm/project.js" samples/photos/* >"$work/captions"
    diff "$work/native" "$work/captions" || fail "web: the package for npm has other captions"
    echo "npm: $(stat -c %s "$work"/npm/*.tgz) bytes, $(wc -l <"$work/captions") captions from a project that installs it"
}

# photo_time THREADS: milliseconds that the program takes for one of the sample photos, its start not counted.
photo_time() {
    for copy in 1 2 3 4 5; do
        mkdir -p "$work/copies/$copy"
        cp samples/photos/* "$work/copies/$copy"
    done
    for folder in "$work/copies/1" "$work/copies"; do
        begun=$(date +%s%N)
        build/caption -q -r --precision f32 -t "$1" --top 5 --tags "$folder" >"$work/timed"
        echo $((($(date +%s%N) - begun) / 1000000)) "$(wc -l <"$work/timed")"
    done | awk 'NR == 1 { time = $1; rows = $2 } END { printf "%.1f\n", 5 * ($1 - time) / ($2 - rows) }'
}

web() {
    work=$PWD/build-web
    native
    sh samples/web/build.sh "$work/page"
    size=$(cat "$work"/page/* | wc -c)
    echo "web: $size bytes in all"
    [ "$size" -le 20000000 ] || fail "web: the page has more than 20 MB"
    node tests/web/captions.mjs "$work/page" samples/photos/* >"$work/captions"
    diff "$work/native" "$work/captions" || fail "web: other captions in Node than here"
    echo "web: $(wc -l <"$work/captions") captions in Node, $(comm -12 "$work/native" "$work/captions" | wc -l) the same"
    npm_package || fail "web: the package for npm"
    if ! command -v chromium >/dev/null && ! sh samples/packages.sh chromium; then
        echo "machines.sh: SKIPPED: no Chromium, the page was not looked at" >&2
        return
    fi
    node tests/web/page.mjs "$work/page" "$work/native" samples/photos/* || fail "web: the page"
    for threads in 1 2; do echo "program, threads: $threads: $(photo_time $threads) ms a photo"; done
}

windows() {
    work=$PWD/build-windows
    native
    sh samples/packages.sh gcc-mingw-w64-x86-64-posix dpkg-dev wine wine64
    CC=x86_64-w64-mingw32-gcc-posix AR=x86_64-w64-mingw32-ar sh samples/web/libraries.sh "$work/libraries"
    PKG_CONFIG_LIBDIR=$work/libraries/lib/pkgconfig cmake -S . -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
        -DCAPTION_WERROR=ON -DCAPTION_BLAS=none -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_SYSTEM_PROCESSOR=x86_64 \
        -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc-posix -DCMAKE_FIND_ROOT_PATH="$work/libraries" \
        -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON -DCMAKE_EXE_LINKER_FLAGS=-static
    cmake --build "$work/build" -j "$jobs" --target photo
    mkdir -p "$work/prefix/bin" "$work/prefix/share/caption"
    cp "$work/build/photo.exe" "$work/prefix/bin"
    cp weights/caption.safetensors "$work/prefix/share/caption"
    build/caption samples/photos/* >"$work/native"
    for photo in samples/photos/*; do
        said=$(WINEPREFIX=$work/wine WINEDEBUG=-all wine "$work/prefix/bin/photo.exe" "$photo" | tr -d '\r')
        printf '%s\t%s\n' "$photo" "$said"
    done >"$work/captions"
    diff "$work/native" "$work/captions" || fail "windows: other captions than here"
    echo "windows: $(wc -l <"$work/captions") captions, $(comm -12 "$work/native" "$work/captions" | wc -l) the same"
}

[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
for part; do
    echo "== $part"
    case $part in
    arm64 | web | windows) "$part" ;;
    *)
        echo "machines.sh: $part: expected arm64, web or windows" >&2
        exit 2
        ;;
    esac
done
exit $failed
