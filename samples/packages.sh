#!/bin/sh
# Installs the Debian packages that building needs, and those named as arguments. Asks for nothing,
# and touches nothing when all of them are there.
set -eu

packages="gcc libc6-dev make cmake pkg-config libopenblas-dev libcjson-dev libstb-dev
    libjpeg62-turbo-dev libpng-dev libgif-dev libwebp-dev libheif-dev libtiff-dev libjxl-dev
    liblcms2-dev libexif-dev libexpat1-dev libarchive-dev libgumbo-dev libcmark-dev libzip-dev
    libmicrohttpd-dev $*"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "packages.sh: this is no Debian system. Install what these packages hold, then build" >&2
    echo "with cmake:" $packages >&2
    exit 1
fi

missing=
for package in $packages; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "packages.sh: no right to install packages and no sudo. As root: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "packages.sh: installing$missing" >&2
$as_root apt-get update -q </dev/null >&2
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing </dev/null >&2
