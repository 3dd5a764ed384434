#!/bin/sh
# libraries.sh FOLDER FLAGS...: builds the libraries that read photos, from Debian's source packages with Debian's
# patches, into FOLDER (include, lib, lib/pkgconfig), for the machine that $CC and $AR are of: emcc and emar where there
# are none. FLAGS go to $CC (-pthread). What is there already is not built again; the sources lie beside FOLDER.
set -eu

[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
tree=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1/include" "$1/lib/pkgconfig" "$1/../sources"
prefix=$(cd "$1" && pwd)
sources=$(cd "$1/../sources" && pwd)
shift
export NODE_PATH=/usr/share/nodejs${NODE_PATH:+:$NODE_PATH} # where Debian's acorn lies, of which emcc has need
flags="-O3 -fno-math-errno $*"
cc=${CC:-emcc}
ar=${AR:-emar}
jobs=$(nproc)

# source_of PACKAGE: its folder, of Debian's sources, is then $source.
source_of() {
    source=$sources/$1
    [ -d "$source" ] && return
    ls "$sources/$1"_*.dsc >/dev/null 2>&1 || sh "$tree/samples/sources.sh" "$sources" "$1"
    for description in "$sources/$1"_*.dsc; do :; done
    dpkg-source --no-check -x "$description" "$source" >&2
}

# library NAME VERSION FLAGS FILE...: the files, in $source, as libNAME.a.
library() {
    name=$1
    version=$2
    own=$3
    shift 3
    objects=$source/objects-$(basename "$prefix")
    rm -rf "$objects"
    mkdir "$objects"
    # emcc begins slowly: some files at a time.
    # shellcheck disable=SC2086
    (cd "$objects" && printf "$source/%s\n" "$@" | xargs -P "$jobs" -n 12 "$cc" $flags $own -I"$prefix/include" -c)
    "$ar" rcs "$prefix/lib/lib$name.a" "$objects"/*.o
    printf 'Name: %s\nDescription: %s\nVersion: %s\nCflags: -I%s\nLibs: -L%s -l%s\n' "$name" "$name" "$version" \
        "$prefix/include" "$prefix/lib" "$name" >"$prefix/lib/pkgconfig/$name.pc"
}

there() {
    [ -f "$prefix/lib/lib$1.a" ]
}

headers() { # FOLDER FILE...: of $source
    mkdir -p "$prefix/include/$1"
    folder=$1
    shift
    (cd "$source" && cp "$@" "$prefix/include/$folder")
}

if ! there cjson; then
    source_of cjson
    headers cjson cJSON.h
    library cjson 1.7 "" cJSON.c
    mv "$prefix/lib/pkgconfig/cjson.pc" "$prefix/lib/pkgconfig/libcjson.pc"
fi
if ! there stb; then
    source_of libstb
    headers . stb_image.h stb_image_write.h
    printf '#include "%s"\n' stb_image.h stb_image_write.h >"$source/image.c"
    library stb 0.0 "-DSTB_IMAGE_IMPLEMENTATION -DSTB_IMAGE_WRITE_IMPLEMENTATION -fwrapv" image.c
fi
if ! there z; then
    source_of zlib
    headers . zlib.h zconf.h
    library z 1.2 "-DHAVE_UNISTD_H" adler32.c crc32.c deflate.c inflate.c inffast.c inftrees.c trees.c zutil.c
fi
if ! there png16; then
    source_of libpng1.6
    cp "$source/scripts/pnglibconf.h.prebuilt" "$source/pnglibconf.h"
    headers . png.h pngconf.h pnglibconf.h
    library png16 1.6 "" png.c pngerror.c pngget.c pngmem.c pngpread.c pngread.c pngrio.c pngrtran.c pngrutil.c \
        pngset.c pngtrans.c pngwio.c pngwrite.c pngwtran.c pngwutil.c
    sed 's/-lpng16/-lpng16 -lz/' "$prefix/lib/pkgconfig/png16.pc" >"$prefix/lib/pkgconfig/libpng.pc"
fi
if ! there jpeg; then
    source_of libjpeg-turbo
    # Its CMake measures sizes in a way that emcc does not have: what it would find out is written down.
    cat >"$source/jconfig.h" <<END
#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION 2.1.5
#define LIBJPEG_TURBO_VERSION_NUMBER 2001005
#define C_ARITH_CODING_SUPPORTED 1
#define D_ARITH_CODING_SUPPORTED 1
#define MEM_SRCDST_SUPPORTED 1
#define BITS_IN_JSAMPLE 8
END
    cat >"$source/jconfigint.h" <<END
#define BUILD ""
#define INLINE __inline__ __attribute__((always_inline))
#define THREAD_LOCAL _Thread_local
#define PACKAGE_NAME "libjpeg-turbo"
#define VERSION "2.1.5"
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define FALLTHROUGH __attribute__((fallthrough));
END
    cp "$source/jversion.h.in" "$source/jversion.h"
    headers . jpeglib.h jmorecfg.h jerror.h jconfig.h
    # shellcheck disable=SC2046
    library jpeg 2.1 "" $(cd "$source" && ls j[acdefimqu]*.c jsimd_none.c |
        grep -vE '(ext|565|-tj|jcstest|jstdhuff)\.c$')
    mv "$prefix/lib/pkgconfig/jpeg.pc" "$prefix/lib/pkgconfig/libjpeg.pc"
fi
if ! there gif; then
    source_of giflib
    headers . gif_lib.h
    library gif 5.2 "" dgif_lib.c gif_err.c gifalloc.c gif_hash.c openbsd-reallocarray.c
    mv "$prefix/lib/pkgconfig/gif.pc" "$prefix/lib/pkgconfig/libgif.pc"
fi
if ! there webp; then
    source_of libwebp
    headers webp src/webp/decode.h src/webp/types.h
    # shellcheck disable=SC2046
    library webp 1.2 "-I$source" $(cd "$source" && ls src/dec/*.c src/utils/*.c src/dsp/*.c)
    mv "$prefix/lib/pkgconfig/webp.pc" "$prefix/lib/pkgconfig/libwebp.pc"
fi
if ! there lcms2; then
    source_of lcms2
    headers . include/lcms2.h include/lcms2_plugin.h
    # shellcheck disable=SC2046
    library lcms2 2.14 "" $(cd "$source" && ls src/*.c)
fi
if ! there exif; then
    source_of libexif
    : >"$source/config.h"
    echo "#include <stdint.h>" >"$source/libexif/_stdint.h"
    (cd "$source" && mkdir -p "$prefix/include/libexif" && cp libexif/*.h "$prefix/include/libexif")
    # shellcheck disable=SC2046
    library exif 0.6 "-I$source -DGETTEXT_PACKAGE=\"libexif\" -Wno-implicit-function-declaration" \
        $(cd "$source" && ls libexif/exif-*.c libexif/*/*.c)
    mv "$prefix/lib/pkgconfig/exif.pc" "$prefix/lib/pkgconfig/libexif.pc"
fi
