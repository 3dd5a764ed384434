#!/bin/sh
# The program is built so that a bug in memory is hard to exploit: told by what readelf and objdump see.
. "$(dirname "$0")/lib.sh"

if ! command -v readelf >/dev/null || ! command -v objdump >/dev/null; then
    skip "no readelf or objdump: how the program is hardened is not looked at"
    finish
fi
elf=$work/elf
readelf -W -h -l -d "$program" >"$elf"
readelf -W --dyn-syms "$program" >"$work/symbols"

expect_elf() { # PATTERN WHAT
    if grep -qE -- "$1" "$elf"; then ok "$2"; else fail "$2: $1 expected of readelf"; fi
}
expect_elf 'Type: +DYN' "position-independent"
expect_elf 'FLAGS_1.* PIE' "a program that is loaded at random addresses"
expect_elf 'GNU_RELRO' "relocations are read-only"
expect_elf 'BIND_NOW|FLAGS_1.*NOW' "all of them, from the start"
expect_elf 'GNU_STACK .* RW ' "the stack is not executable"
grep -qE '^ +LOAD .* RWE ' "$elf" && fail "nothing is both written and executed"

if grep -q libasan "$elf" || grep -q __asan_init "$work/symbols"; then
    skip "sanitizers: no stack protector and no checked functions"
    finish
fi
if grep -q __stack_chk_fail "$work/symbols"; then
    ok "the stack is protected"
else
    fail "the stack is protected: __stack_chk_fail expected among the symbols"
fi
if [ "${CAPTION_BUILD_TYPE:-Release}" != Release ]; then
    skip "a build of type $CAPTION_BUILD_TYPE: no checked functions"
elif [ "$(grep -c '_chk@' "$work/symbols")" -gt 3 ]; then
    ok "functions of the C library are checked"
else
    fail "functions of the C library are checked: _chk expected among the symbols"
fi
if [ "$(uname -m)" = x86_64 ]; then
    branches=$(objdump -d "$program" | grep -c endbr64)
    if [ "$branches" -gt 200 ]; then
        ok "indirect branches have marked targets"
    else
        fail "indirect branches have marked targets: $branches endbr64 found"
    fi
fi
finish
