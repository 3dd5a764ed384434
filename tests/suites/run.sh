#!/bin/sh
# run.sh [FOLDER]: every picture in the sources of Debian packages that decode pictures or test such
# decoders, read by this program's decoders and by Pillow: a table of how many come out alike. By
# hand: it fetches 900 MB into FOLDER (build-suites), where they stay. README.md has the last table.
set -eu

cd "$(dirname "$0")/../.."
work=${1:-$PWD/build-suites}
packages="exif exiv2 feh gdk-pixbuf giflib golang-1.19 graphicsmagick imagemagick imlib2 leptonlib libavif
    libexif libgd2 libheif libimage-exiftool-perl libjpeg-turbo libmetadata-extractor-java libpng1.6
    libsdl2-image libsixel libstb libtk-img libwebp netpbm-free netsurf openimageio openjpeg2 optipng php8.2
    pillow python-imageio qtbase-opensource-src qtimageformats-opensource-src rust-tiff skimage tiff vips
    wxwidgets3.2"
mkdir -p "$work/archives"
work=$(cd "$work" && pwd)

for package in $packages; do
    pictures=$work/pictures/$package
    [ ! -d "$pictures" ] || continue
    rm -rf "$pictures.part"
    mkdir -p "$pictures.part"
    # What Debian adds may be missing on a mirror: the pictures are in the rest.
    sh samples/sources.sh "$work/archives" "$package" 2>/dev/null || true
    fetched=false
    for archive in "$work/archives/$package"_*.orig*.tar.*; do
        case $archive in
        *.asc | *'*'*) continue ;;
        esac
        fetched=true
        tar -xf "$archive" -C "$pictures.part" --no-same-owner --ignore-case --wildcards '*.jpg' '*.jpeg' \
            '*.jpe' '*.jfif' '*.png' '*.apng' '*.webp' '*.gif' '*.bmp' '*.dib' '*.rle' '*.pbm' '*.pgm' '*.ppm' '*.pnm' \
            '*.pam' '*.tif' '*.tiff' '*.heic' '*.heif' '*.hif' '*.avif' '*.jxl' '*.dng' '*.cr2' '*.cr3' '*.nef' '*.arw' \
            '*.orf' '*.rw2' '*.raf' '*.pef' '*.srw' '*.mpo' 2>/dev/null || true
    done
    rm -f "$work/archives/$package"_*
    if $fetched; then
        mv "$pictures.part" "$pictures"
    else
        rm -rf "$pictures.part"
        echo "run.sh: $package cannot be fetched, and is left out" >&2
    fi
done

export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER-}"
cmake -S . -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DCAPTION_TESTS=ON >/dev/null
cmake --build "$work/build" -j "$(nproc)" --target suites >/dev/null
[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install pillow pillow-heif pillow-jxl-plugin numpy

# What a fuzzer made (id:...) is not right or wrong, and thousands.
find "$work/pictures" -type f ! -name 'id:*' | LC_ALL=C sort >"$work/list"
"$work/build/tests/suites" <"$work/list" >"$work/ours.tsv"
"$work/venv/bin/python" tests/suites/compare.py "$work/pictures" "$work/ours.tsv" "$work/pairs.tsv"
