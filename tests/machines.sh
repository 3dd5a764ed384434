#!/bin/sh
# machines.sh PART...: the program on other machines than this one, against the program built here. Each part installs
# what it needs (Debian packages), builds in a folder of its own, says what it cannot do, and ends with an error where
# captions differ. Not part of run.sh: it downloads some hundred megabytes and takes a quarter of an hour.
#
#     arm64       cross-built by gcc, run by qemu-user: captions of the sample photos in float32, to the byte, and the
#                 kernels of low precision; qemu says nothing of their speed
#     web         WebAssembly (samples/web): the same captions in Node, from the package that npm makes and in a headless
#                 Chromium, whose times are printed beside those of the program: with threads, without a server, too
#     x86         instructions that this processor lacks: a Debian Linux boots in bochs, which emulates whole machines
#                 instruction by instruction, once as an Intel Sapphire Rapids (AVX-512, its VNNI and BF16) and once as
#                 an Arrow Lake (AVX-VNNI); there the tests of the kernels run with every limit of CAPTION_SIMD, and the
#                 program captions a photo in each precision. It takes a quarter of an hour and says nothing of speed
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

# apt with lists and caches of its own in $work, for packages that are unpacked beside this system's own, which stays as
# it is. $1 are settings beside these.
other_packages() {
    mkdir -p "$work/debs" "$work/lists/partial" "$work/cache/archives/partial"
    : >"$work/status"
    cat >"$work/apt.conf" <<END
Dir::State::Lists "$work/lists";
Dir::State::Status "$work/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "$(id -un)";
$1
END
    APT_CONFIG=$work/apt.conf apt-get -q update
}

# Debian's packages of arm64.
arm64_libraries() {
    root=$work/root
    [ -d "$root" ] && return
    other_packages "APT::Architectures {\"arm64\"; \"$(dpkg --print-architecture)\";};"
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

# bochs of Debian 13 (that of Debian 12 knows neither AVX512_BF16 nor AVX-VNNI), with what it needs, and a kernel for it to boot.
bochs_packages() {
    root=$work/root
    [ -d "$root" ] && return
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" \
        >"$work/sources.list"
    other_packages "APT::Architectures {\"amd64\";};
Dir::Etc::SourceList \"$work/sources.list\";
Dir::Etc::SourceParts \"/dev/null\";"
    export APT_CONFIG="$work/apt.conf"
    apt-get -q -y --no-install-recommends --download-only -o Debug::NoLocking=1 install bochs bochs-term
    kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p')
    (cd "$work/debs" && apt-get -q download "$kernel")
    unset APT_CONFIG
    mkdir "$root"
    for package in "$work"/debs/*.deb "$work"/cache/archives/*.deb; do dpkg -x "$package" "$root"; done
}

# The first files of the machine's Linux: the tests, the program, a photo, and the libraries that they need.
x86_files() {
    files=$work/files
    rm -rf "$files"
    mkdir -p "$files/bin" "$files/dev" "$files/tests" "$files/golden"
    cp /bin/busybox "$files/bin"
    # shellcheck disable=SC2086 # names without blanks
    for test in $x86_tests; do strip -o "$files/tests/$test" "build-x86/tests/$test"; done
    strip -o "$files/tests/caption" build-x86/caption
    ldd "$files"/tests/* | awk '/=> \// { print $3 } /^\t\// { print $1 }' | sort -u | while read -r library; do
        mkdir -p "$files$(dirname "$library")"
        cp -L "$library" "$files$library"
    done
    # (Of a program of tests, those that TESTS names.)
    cc -shared -fPIC -x c - -o "$files/tests/filter.so" -lcmocka <<'END'
#include <stdlib.h>
void cmocka_set_test_filter(const char *pattern);
__attribute__((constructor)) static void filter(void) {
    if (getenv("TESTS")) cmocka_set_test_filter(getenv("TESTS"));
}
END
    cp tests/golden/*.* "$files/golden"
    cp "$photo" "$files/photo.jpg"
    cp weights/caption.safetensors "$files"
    cat >"$files/init" <<'END'
#!/bin/busybox sh
export PATH=/bin CAPTION_GOLDEN=/golden
/bin/busybox --install -s /bin
mkdir -p /proc /tmp
mount -t proc none /proc
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
exec >/dev/ttyS0 2>&1
grep -m 1 flags /proc/cpuinfo
# run LIMIT COMMAND...
run() {
    if [ "$1" = none ]; then unset CAPTION_SIMD; else export CAPTION_SIMD="$1"; fi
    limit=$1
    shift
    echo "== $(cut -d ' ' -f 1 /proc/uptime) $limit $*"
    if LD_PRELOAD=${TESTS:+/tests/filter.so} "$@"; then echo "== passed"; else echo "== failed ($?): $limit $*"; fi
}
# some TESTS LIMIT PROGRAM
some() {
    export TESTS="$1"
    shift
    run "$@"
    unset TESTS
}
# caption LIMIT PRECISION: by one thread and by two, which share the photo.
caption() {
    for threads in 1 2; do
        run "$1" /tests/caption -q --json -n 3 -t $threads --model /caption.safetensors --precision "$2" \
            /photo.jpg >/tmp/said 2>&1
        cat /tmp/said
        grep -o '"captions".*' /tmp/said >/tmp/captions$threads
    done
    cmp /tmp/captions1 /tmp/captions2 || echo "== failed: $1 $2: two threads do not say the same"
    echo "== caption $1 $2: $(cat /tmp/captions1)"
}
. "/$(sed 's/.*machine=//' /proc/cmdline).script"
echo "== end"
sleep 5
poweroff -f
END
    chmod +x "$files/init"
    cp "$work"/*.script "$files"
}

# x86_machine MODEL: boots as that processor and runs what stands in $work/MODEL.script; what it printed is then in
# $work/MODEL.lines.
x86_machine() {
    disk=$work/$1.disk
    mkdir -p "$disk"
    (cd "$files" && find . | cpio -o -H newc --quiet) >"$disk/files"
    cp "$root"/boot/vmlinuz-* "$disk/linux"
    cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$disk"
    # (Bochs 3.0 has AMX without the extended feature disable that Linux needs beside it, and cannot leave the firmware's
    # mode with page tables of five levels. A triple fault ends it.)
    cat >"$disk/isolinux.cfg" <<END
default linux
label linux
kernel linux
append initrd=files console=ttyS0 quiet panic=-1 reboot=t mitigations=off no5lvl clearcpuid=amx_tile machine=$1
END
    xorriso -as mkisofs -quiet -o "$work/$1.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 \
        -boot-info-table "$disk" 2>"$work/$1.xorriso"
    libraries=$root/usr/lib/x86_64-linux-gnu
    cat >"$work/$1.settings" <<END
plugin_ctrl: sb16=false, es1370=false, e1000=false, voodoo=false, speaker=false, parallel=false
config_interface: textconfig
display_library: term
cpu: model=$1, count=1, ips=200000000, reset_on_triple_fault=0
memory: guest=1024, host=1024
romimage: file=$root/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=$root/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=$work/$1.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$work/$1.serial
clock: sync=none
log: $work/$1.log
error: action=ignore
info: action=ignore
panic: action=fatal
END
    : >"$work/$1.serial"
    LTDL_LIBRARY_PATH=$libraries/bochs/plugins TERM=xterm "$libraries/ld-linux-x86-64.so.2" \
        --library-path "$libraries" "$root/usr/bin/bochs-bin" -q -f "$work/$1.settings" \
        </dev/null >"$work/$1.screen" 2>&1 &
    machine=$!
    # (Its screen is a terminal, and it waits where nobody reads that.)
    for _ in $(seq 60); do
        sleep 1
        terminal=$(sed -n 's/.*connected to screen "\(.*\)".*/\1/p' "$work/$1.screen")
        [ -z "$terminal" ] || break
    done
    cat "${terminal:-/dev/null}" >"$work/$1.drawn" 2>&1 &
    reader=$!
    for _ in $(seq 1200); do
        sleep 3
        kill -0 "$machine" 2>/dev/null || break
        ! grep -q '^== end' "$work/$1.serial" || break
    done
    kill -9 "$machine" "$reader" 2>/dev/null || true
    wait "$machine" "$reader" 2>/dev/null || true
    tr -d '\r' <"$work/$1.serial" >"$work/$1.lines"
}

# x86_passed MODEL: whether all that it ran passed.
x86_passed() {
    grep -q '^== end' "$work/$1.lines" || fail "x86: $1 did not come to its end"
    ! grep -E '^== failed|  FAILED  |^\[   LINE   \]' "$work/$1.lines" || fail "x86: $1, see $work/$1.lines"
    echo "x86: $1: $(grep -c '^== passed' "$work/$1.lines") runs passed, $(grep -c '       OK ' "$work/$1.lines") tests"
}

# x86_has MODEL NAME...: these instructions were there.
x86_has() {
    model=$1
    shift
    for name; do grep -q "^flags.* $name\( \|$\)" "$work/$model.lines" || fail "x86: $model has no $name"; done
}

# x86_captions MODEL LIMIT PRECISION EXPECTED: three captions and what the program gives for them.
x86_captions() {
    said=$(sed -n "s/^== caption $2 $3: //p" "$work/$1.lines")
    [ -n "$said" ] && [ "$said" = "$4" ] || fail "x86: $1, limit: $2, $3: $said, expected: $4"
}

# What the program says here, by AVX2.
x86_here() {
    CAPTION_SIMD=avx2 build-x86/caption -q --json -n 3 --model weights/caption.safetensors --precision "$1" "$photo" |
        grep -o '"captions".*'
}

x86() {
    work=$PWD/build-x86/machine
    photo=samples/photos/sheep.jpg
    x86_tests="test_simd test_depthwise test_low_precision test_packed test_inference_decoder test_inference_encoder
        test_cells test_softmax test_adam test_convolution test_batch_norm test_nearest test_float16"
    sh samples/packages.sh libcmocka-dev xorriso isolinux syslinux-common cpio busybox-static
    sh samples/fetch_photos.sh
    mkdir -p "$work"
    bochs_packages
    cmake -S . -B build-x86 -DCMAKE_BUILD_TYPE=Release -DCAPTION_WERROR=ON -DCAPTION_TESTS=ON -DCAPTION_BLAS=none \
        -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
    # shellcheck disable=SC2086 # names without blanks
    cmake --build build-x86 -j "$jobs" --target caption $x86_tests
    cat >"$work/sapphire_rapids.script" <<'END'
for limit in none avx512; do
    run $limit /tests/test_low_precision
    for precision in f32 bf16 int16 int8; do caption $limit $precision; done
done
for test in simd depthwise packed inference_decoder cells softmax adam convolution batch_norm nearest float16; do
    run none /tests/test_$test
done
for tests in 'odd*' 'a_photo*'; do some "$tests" none /tests/test_inference_encoder; done
END
    cat >"$work/arrow_lake.script" <<'END'
run avxvnni /tests/test_low_precision
for precision in f32 int8; do caption avxvnni $precision; done
END
    x86_files
    x86_machine sapphire_rapids &
    x86_machine arrow_lake
    wait
    x86_passed sapphire_rapids
    x86_passed arrow_lake
    x86_has sapphire_rapids avx512bw avx512_vnni avx512_bf16
    x86_has arrow_lake avx2 avx_vnni
    for precision in f32 bf16 int16; do
        for limit in none avx512; do
            x86_captions sapphire_rapids $limit $precision "$(x86_here $precision)"
        done
    done
    x86_captions sapphire_rapids avx512 int8 "$(x86_here int8)"
    x86_captions arrow_lake avxvnni f32 "$(x86_here f32)"
    # Numbers of one byte, which this processor may not have: the two machines say the same.
    x86_captions arrow_lake avxvnni int8 "$(sed -n 's/^== caption none int8: //p' "$work/sapphire_rapids.lines")"
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
    arm64 | web | x86 | windows) "$part" ;;
    *)
        echo "machines.sh: $part: expected arm64, web, x86 or windows" >&2
        exit 2
        ;;
    esac
done
exit $failed
