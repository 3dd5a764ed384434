#!/bin/sh
# What the system does to a run: files that may not grow, terminals that are closed, pipes that nobody
# writes to, disks that do not answer, descriptors that run out.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images

left_behind() { # WHAT FOLDER
    [ -z "$(find "$2" -name '.caption-*')" ] || fail "$1: a temporary file is left behind"
}

# --- a file that may not grow

status=0
mkdir "$work/small"
(
    ulimit -f 8
    "$program" --html "$work/small/page.html" "$shape"
) >"$out" 2>"$err" </dev/null || status=$?
expect 1 "a page that may not grow is an error, not the end by a signal"
expect_in "$err" "page.html: cannot write: File too large"
[ ! -e "$work/small/page.html" ] || fail "half a page"
left_behind "a page that may not grow" "$work/small"

# --- a disk that is full, and no folder for temporary files

run --html /dev/full "$shape"
expect 1 "a page on a full disk is an error"
expect_in "$err" "/dev/full: cannot write: No space left on device"
TMPDIR=$work/absent run --html "$work/small/page.html" "$shape"
expect 0 "a page needs no folder for temporary files"
[ -s "$work/small/page.html" ] || fail "the page is there"

# --- a pipe that nobody writes to

mkfifo "$work/pipe.ppm"
status=0
timeout 60 "$program" "$work/pipe.ppm" "$shape/00.ppm" >"$out" 2>"$err" </dev/null || status=$?
expect 1 "a pipe that nobody writes to is an error row"
expect_in "$err" "pipe.ppm: a pipe that nobody wrote to"
expect_lines "$out" 1
cat "$shape/00.ppm" >"$work/pipe.ppm" &
run "$work/pipe.ppm"
expect 0 "a pipe that somebody writes to is a photo"
status=0
(sleep 12; cat "$shape/00.ppm") | "$program" - >"$out" 2>"$err" || status=$?
expect 0 "standard input is waited for"
rm "$work/pipe.ppm"

# --- a terminal that is closed

hang_up() { # COMMAND...: ends a training after its first epoch
    : >"$out" # else the row of a run before may be found
    "$@" train "$work/shapes/dataset.json" --images "$shape" -o "$work/long.safetensors" \
        --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --image-size 32 --hidden 16 --embed 16 \
        --min-count 1 --epochs 100000 --crop 0 --color 0 >"$out" 2>"$err" </dev/null &
    training=$!
    await "$out" '^[0-9]*/100000'
    kill -HUP $training
}

hang_up "$program"
status=0
wait $training || status=$?
expect 130 "SIGHUP ends a training as SIGTERM does: with what it has learned"
rm -f "$work"/long.*
hang_up nohup "$program"
sleep 1
kill -TERM $training || fail "SIGHUP ends a training under nohup"
status=0
wait $training || status=$?
expect 130 "under nohup a training goes on"

# --- a disk that does not answer

if has_faults; then
    for reason in EIO EMFILE ENOMEM ESTALE EACCES; do
        status=0
        ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$work/trace" -P "$shape/03.ppm" -e trace=openat \
            -e "inject=openat:error=$reason" "$program" train "$work/shapes/dataset.json" \
            --images "$shape" -o "$work/short.safetensors" --epochs 1 --min-count 1 --image-size 32 \
            --encoder-arch "stem_c8 ds_r1_k3_s1_e1_c8 head_c16" --hidden 16 --embed 16 \
            >"$out" 2>"$err" </dev/null || status=$?
        if [ $reason = EACCES ]; then
            expect 0 "a training photo that may not be read is left out"
        else
            expect 1 "$reason of a training photo ends the training"
            expect_in "$err" 03.ppm
        fi
    done
else
    skip "no strace (or it may not trace): training photos at which system calls fail"
fi

finish
