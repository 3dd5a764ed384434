#!/bin/sh
# Waits and readers: Ctrl-C ends a wait for a photo, who has read enough ends a run without a word, and a
# photo without a name has no file beside it.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images

# waits SIGNAL ARGUMENTS...: the program is sent the signal while it waits for standard input, of which
# half a photo is there.
mkfifo "$work/input"
waits() {
    number=$1
    shift
    (head -c 100 "$shape/00.ppm"; sleep 30) >"$work/input" &
    writer=$!
    "$program" "$@" <"$work/input" >"$out" 2>"$err" &
    waiting=$!
    sleep 2
    kill -"$number" $waiting
    begun=$(date +%s)
    status=0
    wait $waiting || status=$?
    [ $(($(date +%s) - begun)) -lt 10 ] || fail "$number: the wait goes on"
    kill $writer 2>/dev/null
}
waits TERM -
expect 130 "SIGTERM ends the wait for a photo on standard input"
expect_in "$err" "interrupted after 0 of 1"
waits TERM -t 3 "$shape/00.ppm" - "$shape/01.ppm"
expect 130 "among others"
expect_in "$out" "$shape/00.ppm"
waits TERM --files-from -
expect 143 "SIGTERM ends the wait for names"

# A pipe that nobody writes to.
mkfifo "$work/pipe.ppm"
"$program" "$work/pipe.ppm" >"$out" 2>"$err" </dev/null &
waiting=$!
sleep 2
kill -TERM $waiting
status=0
wait $waiting || status=$?
expect 130 "SIGTERM ends the wait for a writer"
rm "$work/pipe.ppm"

# Pipes among the inputs of training, with a writer that says nothing.
mkfifo "$work/set" "$work/text"
sleep 60 >"$work/set" &
writer=$!
train_waits() { # ARGUMENTS...
    "$program" train "$@" -o "$work/new" >"$out" 2>"$err" </dev/null &
    waiting=$!
    sleep 2
    kill -TERM $waiting
    status=0
    wait $waiting || status=$?
    expect 130 "SIGTERM ends the wait of train $*"
    expect_in "$err" "interrupted while waiting for it"
}
train_waits "$work/set"
train_waits "$work/shapes/dataset.json" --images "$shape" --val "$work/set"
train_waits "$work/shapes/dataset.json" --images "$shape" --text "$work/text"
kill $writer
run train "$work/shapes/dataset.json" --images "$shape" --init "$work/text" -o "$work/new"
expect 1 "a pipe is no model"
expect_in "$err" "is not a regular file"

# `| head`: silent, as ls is.
enough() { # ARGUMENTS...: the reader has gone before the first row
    {
        sleep 1
        status=0
        "$program" "$@" 2>"$err" </dev/null || status=$?
        echo $status >"$work/status"
    } | true
    status=$(cat "$work/status")
    : >"$out"
}
for arguments in "$shape" "--jsonl $shape" "--dry-run $shape" "$shape/00.ppm" --help --version info; do
    # shellcheck disable=SC2086
    enough $arguments
    expect 141 "a reader that has gone: $arguments"
    expect_lines "$err" 0
done

# A pipe that another program has made non-blocking, with a reader that is slow.
if command -v python3 >/dev/null; then
    run --help-all
    cp "$out" "$work/help"
    python3 -c 'import fcntl, os, sys
fcntl.fcntl(1, fcntl.F_SETPIPE_SZ if hasattr(fcntl, "F_SETPIPE_SZ") else 1031, 4096)
os.set_blocking(1, False)
os.execv(sys.argv[1], sys.argv[1:])' "$program" --help-all 2>"$err" | { sleep 1; cat >"$out"; }
    cmp -s "$work/help" "$out" || fail "output to a non-blocking pipe is whole: $(cat "$err")"
else
    skip "no python3: output to a non-blocking pipe"
fi

for flag in --sidecar --write-xmp "--output-dir=$work/texts"; do
    status=0
    (cd "$work" && "$program" "$flag" -) <"$shape/00.ppm" >"$out" 2>"$err" || status=$?
    expect 2 "$flag and a photo without a name"
    expect_in "$err" "${flag%%=*}: a photo on standard input has no name"
done
[ -z "$(find "$work" -maxdepth 1 -name '*-.*')" ] || fail "a file of a photo without a name"

finish
