#!/bin/sh
# Puts fifteen freely licensed pictures into samples/photos: thirteen photos out of Debian packages,
# which are unpacked, not installed (31 MB in all), and two drawings of our own.
#
# python3-skimage (sources as skimage/data/_fetchers.py gives them)
#   astronaut.png           Eileen Collins, by NASA, public domain
#   camera.png              a photographer at work, by Lav Varshney, CC0
#   chelsea.png             a cat, by Stefan van der Walt, CC0
#   coffee.png              a cup of coffee, by Rachel Michetti, CC0
#   motorcycle_left.png     a motorcycle in a garage, of the Middlebury 2014 stereo benchmark, by
#                           Nera Nesic, Porter Westling, Xi Wang, York Kitajima, Greg Krathwohl
#                           and Daniel Scharstein; BSD, as all of the package
#   page.png                a printed page, by the scikit-image team, BSD
#   rocket.jpg              the launch of DSCOVR, by SpaceX, public domain
# palapeli-data (authors and licences as palapeli/collection/*.desktop gives them)
#   castle-maintenon.jpg    the castle of Maintenon, by Eric Pouhier, GFDL
#   cincinnati-bridge.jpg   the Roebling bridge at night, by Derek Jensen, public domain
#   citrus-fruits.jpg       slices of fruit, by the US Department of Agriculture, public domain
#   european-honey-bee.jpg  a bee on a flower, by John Severns, public domain
# tuxpaint-data (as its AUTHORS.txt and debian/copyright give them)
#   ocean_waves.jpg         the sea, by Bill Kendrick, GPL-2+
#   sheep.jpg               sheep on a pasture, by Bill Kendrick, GPL-2+
# samples/drawn (MIT, as this program)
#   spreadsheet.jpg, sunny-day.jpg  pictures 30 and 100 of what samples/drawings draws with
#                           --styles test --seed 7 --size 480-640
set -eu

here=$(cd "$(dirname "$0")" && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"

download() { # PACKAGE
    apt-get download -q -o APT::Sandbox::User="$(id -un)" "$1" </dev/null >&2
}

unpack() { # PACKAGE
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "fetch_photos.sh: fetching photos out of Debian's package $1" >&2
    if ! download "$1" && ! { $as_root apt-get update -q </dev/null >&2 && download "$1"; }; then
        echo "fetch_photos.sh: cannot download $1: is there a network?" >&2
        exit 1
    fi
    dpkg-deb -x "$1"_*.deb "$1"
}

put() { # FILE: into samples/photos, whole or not at all
    cp "$1" "$here/photos/.part"
    mv "$here/photos/.part" "$here/photos/$(basename "$1")"
}

# Fetches nothing where all of them are there.
fetch() { # PACKAGE PHOTO...
    package=$1
    shift
    for photo; do
        [ ! -s "$here/photos/$photo" ] || continue
        [ -d "$package" ] || unpack "$package"
        found=$(find "$package" -type f -name "$photo" | head -n 1)
        if [ -z "$found" ]; then
            echo "fetch_photos.sh: $package of this Debian release has no $photo" >&2
            exit 1
        fi
        put "$found"
    done
}

mkdir -p "$here/photos"
fetch python3-skimage astronaut.png camera.png chelsea.png coffee.png motorcycle_left.png page.png \
    rocket.jpg
fetch palapeli-data castle-maintenon.jpg cincinnati-bridge.jpg citrus-fruits.jpg \
    european-honey-bee.jpg
fetch tuxpaint-data ocean_waves.jpg sheep.jpg
for drawing in "$here"/drawn/*; do put "$drawing"; done
