#!/bin/sh
# image.sh BUILD IMAGE: fills the folder IMAGE with what the program in BUILD needs to run in a container that has
# nothing else: itself, its model, and the libraries that it is linked with or loads. The Containerfile calls it.
#
# Left out are HEIC and AVIF, whose codecs are larger than all the rest, EPUB and OpenBLAS. libarchive is built from
# Debian's source without XML, for which Debian's brings 34 MB of Unicode tables; photos are not in such archives.
set -eu

build=$1
image=$2
here=$(cd "$(dirname "$0")" && pwd)
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
loaded="libmicrohttpd.so.12 libtiff.so.6 libjxl.so.0.7 libgumbo.so.1"
mkdir -p "$image"

# Program and model.
cmake --install "$build" --prefix "$image/usr" --component program --strip
rm -rf "$image/usr/share/bash-completion" "$image/usr/share/zsh" "$image/usr/share/fish" "$image/usr/share/man"

# libarchive.
sources=$(mktemp -d)
sh "$here/../sources.sh" "$sources" libarchive
(cd "$sources" && dpkg-source --no-check -x libarchive_*.dsc libarchive && cd libarchive &&
    touch aclocal.m4 configure config.h.in Makefile.in &&
    ./configure --prefix=/usr --libdir="/usr/lib/$multiarch" --disable-static --disable-bsdtar --disable-bsdcpio \
        --disable-bsdcat --without-xml2 --without-expat --without-openssl --without-nettle --disable-acl --disable-xattr &&
    make -j "$(nproc)" ACLOCAL=: AUTOCONF=: AUTOMAKE=: AUTOHEADER=: libarchive.la &&
    mkdir -p "$image/usr/lib/$multiarch" &&
    cp -P .libs/libarchive.so.13* "$image/usr/lib/$multiarch")
rm -rf "$sources"

# Libraries where they lie in the system, with those that they need; the loader too.
for library in $loaded; do
    [ -e "/usr/lib/$multiarch/$library" ] || { echo "image.sh: no $library here" >&2; exit 1; }
    echo "/usr/lib/$multiarch/$library"
done >"$image/list"
for file in "$image/usr/bin/caption" "$image/usr/lib/$multiarch/libarchive.so.13" $(cat "$image/list"); do
    ldd "$file" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p'
done | cat - "$image/list" | sort -u | while read -r file; do
    mkdir -p "$image$(dirname "$file")"
    cp -L "$file" "$image$file"
    strip --strip-unneeded "$image$file"
done
strip --strip-unneeded "$image/usr/lib/$multiarch/libarchive.so.13"
rm "$image/list"

# A user by name, folders to mount, and the terms of what is inside.
mkdir -p "$image/etc" "$image/data" "$image/tmp"
echo 'nobody:x:65534:65534:nobody:/:/bin/false' >"$image/etc/passwd"
echo 'nobody:x:65534:' >"$image/etc/group"
for package in $(dpkg-query -S $(cd "$image" && find . -name '*.so*' -type f | sed 's|^\.||; s|^/lib/|*/lib/|') 2>/dev/null |
    cut -d : -f 1 | sort -u) libarchive13; do
    [ -f "/usr/share/doc/$package/copyright" ] || continue
    mkdir -p "$image/usr/share/doc/$package"
    cp "/usr/share/doc/$package/copyright" "$image/usr/share/doc/$package"
done
