#!/bin/sh
# musl.sh FOLDER: writes FOLDER/caption-VERSION-linux-ARCH.tar.gz, whose program is one static file for any Linux.
#
# Its C library is musl (Debian's musl-tools). The libraries that read photos are built from Debian's sources, in the
# versions of the Debian package, so that captions are the same. A static program cannot load libraries when they are
# needed: there is no HEIC, AVIF, TIFF and JPEG XL, no data set in a tar archive, no `caption serve`, and training has no
# OpenBLAS and takes longer. A second run builds only what has changed.
set -eu

[ $# -eq 1 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
sh samples/packages.sh musl-tools linux-libc-dev dpkg-dev nasm file
tree=$PWD
jobs=$(nproc)
prefix=$folder/prefix
kernel=$folder/kernel
libraries="cjson libstb zlib libpng1.6 libjpeg-turbo giflib libwebp lcms2 libexif expat"
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$kernel" "$folder/sources"

# The headers of the kernel stand among those of the other C library.
for part in linux asm-generic; do ln -sfn "/usr/include/$part" "$kernel/$part"; done
ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$kernel/asm"

export CC=musl-gcc CFLAGS="-O2 -fPIC -idirafter $kernel" CPPFLAGS="-I$prefix/include" LDFLAGS="-L$prefix/lib -static"
export PKG_CONFIG_LIBDIR="$prefix/lib/pkgconfig" PKG_CONFIG_PATH=

# Debian's sources, patched as Debian's are.
fetch_sources() {
    ! ls */debian/changelog >/dev/null 2>&1 || return 0
    # shellcheck disable=SC2086
    sh "$tree/samples/sources.sh" "$PWD" $libraries
    for description in *.dsc; do dpkg-source --no-check -x "$description"; done
}

with_cmake() { # CMAKE-OPTIONS...
    cmake -S . -B musl -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" "$@"
    cmake --build musl -j "$jobs"
    cmake --install musl
}

with_configure() { # CONFIGURE-OPTIONS...
    ./configure --prefix="$prefix" "$@"
    make -j "$jobs"
    make install
}

# describe NAME VERSION INCLUDES: for pkg-config, where a makefile does not.
describe() {
    printf 'Name: %s\nDescription: %s\nVersion: %s\nCflags: -I%s\nLibs: -L%s -l%s\n' \
        "$1" "$1" "$2" "$3" "$prefix/lib" "${1#lib}" >"$prefix/lib/pkgconfig/$1.pc"
}

build_library() { # SOURCE
    case $1 in
    cjson) with_cmake -DBUILD_SHARED_LIBS=OFF -DENABLE_CJSON_TEST=OFF ;;
    libstb)
        make stb_image.o stb_image_write.o
        ar rcs "$prefix/lib/libstb.a" stb_image.o stb_image_write.o
        cp stb_image.h stb_image_write.h "$prefix/include"
        describe stb 0 "$prefix/include"
        ;;
    zlib) with_configure --static ;;
    libpng1.6 | lcms2) with_configure --host="$(uname -m)-linux-musl" --disable-shared ;;
    libjpeg-turbo) with_cmake -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF -DCMAKE_INSTALL_LIBDIR="$prefix/lib" ;;
    giflib)
        make libgif.a CFLAGS="$CFLAGS -std=gnu99"
        cp libgif.a "$prefix/lib"
        cp gif_lib.h "$prefix/include"
        describe libgif 5.2.1 "$prefix/include"
        ;;
    libexif) # its configure would have to be made first, by four more packages
        : >config.h
        echo "#include <stdint.h>" >libexif/_stdint.h
        $CC $CFLAGS -I. -DGETTEXT_PACKAGE='"libexif"' -c libexif/*.c libexif/*/*.c
        ar rcs "$prefix/lib/libexif.a" *.o
        mkdir -p "$prefix/include/libexif"
        cp libexif/*.h "$prefix/include/libexif"
        describe libexif 0.6.24 "$prefix/include"
        ;;
    libwebp) with_configure --host="$(uname -m)-linux-musl" --disable-shared --disable-libwebpdemux ;;
    expat)
        cd expat
        sed -i 's/^#cmakedefine XML_DTD$/#cmakedefine XML_DTD 1/' expat_config.h.cmake # a patch of Debian's compares it
        with_cmake -DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_TOOLS=OFF \
            -DEXPAT_BUILD_EXAMPLES=OFF
        ;;
    esac
}

cd "$folder/sources"
fetch_sources
for source in $libraries; do
    [ ! -f "$folder/$source.built" ] || continue
    cd "$folder/sources/$source"-*/
    build_library "$source"
    touch "$folder/$source.built"
done

cd "$tree"
cmake -S . -B "$folder/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DPKG_CONFIG_ARGN=--static \
    -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON -DCAPTION_BLAS=none \
    -DCMAKE_EXE_LINKER_FLAGS="$LDFLAGS -Wl,-z,stack-size=8388608"
cmake --build "$folder/build" -j "$jobs" --target caption caption_printed
version=$("$folder/build/caption" --version | sed 's/ /-/')
package=$version-linux-$(uname -m)
rm -rf "${folder:?}/$package"
cmake --install "$folder/build" --prefix "$folder/$package" --component program --strip

# What is in the program has terms of its own.
terms=$folder/$package/share/doc/caption/libraries
mkdir "$terms"
cp /usr/share/doc/musl/copyright "$terms/musl"
for source in $libraries; do cp "$folder/sources/$source"-*/debian/copyright "$terms/$source"; done
tar -czf "$folder/$package.tar.gz" -C "$folder" --owner=0 --group=0 --sort=name "$package"
echo "$folder/$package.tar.gz"
