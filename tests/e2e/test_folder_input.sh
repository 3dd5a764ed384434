#!/bin/sh
# What `caption PATH...` takes for its input: folders within folders, patterns, lists of files,
# standard input; every photo once, whatever it is called and however often it is met.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images

tree=$work/tree
mkdir -p "$tree/b/deep" "$tree/.hidden" "$tree/empty"
cp "$shape/00.ppm" "$tree/z.ppm"
cp "$shape/01.ppm" "$tree/b/one two.ppm"
cp "$shape/02.ppm" "$tree/b/deep/three.dat"
cp "$shape/03.ppm" "$tree/.hidden/never.ppm"
echo notes >"$tree/b/notes.txt"
ln -s .. "$tree/b/loop"
ln -s "$tree" "$tree/b/deep/loop"
ln "$tree/z.ppm" "$tree/zz.ppm"
ln -s one\ two.ppm "$tree/b/twin.ppm"

paths() {
    cut -f 1 "$out" | sed "s|^$work/||" | tr '\n' ':'
}

expect_paths() { # WHAT PATHS
    [ "$(paths)" = "$2" ] && return
    fail "$1: $2 expected, found $(paths)"
}

run "$tree"
expect 0 "a folder"
expect_paths "a folder alone" tree/z.ppm:

run -r "$tree"
expect 0 "folders in it, with loops of links"
expect_paths "sorted, each photo once, told by content" \
    "tree/b/deep/three.dat:tree/b/one two.ppm:tree/z.ppm:"

# Where a file system shows others (bindfs, mergerfs), different files may have one inode number.
cat >"$work/inode.c" <<'END'
#include <fcntl.h>
#include <sys/stat.h>
int stat(const char *restrict path, struct stat *restrict status) {
    const int result = fstatat(AT_FDCWD, path, status, 0);
    if (result == 0) status->st_ino = 1;
    return result;
}
END
if ! ldd "$program" | grep -q libasan && "${CC:-cc}" -shared -fPIC "$work/inode.c" -o "$work/inode.so" 2>"$err"; then
    status=0
    touch -d '2001-01-01' "$tree/b/deep/three.dat" "$tree/b"
    touch -d '2002-02-02' "$tree/b/deep"
    LD_PRELOAD=$work/inode.so "$program" -r "$tree" >"$out" 2>"$err" </dev/null || status=$?
    expect 0 "inode numbers that say nothing"
    expect_paths "each photo is found" "tree/b/deep/three.dat:tree/b/one two.ppm:tree/z.ppm:"
else
    skip "sanitizers, or no C compiler: inode numbers that say nothing"
fi

run -r "$tree" "$tree/b" "$tree/b/twin.ppm" "$tree/b/deep/../deep/three.dat"
expect_lines "$out" 3
ok "what is named twice is captioned once"

run -r --glob '*.ppm' --glob 'three.*' "$tree"
expect_lines "$out" 3
run -r --glob 'one*' "$tree"
expect_paths "--glob" "tree/b/one two.ppm:"
run --glob '*.jpg' "$tree"
expect 1 "no photo that matches"
expect_in "$err" "tree" match

run "$tree/empty" "$tree/z.ppm"
expect 1 "a folder without photos is told, the others are captioned"
expect_in "$err" empty
expect_lines "$out" 1

# --- photos of a folder that cannot be read: told, never passed over in silence

silent=$work/silent
mkdir "$silent"
cp "$shape/00.ppm" "$silent/good.ppm"
printf '\0\0\0\30ftypheic\0\0\0\0' >"$silent/IMG_0001.HEIC"
printf '\0\0\0\34ftypavif\0\0\0\0' >"$silent/no_name_for_it"
printf 'II*\0\10\0\0\0' >"$silent/scan.tif"
: >"$silent/zero_bytes.JPG"
printf '<!DOCTYPE html>\n<title>Not found</title>' >"$silent/error_page.jpg"
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >"$silent/lfs_pointer.png"
ln -s gone.jpg "$silent/dead.jpg"
echo notes >"$silent/notes.txt"
printf '%%PDF-1.5' >"$silent/paper.pdf"
run --jsonl "$silent"
expect 1 "a folder with photos that cannot be read: exit 1"
expect_lines "$out" 8
jq -s -e 'map(select(.error)) | length == 7' "$out" >/dev/null || fail "each of them is a row with an error"
expect_in "$err" "truncated HEIC" "truncated AVIF" "truncated TIFF" "zero_bytes.JPG: is empty" "a web page" \
    "a Git LFS pointer" "dead.jpg: cannot open"
run -v --jsonl "$silent"
expect_in "$err" "1 captioned, 7 failed, 2 other files passed over"
rm "$silent"/good.ppm
run "$silent"
expect 1 "a folder of such photos alone"
expect_in "$err" "truncated HEIC"
mkdir "$work/others"
echo notes >"$work/others/notes.txt"
run "$work/others"
expect 1 "a folder of other files alone"
expect_in "$err" "a folder without photos"

# --- a pair is one row: a raw photo beside its JPEG, a live photo beside its film, a film in a JPEG

pairs=$work/pairs
mkdir "$pairs"
cp "$source_tree/samples/drawn/sunny-day.jpg" "$pairs/IMG_1.JPG"
cp "$shape/00.ppm" "$pairs/IMG_1.1.ppm"
printf 'FUJIFILMCCD-RAW 0201' >"$pairs/IMG_1.RAF"
printf 'FUJIFILMCCD-RAW 0201' >"$pairs/IMG_2.RAF"
printf '\0\0\0\24ftypqt  \0\0\0\0qt  ' >"$pairs/IMG_1.MOV"
{
    cat "$source_tree/samples/drawn/sunny-day.jpg"
    printf '\0\0\0\24ftypisom\0\0\0\0isom'
} >"$pairs/PXL_1.MP.jpg"
run -v --jsonl "$pairs"
expect 1 "a folder of pairs, and a raw photo alone"
expect_in "$err" "IMG_2.RAF: truncated camera raw" "3 captioned, 1 failed, 2 other files passed over"
run "$pairs/IMG_1.JPG" "$pairs/IMG_1.RAF"
expect_in "$err" "IMG_1.RAF: truncated camera raw"
run --glob '*.RAF' "$pairs"
expect_in "$err" "IMG_1.RAF" "IMG_2.RAF"

run "$tree/b/notes.txt"
expect 1 "what is no photo is refused by name"
expect_in "$err" notes.txt

# --- lists of files

printf '%s\n' "$tree/z.ppm" "" "$tree/b/one two.ppm" >"$work/list"
run --files-from "$work/list"
expect_paths "--files-from" "tree/z.ppm:tree/b/one two.ppm:"
status=0
"$program" --files-from - <"$work/list" >"$out" 2>"$err" || status=$?
expect_lines "$out" 2
odd=$tree/$(printf 'new\nline.ppm')
cp "$shape/04.ppm" "$odd"
status=0
find "$tree" -name '*.ppm' -type f -print0 | "$program" --files-from - --jsonl >"$out" 2>"$err" || status=$?
expect 0 "find -print0 | caption --files-from -"
jq -s -e --arg odd "$odd" 'map(.path) | length == 4 and any(. == $odd)' "$out" >/dev/null ||
    fail "names with a newline in them"
status=0
printf '%s\0' "$odd" | "$program" -0 --files-from - --jsonl >"$out" 2>"$err" || status=$?
expect_lines "$out" 1
printf '%s' "$tree/z.ppm" | "$program" -0 --files-from - --jsonl >"$out" 2>"$err" || status=$?
expect_lines "$out" 1
run --files-from "$work/absent"
expect 1 "a list that is not there"
expect_in "$err" absent "No such file"

# --- standard input

run "$tree/z.ppm"
cp "$out" "$work/plain"
status=0
"$program" - <"$tree/z.ppm" >"$out" 2>"$err" || status=$?
expect 0 "a photo on standard input"
cmp -s "$out" "$work/plain" || fail "standard input and the file: the same caption"
status=0
# shellcheck disable=SC2002 # a pipe is what is tested
cat "$tree/z.ppm" | "$program" - "$tree/b/one two.ppm" >"$out" 2>"$err" || status=$?
expect_paths "standard input among others" "-:tree/b/one two.ppm:"
status=0
: | "$program" - >"$out" 2>"$err" || status=$?
expect 1 "nothing on standard input"
expect_in "$err" empty

# --- limits

run --max-pixels 1000 "$tree/z.ppm" "$tree/b/one two.ppm"
expect 1 "--max-pixels"
expect_lines "$out" 0
expect_in "$err" "32 x 32" 1000
run --max-pixels 1024 "$tree/z.ppm"
expect 0 "as many pixels as are allowed"

mkdir "$work/large"
{
    printf 'P5\n5700 5700\n255\n'
    head -c 32490000 /dev/zero
} >"$work/large/1.pgm"
for i in 2 3 4; do cp "$work/large/1.pgm" "$work/large/$i.pgm"; done
status=0
if [ -x /usr/bin/time ]; then
    ASAN_OPTIONS=quarantine_size_mb=1 /usr/bin/time -f %M -o "$work/peak" "$program" -t 4 --memory 1 "$work/large" >"$out" 2>"$err" || status=$?
    expect 0 "four photos of 130 MB decoded, one after the other"
    expect_lines "$out" 4
    peak=$(tail -n 1 "$work/peak")
    # One of them, and the files that wait.
    [ "$peak" -lt 330000 ] || fail "--memory: $peak kB taken"
else
    skip "no /usr/bin/time: memory taken by large photos"
fi
rm -r "$work/large"

# --- a folder that may not be read

mkdir "$tree/locked" "$work/np"
cp "$shape/05.ppm" "$tree/locked"
chmod 700 "$tree/locked" "$work/np"
if has_other_user; then
    chmod 000 "$tree/locked" "$work/np"
    run_as_other_user -r "$tree"
    expect 1 "a folder that cannot be read is reported"
    expect_in "$err" locked
    [ "$(wc -l <"$out")" -ge 3 ] || fail "the others are captioned"
    reported=0
    cd "$work" || exit 1 # a short path, which lies where others were: nothing behind its end is 0
    for i in 1 2 3 4 5 6 7 8; do
        run_as_other_user --shard "$i/8" np
        reported=$((reported + status))
    done
    cd "$OLDPWD" || exit 1
    [ "$reported" -eq 1 ] || fail "of 8 shards 1 reports a folder that is named and cannot be read, not $reported"
    chmod 744 "$tree/locked"
    run_as_other_user -r --jsonl "$tree"
    expect 1 "of a folder whose names alone may be read, each is reported"
    jq -s -e 'map(select(.error)) | length == 1 and (.[0].path | endswith("locked/05.ppm"))' "$out" >/dev/null ||
        fail "a file that cannot be looked at is an error row"
    run_as_other_user --glob '*.jpg' --jsonl "$tree/locked"
    ! grep -q 05.ppm "$out" || fail "what --glob passes over is not told"
else
    skip "no user who may not read everything: what happens with an unreadable folder"
fi
chmod 755 "$tree/locked"

# --- files at which system calls fail

if has_faults; then
    for call in newfstatat openat read; do
        for reason in EIO EACCES EINTR ESTALE; do
            for form in -q --json --jsonl --csv --logprob; do
                with_fault "$tree/z.ppm" "$call" "$reason" "$form" "$tree"
                [ "$status" -eq 1 ] || fail "$call: $reason, $form: exit status $status"
                grep -q z.ppm "$out" "$err" || fail "$call: $reason, $form: the photo is not told"
            done
        done
    done
    ok "a photo at which a system call fails is reported by every output"
else
    skip "no strace (or it may not trace): photos at which system calls fail"
fi

# --- shards

many=$work/many
mkdir "$many"
for i in $(seq 100 199); do cp "$shape/$(printf %02d $((i % 30))).ppm" "$many/$i.ppm"; done
run "$many"
sort "$out" >"$work/whole"
for i in 1 2 3; do
    run --shard "$i/3" "$many"
    expect 0 "shard $i of 3: $(wc -l <"$out") of 100 photos"
    [ -s "$out" ] || fail "an empty shard"
    expect_in "$err" "shard $i of 3"
    cat "$out"
done >"$work/said"
grep -v '^ok' "$work/said" | sort | cmp -s - "$work/whole" || fail "three shards are the whole"
cp -r "$many" "$work/moved"
run --shard 1/3 "$many"
sed "s|$many|$work/moved|" "$out" >"$work/first"
run -q --shard 1/3 "$work/moved"
cmp -s "$out" "$work/first" || fail "a shard is the same wherever the folder lies"
expect_lines "$err" 0

SLURM_ARRAY_TASK_ID=12 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=3
export SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_COUNT
run "$many"
expect_lines "$out" 100
run --shard auto "$many"
expect_in "$err" "shard 3 of 3 (Slurm)"
cp "$out" "$work/third"
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_COUNT
OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=3
export OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE
run --shard auto "$many"
expect_in "$err" "shard 3 of 3 (Open MPI)"
cmp -s "$out" "$work/third" || fail "Slurm, Open MPI: the same third"
unset OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE
for wrong in 0/3 4/3 1 1/ a/b 1/0 -1/2 auto; do
    run --shard "$wrong" "$many"
    expect 2 "--shard $wrong is refused"
done

if parallel --version 2>/dev/null | grep -q '^GNU parallel'; then
    "$program" -q --shard 1/1 "$many" | sort >"$work/whole"
    seq 4 | parallel "$program" -q -t 1 --shard {}/4 "$many" | sort >"$work/together"
    cmp -s "$work/whole" "$work/together" || fail "four processes of GNU parallel"
    ok "seq 4 | parallel caption --shard {}/4 FOLDER"
    find "$many" -name '*.ppm' -print0 |
        parallel -0 -N 30 --pipe --recend '\0' "$program" -q -0 --files-from - | sort >"$work/together"
    cmp -s "$work/whole" "$work/together" || fail "a list that GNU parallel divides"
    ok "find -print0 | parallel --pipe caption --files-from -"
else
    skip "GNU parallel is not installed"
fi

finish
