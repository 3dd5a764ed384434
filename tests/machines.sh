#!/bin/sh
# machines.sh PART...: the program on other machines than this one, against the program built here. Each part installs
# what it needs (Debian packages), builds in a folder of its own, says what it cannot do, and ends with an error where
# captions differ. Not part of run.sh: it downloads some hundred megabytes and takes a quarter of an hour.
#
#     arm64       cross-built by gcc, run by qemu-user: captions of the sample photos in float32, to the byte
#     web         WebAssembly (samples/web): the same captions in Node, and in a headless Chromium, whose times are
#                 printed: without a server and with threads, too
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
            libexif-dev libexif12; do
            APT_CONFIG=$work/apt.conf apt-get -q download "$package:arm64"
        done
        mkdir "$root"
        for package in *.deb; do dpkg -x "$package" "$root"; done
    )
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
    cmake --build build-arm64 -j "$jobs" --target caption
    qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$libraries:$system" build-arm64/caption --precision f32 \
        samples/photos/* >"$work/captions"
    diff "$work/native" "$work/captions" || fail "arm64: other captions than here"
    echo "arm64: $(wc -l <"$work/captions") captions, $(comm -12 "$work/native" "$work/captions" | wc -l) the same"
}

web() {
    work=$PWD/build-web
    native
    sh samples/web/build.sh "$work/page"
    node tests/web/captions.mjs "$work/page" samples/photos/* >"$work/captions"
    diff "$work/native" "$work/captions" || fail "web: other captions in Node than here"
    if ! command -v chromium >/dev/null && ! sh samples/packages.sh chromium; then
        echo "machines.sh: SKIPPED: no Chromium, the page was not looked at" >&2
        return
    fi
    node tests/web/page.mjs "$work/page" "$work/native" samples/photos/* || fail "web: the page"
}

[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
for part; do
    echo "== $part"
    case $part in
    arm64 | web) "$part" ;;
    *)
        echo "machines.sh: $part: expected arm64 or web" >&2
        exit 2
        ;;
    esac
done
exit $failed
