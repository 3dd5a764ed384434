#!/bin/sh
# caption info --pack: captions stay the same, whatever becomes of the file.
. "$(dirname "$0")/lib.sh"

photo=$source_tree/tests/e2e/gradient.jpg
model=$work/model.safetensors
packed=$model.packed
cp "$weights" "$model"
run "$photo" --top 3 --json -m "$model"
expect 0 "a caption before weights are packed"
cp "$out" "$work/before"

same() {
    run "$photo" --top 3 --json -m "$model"
    expect 0 "a caption: $1"
    cmp -s "$out" "$work/before" || fail "the same caption: $1"
}

info() {
    run info "$model"
    expect 0 "info: $2"
    grep -q "^packed weights.*$1" "$out" || fail "info: $2 (found: $(grep '^packed' "$out"))"
}

run info --pack "$model"
expect 0 "weights are packed"
[ "$(cat "$out")" = "$packed" ] || fail "the path of the file is printed"
same "weights packed"
info "$packed$" "the file is used"
for precision in f32 bf16 int16 int8; do
    run "$photo" -t 1 --style none --precision $precision -m "$model"
    expect 0 "$precision, which may not be what was packed"
done

# Numbers come from the file beside the model: the model's own are not read.
if command -v strace >/dev/null && strace -o "$work/calls" true 2>/dev/null; then
    strace -f -o "$work/calls" -e trace=pread64 "$program" "$photo" -m "$model" >/dev/null
    read=$(awk -F '= ' '/pread64/ { sum += $NF } END { print sum + 0 }' "$work/calls")
    [ "$read" -lt 1000000 ] || fail "packed weights are used ($read bytes were read)"
else
    skip "no strace: whether packed weights are used is not seen"
fi

truncate -s -65536 "$packed"
same "the file cut short"
info "not what caption info --pack wrote" "the file is cut short"
: >"$packed"
same "the file empty"
run info --pack "$model"
printf 'x' | dd of="$packed" bs=1 seek=3 conv=notrunc 2>/dev/null
same "another file"
info "packed from another model" "the file is another"
run info --pack "$model"
touch -d '2001-01-01' "$model"
same "the model touched"
info "packed from another model" "the model is newer"
run info --pack "$model"
info "$packed$" "packed anew"
chmod 666 "$packed"
same "anybody may write the file"
info "not used" "anybody may write the file"
mask=$(umask)
umask 000
run info --pack "$model"
info "$packed$" "packed anew"
rm "$packed"
run info --pack "$model"
info "$packed$" "packed under umask 000"
umask "$mask"
chmod 644 "$packed"
if [ "$(id -u)" -eq 0 ]; then
    chown 65534 "$packed"
    same "another user's file"
    info "not used" "another user's file"
    chown 0 "$packed"
    info "$packed$" "the owner's file again"
fi
chmod 000 "$packed"
same "the file cannot be read"
rm "$packed"
mkdir "$packed"
same "a folder of that name"
run info --pack "$model"
expect 1 "a folder of that name is not replaced"
grep -q "$packed" "$err" || fail "the error names the path"

run info --pack --vocabulary "$model"
expect 2 "one thing is asked at a time"
finish
