#!/bin/sh
# The library: the example at the top of caption.h is compiled as it stands, with what is installed, and
# says what the program says.
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

if command -v "${CXX:-c++}" >/dev/null; then
    "${CXX:-c++}" -x c++ -Wall -Wextra -Werror -I"$include" -fsyntax-only "$include/caption.h" ||
        fail "C++ reads the header"
else
    skip "no C++ compiler"
fi
finish
