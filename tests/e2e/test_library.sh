#!/bin/sh
# The library: the example at the top of caption.h and those of samples/c are compiled as they stand, with
# what is installed, and say what the program says.
. "$(dirname "$0")/lib.sh"

build=$(dirname "$program")
if [ ! -e "$build/libcaption.so" ] || [ ! -f "$weights" ]; then
    skip "no libcaption.so beside the program, or no weights"
    finish
fi
if ldd "$build/libcaption.so" | grep -q libasan; then
    skip "a library with sanitizers wants a program with sanitizers"
    finish
fi
cmake --install "$build" --prefix "$work/installed" >"$work/log" 2>&1 || fail "cmake --install"
include=$work/installed/include
library=$(dirname "$(find "$work/installed" -name libcaption.so)")

{
    printf '#include <caption.h>\n#include <stdio.h>\n\nint main(void) {\n'
    sed -n '/^ \*     caption_error error;/,/^ \*     caption_model_close/ s/^ \* //p' "$include/caption.h"
    printf '    return 0;\n}\n'
} >"$work/example.c"
sed "s|\"dog.jpg\"|\"$work/photo.jpg\"|" "$work/example.c" >"$work/main.c"
cp "$(dirname "$0")/gradient.jpg" "$work/photo.jpg"

"${CC:-cc}" -std=c11 -Wall -Wextra -Werror -pedantic -I"$include" "$work/main.c" -L"$library" -lcaption \
    -o "$work/main" || fail "the example compiles"
CAPTION_MODEL=$weights LD_LIBRARY_PATH=$library "$work/main" >"$work/said" || fail "the example runs"
run -m "$weights" "$work/photo.jpg"
expect 0 "the program captions the photo"
cmp -s "$work/said" "$out" || fail "both say the same"
CAPTION_MODEL=$work/none LD_LIBRARY_PATH=$library "$work/main" >"$work/said" 2>"$work/message"
expect_in "$work/message" "$work/none"

# The samples, as pkg-config and CMake find the library, in a prefix that was moved.
mv "$work/installed" "$work/moved"
include=$work/moved/include
library=$work/moved${library#"$work/installed"}
export PKG_CONFIG_PATH="$library/pkgconfig" LD_LIBRARY_PATH="$library"
unset CAPTION_MODEL
for sample in photo stream; do
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -pedantic "$source_tree/samples/c/$sample.c" \
        $(pkg-config --cflags --libs caption) -o "$work/$sample" || fail "samples/c/$sample.c compiles"
done
"$work/photo" "$work/photo.jpg" >"$work/said" || fail "samples/c/photo.c runs"
cmp -s "$work/said" "$out" || fail "samples/c/photo.c says what the program says"
"$work/photo" "$work/none.jpg" 2>"$work/message" && fail "samples/c/photo.c fails without a photo"
expect_in "$work/message" "none.jpg"
printf '%s\n' "$work/photo.jpg" "$work/none.jpg" "$work/photo.jpg" | "$work/stream" >"$work/said" ||
    fail "samples/c/stream.c runs"
expect_lines "$work/said" 3
[ "$(sed -n 3p "$work/said")" = "$work/photo.jpg	$(cat "$out")" ] || fail "samples/c/stream.c captions"
"${CC:-cc}" "$source_tree/samples/c/photo.c" $(pkg-config --cflags caption) \
    $(pkg-config --static --libs caption | sed 's/-lcaption/-l:libcaption.a/') -o "$work/static" ||
    fail "pkg-config --static has what libcaption.a is linked with"
CAPTION_MODEL=$weights "$work/static" "$work/photo.jpg" >"$work/said" || fail "linked with libcaption.a, it runs"
cmp -s "$work/said" "$out" || fail "linked with libcaption.a, it says what the program says"
mkdir "$work/cmake"
cat >"$work/cmake/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(sample C)
find_package(caption 0.2 REQUIRED)
add_executable(photo ${SAMPLE})
target_link_libraries(photo PRIVATE caption::caption)
END
cmake -S "$work/cmake" -B "$work/cmake/build" -D SAMPLE="$source_tree/samples/c/photo.c" \
    -D CMAKE_PREFIX_PATH="$work/moved" >"$work/log" 2>&1 &&
    cmake --build "$work/cmake/build" >>"$work/log" 2>&1 || fail "find_package(caption): $(tail -n 3 "$work/log")"
LD_LIBRARY_PATH= "$work/cmake/build/photo" "$work/photo.jpg" >"$work/said" || fail "built by CMake, it runs"
cmp -s "$work/said" "$out" || fail "built by CMake, it says what the program says"
# As a part of another project, which keeps its own settings: with optimisation all the same.
mkdir "$work/part"
cat >"$work/part/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(sample C)
add_subdirectory(${CAPTION} caption EXCLUDE_FROM_ALL)
add_executable(photo ${CAPTION}/samples/c/photo.c)
target_link_libraries(photo PRIVATE caption::caption)
END
cmake -S "$work/part" -B "$work/part/build" -D CAPTION="$source_tree" -D CMAKE_EXPORT_COMPILE_COMMANDS=ON >"$work/log" 2>&1 ||
    fail "add_subdirectory: $(tail -n 3 "$work/log")"
grep -q 'command.*-O3.*src/caption\.c"' "$work/part/build/compile_commands.json" || fail "the part is optimised"
grep 'command.*samples/c/photo\.c"' "$work/part/build/compile_commands.json" | grep -q -e -O -e -Wconversion &&
    fail "the project is compiled as it says"
cmake "$work/part/build" -D CMAKE_BUILD_TYPE=Debug >"$work/log" 2>&1 && # in a fifth of the time
    cmake --build "$work/part/build" -j "$(nproc)" >>"$work/log" 2>&1 || fail "add_subdirectory: $(tail -n 3 "$work/log")"
LD_LIBRARY_PATH= "$work/part/build/photo" "$work/photo.jpg" >"$work/said" || fail "a part of a project, it runs"
cmp -s "$work/said" "$out" || fail "a part of a project, it says what the program says"
echo damaged >"$work/moved/share/caption/caption.safetensors"
"$work/photo" "$work/photo.jpg" 2>"$work/message"
expect_in "$work/message" "$library/" "share/caption/caption.safetensors: "
readelf -d "$library/libcaption.so" | grep -qF 'soname: [libcaption.so.0.2]' || fail "the SONAME is that of 0.2"
nm -D --defined-only "$library/libcaption.so" | grep ' T ' | grep -v 'caption_[a-z_]*@@CAPTION_0.2$' &&
    fail "the library shows what caption.h has, with a version"

# The interface of the last release: what changes it needs another SONAME; functions may be added. This wrote the file:
#     abidw --header-file src/caption.h --drop-private-types --no-show-locs --no-comp-dir-path --no-corpus-path \
#         --no-parameter-names --no-elf-needed --no-write-default-sizes \
#         --exported-interfaces-only
abi=$source_tree/tests/golden/libcaption.so.0.2.abi
if command -v abidiff >/dev/null; then
    # All that the library shows is in these two; the rest is not looked at, and may be absent.
    "${CC:-cc}" -g -shared -fPIC -fvisibility=hidden -std=gnu11 -D_GNU_SOURCE -I"$source_tree/src" \
        "$source_tree/src/caption.c" "$source_tree/src/defaults.c" $(pkg-config --cflags libcjson) -Wl,-soname,libcaption.so.0.2 \
        -Wl,--version-script="$source_tree/src/caption.map" -o "$work/libcaption.so.0.2" || fail "the library for abidiff"
    abidiff --no-added-syms --no-architecture "$abi" "$work/libcaption.so.0.2" >"$work/changes" ||
        fail "the interface of libcaption.so.0.2 has changed: $(cat "$work/changes")"
else
    skip "no abidiff (abigail-tools): the interface is not compared with that of the last release"
fi

for standard in c99 c11; do
    echo '#include <caption.h>' | "${CC:-cc}" -x c -std=$standard -Wall -Wextra -Werror -pedantic \
        -I"$include" -fsyntax-only - || fail "$standard reads the header"
done
if command -v "${CXX:-c++}" >/dev/null; then
    "${CXX:-c++}" -x c++ -Wall -Wextra -Werror -pedantic -I"$include" -fsyntax-only "$include/caption.h" ||
        fail "C++ reads the header"
else
    skip "no C++ compiler"
fi
finish
