#!/bin/sh
# System calls that fail, and transfers that are cut short: whichever it is, the program ends by itself,
# says so, loses nothing, and leaves every file as it was or as it is to be. Here every call of a
# captioning run and some of a training; FAULTS=all tries every one, and from each one on. FAULTS_FROM=N leaves
# captioning out and begins with call N of the training, FAULTS_TO=N ends with it: parts of what takes hours.
. "$(dirname "$0")/lib.sh"

library=${CAPTION_FAILING_CALLS:-}
if [ ! -f "$library" ] || ! LD_PRELOAD=$library "$program" --version >"$out" 2>&1; then
    skip "no library that lets system calls fail (not built here, or the kernel has no filter)"
    finish
fi

use_tiny_model
photo=$work/in/photo.ppm
injected=0
mkdir "$work/in" "$work/old" "$work/new"
{
    printf '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    printf '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><!-- %01500d -->' 0
    printf '</rdf:Description></rdf:RDF></x:xmpmeta>\n'
} >"$work/old/photo.ppm.xmp"
echo "an old line" >"$work/old/photo.txt"
echo "an old page" >"$work/old/page.html"
cp "$work/shapes/images/00.ppm" "$work/old/photo.ppm"
has_other_user && user=as_other_user || user=
mkdir "$work/told"
chmod 777 "$work/told"
report=$work/told/report

# faulty VARIABLE=VALUE... -- COMMAND...: as a user who may not do everything. Sets $calls, $faults and
# $kind from the library's report.
faulty() {
    variables=
    while [ "$1" != -- ]; do
        variables="$variables $1"
        shift
    done
    shift
    rm -f "$report"
    status=0
    # shellcheck disable=SC2086
    $user timeout 120 env LD_PRELOAD="$library" FAULT_REPORT="$report" $variables "$@" \
        >"$out" 2>"$err" </dev/null || status=$?
    calls=0 faults=0 kind=-1
    [ ! -s "$report" ] || read -r calls faults kind <"$report"
    injected=$((injected + faults))
}

begin() { # the files as they were, those of the user who runs the program
    rm -rf "$work/in"
    cp -R "$work/old" "$work/in"
    [ -z "$user" ] || [ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$work/in"
    chmod 777 "$work/in"
    chmod 666 "$work/in"/*
}

# judge WHAT: what every end has in common.
judge() {
    if [ "$status" -gt 2 ]; then
        fail "$1: exit status $status (124: it hung)"
        explain
    fi
    if [ "$status" -ne 0 ] && [ ! -s "$err" ] && [ "$kind" -ne 1 ]; then
        fail "$1: exit status $status without a word"
    fi
    # (A page of a photo that failed says so, and is whole.)
    for file in photo.ppm photo.ppm.xmp photo.txt page.html; do
        cmp -s "$work/in/$file" "$work/old/$file" || tail -n 1 "$work/in/$file" | grep -q '^</html>$' || cmp -s "$work/in/$file" "$work/new/$file" ||
            fail "$1: $file is neither old nor new"
    done
    [ "$status" -eq 0 ] || return 0
    cmp -s "$out" "$work/new.out" || fail "$1: exit status 0, part of the output"
    for file in photo.ppm.xmp photo.txt page.html; do
        cmp -s "$work/in/$file" "$work/new/$file" || fail "$1: exit status 0, $file is not new"
    done
    # A temporary file stays only where it may not be removed (87: unlink).
    [ "$kind" -eq 87 ] || [ -z "$(find "$work/in" -name '.caption-*')" ] || fail "$1: a temporary file is left behind"
}

# sweep ARGUMENTS...: every call of captioning one photo.
sweep() {
    begin
    faulty -- "$program" -t 1 "$@" "$photo"
    expect 0 "$*: nothing fails"
    rm -rf "$work/new"
    cp -R "$work/in" "$work/new"
    cp "$out" "$work/new.out"
    total=$calls
    for number in $(seq "$total"); do
        begin
        faulty FAULT_AT="$number" -- "$program" -t 1 "$@" "$photo"
        judge "$*: call $number (system call $kind)"
        [ "${FAULTS:-}" = all ] || continue
        begin
        faulty FAULT_AT="$number" FAULT_ON=1 -- "$program" -t 1 "$@" "$photo"
        judge "$*: from call $number on (system call $kind)"
    done
    for bytes in 1 7 1000; do
        begin
        faulty FAULT_SHORT=$bytes -- "$program" -t 1 "$@" "$photo"
        expect 0 "$*: transfers of $bytes bytes"
        judge "$*: transfers of $bytes bytes"
    done
    if [ "$total" -gt 100 ]; then ok "$*: $total calls"; else fail "$*: only $total calls were counted"; fi
}

if [ -n "${FAULTS_FROM:-}" ]; then
    skip "captioning: begun with call $FAULTS_FROM of the training"
elif [ "${FAULTS:-}" = all ]; then
    sweep --json
    sweep --csv
    sweep --sidecar --existing append
    sweep --write-xmp --existing overwrite
    sweep --force --html "$work/in/page.html"
fi
[ -n "${FAULTS_FROM:-}" ] || sweep --jsonl --write-xmp --existing overwrite --force --html "$work/in/page.html"

# Training: run again, the command goes on from what the failed run left, and the weights are those of a
# run that nothing disturbed.
train() { # VARIABLE=VALUE...
    # shellcheck disable=SC2086
    faulty "$@" -- "$program" train "$work/shapes/dataset.json" --val "$work/shapes/dataset.json" \
        --images "$work/shapes/images" -o "$work/in/learned.safetensors" --resume --missing fail -t 1 \
        --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --image-size 32 --hidden 16 --embed 16 \
        --min-count 1 --epochs 2 --crop 0 --color 0 --checkpoint-minutes 0
}

begin
train
expect 0 "training: nothing fails"
cp "$work/in/learned.safetensors" "$work/new/learned.safetensors"
total=$calls tried=0
step=$((total / 20 + 1))
[ "${FAULTS:-}" != all ] || step=1
for number in $(seq "${FAULTS_FROM:-1}" $step "${FAULTS_TO:-$total}"); do
    begin
    train FAULT_AT="$number"
    what="training: call $number (system call $kind)"
    [ "$status" -le 2 ] || fail "$what: exit status $status (124: it hung)"
    [ "$status" -eq 0 ] || [ -s "$err" ] || fail "$what: exit status $status without a word"
    if [ "$status" -ne 0 ]; then
        train
        expect 0 "$what: and again"
    fi
    cmp -s "$work/in/learned.safetensors" "$work/new/learned.safetensors" || fail "$what: other weights"
    tried=$((tried + 1))
    [ "${FAULTS:-}" != all ] || [ $((number % 50)) -ne 0 ] || echo "training: as far as call $number of $total"
done
begin
train FAULT_SHORT=1000
expect 0 "training: transfers of 1000 bytes"
cmp -s "$work/in/learned.safetensors" "$work/new/learned.safetensors" || fail "training: transfers of 1000 bytes: other weights"
if [ "$total" -gt 100 ]; then ok "training: $tried of $total calls"; else fail "training: only $total calls were counted"; fi

echo "faults: $injected injected"
finish
