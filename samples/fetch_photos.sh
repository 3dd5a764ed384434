#!/bin/sh
# Puts five freely licensed photos into samples/photos. They lie in Debian's package
# python3-skimage, which is unpacked, not installed. Their sources, as skimage/data/_fetchers.py
# gives them:
#   astronaut.png  Eileen Collins, by NASA, public domain
#   camera.png     a photographer at work, by Lav Varshney, CC0
#   chelsea.png    a cat, by Stefan van der Walt, CC0
#   coffee.png     a cup of coffee, by Rachel Michetti, CC0
#   rocket.jpg     the launch of DSCOVR, by SpaceX, public domain
set -eu

here=$(cd "$(dirname "$0")" && pwd)
photos="astronaut.png camera.png chelsea.png coffee.png rocket.jpg"

complete=yes
for photo in $photos; do
    [ -s "$here/photos/$photo" ] || complete=
done
[ -z "$complete" ] || exit 0

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"

download() {
    apt-get download -q -o APT::Sandbox::User="$(id -un)" python3-skimage </dev/null >&2
}
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
echo "fetch_photos.sh: fetching photos out of Debian's package python3-skimage (20 MB)" >&2
if ! download; then
    if ! { $as_root apt-get update -q </dev/null >&2 && download; }; then
        echo "fetch_photos.sh: cannot download python3-skimage: is there a network?" >&2
        exit 1
    fi
fi
dpkg-deb -x python3-skimage_*.deb unpacked

mkdir -p "$here/photos"
for photo in $photos; do
    found=$(find unpacked -name "$photo" -path '*/skimage/data/*' | head -n 1)
    if [ -z "$found" ]; then
        echo "fetch_photos.sh: python3-skimage of this Debian release has no $photo" >&2
        exit 1
    fi
    cp "$found" "$here/photos/$photo.part"
    mv "$here/photos/$photo.part" "$here/photos/$photo"
done
