#!/bin/sh
# caption --tar: archives and streams are captioned as the same photos in a folder are, whole or cut short,
# harmless or hostile, in little memory; --tar-output writes what WebDataset reads.
. "$(dirname "$0")/lib.sh"

if ! "$program" --formats | grep -q '^tar archives.yes'; then
    skip "built without libarchive"
    finish
fi
use_tiny_model
shard=$work/shard
mkdir "$shard"
cp "$work"/shapes/images/0?.ppm "$shard"
for photo in "$shard"/*.ppm; do echo "an old caption" >"${photo%.ppm}.txt"; done
echo '{"caption": "an old caption"}' >"$shard/03.json"
tar --sort=name -cf "$work/s.tar" -C "$shard" .
gzip -k "$work/s.tar"

# The rows of the folder, called by their keys.
run "$shard"
sed 's|^.*/||; s|\.ppm||' "$out" >"$work/folder"
for threads in 1 3; do
    run --tar -t $threads "$work/s.tar"
    expect 0 "an archive, $threads threads"
    cmp -s "$work/folder" "$out" || fail "the captions of the folder, in order, by their keys"
done
"$program" --tar - <"$work/s.tar.gz" >"$out" 2>"$err" || fail "a compressed stream"
cmp -s "$work/folder" "$out" || fail "a compressed stream says the same"
cat "$work/s.tar" "$work/s.tar" | "$program" --tar - >"$out" 2>"$err" || fail "two archives in a stream"
cat "$work/folder" "$work/folder" | cmp -s - "$out" || fail "two archives in a stream are captioned both"
run --tar --temperature 1 --seed 5 "$work/s.tar"
cp "$out" "$work/drawn"
for part in 1 2 3; do
    run --tar --temperature 1 --seed 5 --shard $part/3 "$work/s.tar"
    cat "$out"
done | sort | cmp -s - "$work/drawn" || fail "three shards caption every photo once, as one run does"
run --tar --dry-run "$work/s.tar"
cut -f 1 "$work/folder" | cmp -s - "$out" || fail "--dry-run lists the keys"
run --tar --sandbox on --jsonl "$work/s.tar"
[ "$status" -eq 0 ] || grep -q sandbox "$err" || fail "in the sandbox"

# Out into an archive.
run --tar --tar-output "$work/o.tar" "$work/s.tar"
expect 0 "an archive of captions"
expect_lines "$out" 0
tar -tf "$work/o.tar" >"$work/names"
head -n 3 "$work/names" | tr '\n' ' ' | grep -qx '00.ppm 00.txt 00.json ' || fail "photo, text and JSON of a sample, one after the other"
expect_lines "$work/names" 30
[ "$(tar -xOf "$work/o.tar" 03.txt)" = "$(sed -n 's/^03	//p' "$work/folder")" ] || fail "the text is the caption"
tar -xOf "$work/o.tar" 03.json | jq -e --arg key 03 '.path == $key and .caption and .logprob' >/dev/null || fail "the JSON is that of --jsonl"
tar -xOf "$work/o.tar" 05.ppm | cmp -s - "$shard/05.ppm" || fail "the photo is as it was"
run --tar -t 1 --tar-output "$work/o2.tar" "$work/s.tar"
cmp -s "$work/o.tar" "$work/o2.tar" || fail "the same archive whatever the threads"
run --tar --tar-output "$work/s.tar" "$work/s.tar"
expect 2 "an archive is not written over itself"

# Cut short, at every place of note; the photos before are captioned.
size=$(wc -c <"$work/s.tar.gz")
head -c $((size - 20)) "$work/s.tar.gz" | "$program" --tar - >"$out" 2>"$err" && fail "a compressed stream that is cut short is reported"
for cut in 6000 6656 7000; do
    status=0
    head -c $cut "$work/s.tar" | "$program" --tar --jsonl - >"$out" 2>"$err" || status=$?
    expect 1 "a stream cut short after $cut bytes"
    expect_in "$err" "cut short after"
    head -n 1 "$out" | grep -q '"path":"00","caption"' || fail "the photos before are captioned"
    tail -n 1 "$out" | grep -q '"error"' || fail "the cut is a row"
done
# The mark of the end alone is missing.
plain=$(tar --sort=name -b 1 -cf - -C "$shard" . | wc -c)
status=0
head -c $((plain - 1024)) "$work/s.tar" | "$program" --tar - >"$out" 2>"$err" || status=$?
expect 1 "an archive without its mark of the end"
expect_in "$err" "cut short after" "mark of the end"
cmp -s "$work/folder" "$out" || fail "all of its photos are captioned"
head -c 3000 "$work/s.tar" >"$work/cut.tar"
run --tar "$work/cut.tar" "$work/none.tar" "$work/model.safetensors" "$work/s.tar"
expect 1 "after an archive that is broken, or is none, comes the next one"
expect_in "$err" "cut.tar" "none.tar: cannot" "model.safetensors"
tail -n 10 "$out" | cmp -s - "$work/folder" || fail "the archive behind broken ones"

# A broken member, and hostile ones.
mkdir -p "$work/h/below"
cp "$shard/00.ppm" "$work/h/below/a.b.ppm"
cp "$shard/01.ppm" "$work/h/below/a.c.ppm"
cp "$shard/02.ppm" "$work/h/named"
: >"$work/h/empty.jpg"
echo "no photo" >"$work/h/text.jpg"
ln -s /etc/passwd "$work/h/link.ppm"
ln "$work/h/named" "$work/h/second.ppm"
mkfifo "$work/h/pipe.ppm"
(cd "$work/h" && tar -cf "$work/h.tar" below/a.b.ppm below/a.c.ppm named empty.jpg text.jpg link.ppm second.ppm pipe.ppm
    tar -P --transform 's|^named|../../up.ppm|' -rf "$work/h.tar" named
    tar -P --transform 's|^named|/etc/root.ppm|' -rf "$work/h.tar" named
    tar -P -rf "$work/h.tar" /dev/null)
run --tar -v "$work/h.tar"
expect 1 "hostile members"
cut -f 1 "$out" | tr '\n' ' ' | grep -qx 'below/a below/a.c.ppm named ../../up /etc/root ' ||
    { fail "photos by key or content; links, pipes and devices are passed over" && explain; }
expect_in "$err" "h.tar: empty.jpg" "h.tar: text.jpg: is not a photo" "4 other members passed over"
run --tar --tar-output "$work/safe.tar" "$work/h.tar"
expect 1 "no name that leads out of a folder goes into an archive"
expect_in "$err" "../../up.ppm: its name leads out" "/etc/root.ppm: its name leads out"
tar -tf "$work/safe.tar" | grep -q '^/\|\.\.' && fail "such names are left out"
[ "$(tar -tf "$work/safe.tar" | sort -u | wc -l)" -eq 9 ] || fail "no name twice"

# Names that are there already: a photo or a caption would be lost where the archive is unpacked.
mkdir "$work/twice"
cp "$shard/00.ppm" "$work/twice/00.ppm"
cp "$shard/01.ppm" "$work/twice/a.txt"
tar -cf "$work/twice.tar" -C "$work/twice" 00.ppm a.txt
tar --append -f "$work/twice.tar" -C "$work/twice" 00.ppm
run --tar --tar-output "$work/once.tar" "$work/s.tar" "$work/twice.tar"
expect 1 "no two members of one name go into an archive"
expect_in "$err" "twice.tar: 00.ppm: --tar-output has a 00.ppm already" "twice.tar: a.txt: --tar-output has a a.txt already"
tar -tf "$work/once.tar" | sort >"$work/names"
sort -u "$work/names" | cmp -s - "$work/names" || fail "no name twice"
expect_lines "$work/names" 30

# A bomb, and a size that is a lie: memory stays what the model takes.
truncate -s 600M "$work/bomb.jpg"
tar -cf - -C "$work" bomb.jpg | gzip -1 >"$work/bomb.tar.gz"
rm "$work/bomb.jpg"
(ulimit -v 400000; "$program" -t 1 --sandbox off --tar "$work/bomb.tar.gz" >"$out" 2>"$err") && fail "a bomb is an error"
expect_in "$err" "bomb.jpg: is not a photo"

# And one that begins as a photo: it is read until it is seen to be none.
{
    cat "$source_tree/tests/e2e/gradient.jpg"
    head -c 400000000 /dev/zero
} >"$work/padded.jpg"
tar -cf - -C "$work" padded.jpg | gzip -1 >"$work/padded.tar.gz"
rm "$work/padded.jpg"
if command -v /usr/bin/time >/dev/null; then
    /usr/bin/time -f %M -o "$work/peak" "$program" -t 1 --tar "$work/padded.tar.gz" >"$out" 2>"$err" &&
        fail "a photo that is a bomb is an error"
    expect_in "$err" "padded.jpg: " "bytes of the archive unpack to more than"
    [ "$(tail -n 1 "$work/peak")" -lt 200000 ] || fail "a bomb takes $(tail -n 1 "$work/peak") kB, less than 200000 expected"
fi
printf 'P6 9 9 255\n' >"$work/lie.ppm"
tar -cf "$work/lie.tar" -C "$work" lie.ppm
awk 'BEGIN { printf "77777777777" }' | dd of="$work/lie.tar" bs=1 seek=124 conv=notrunc 2>/dev/null
run --tar "$work/lie.tar"
expect 1 "a size that is a lie"

# Training out of archives, one after the other: the same weights for any number of threads, and after a
# kill -9 in the middle.
mkdir "$work/shards"
for third in 0 1 2; do
    mkdir "$work/part"
    for photo in "$work"/shapes/images/${third}*.ppm; do
        cp "$photo" "$work/part"
        echo "a caption of part $third" >"$work/part/$(basename "$photo" .ppm).txt"
    done
    tar --sort=name -cf "$work/shards/$third.tar" -C "$work/part" .
    rm -r "$work/part"
done
small="--image-size 32 --hidden 16 --embed 16 --min-count 1 --epochs 6 --batch-size 4 --micro-batch 2"
learn() { # OUTPUT FLAGS...
    output=$work/$1.safetensors
    shift
    # shellcheck disable=SC2086
    run train "$work/shards" -o "$output" --val "$work/shards" --encoder-arch "stem_c8 head_c16" $small \
        --checkpoint-minutes 0 "$@"
}
learn all
learn one -t 1 --shuffle-buffer 5
expect 0 "shards are learned from one after the other"
learn three -t 3 --shuffle-buffer 5
tensors "$work/one.safetensors" | cksum >"$work/one"
tensors "$work/three.safetensors" | cksum | cmp -s - "$work/one" || fail "the same weights for any number of threads"
tensors "$work/all.safetensors" | cksum | cmp -s - "$work/one" && fail "the buffer decides the order"
# shellcheck disable=SC2086
"$program" train "$work/shards" -o "$work/killed.safetensors" --val "$work/shards" --encoder-arch "stem_c8 head_c16" $small \
    --checkpoint-minutes 0 -t 2 --shuffle-buffer 5 >"$out" 2>"$err" </dev/null &
killed=$!
turns=0
until [ -f "$work/killed.safetensors.checkpoint" ] || [ $turns -eq 500 ]; do
    sleep 0.02
    turns=$((turns + 1))
done
kill -9 $killed 2>/dev/null
wait $killed 2>/dev/null
learn killed -t 2 --shuffle-buffer 5 --resume
expect 0 "a run that was killed is resumed"
tensors "$work/killed.safetensors" | cksum | cmp -s - "$work/one" || fail "it ends with the same weights"

# Flags that make no sense with it.
run --tar --sidecar "$work/s.tar"
expect 2 "no sidecar beside a member"
run --tar "$shard"
expect 2 "a folder is no archive"
run --tar-output "$work/x.tar" "$shard/00.ppm"
expect 2 "--tar-output without --tar"

# stop WAITING SECONDS: sends it SIGTERM after so many seconds; its exit status is then in $status.
stop() {
    sleep "$2"
    kill -TERM "$1"
    (sleep 5; kill -9 "$1" 2>/dev/null) &
    watch=$!
    status=0
    wait "$1" || status=$?
    kill $watch 2>/dev/null
}

# SIGTERM ends the wait for a stream, after the rows that are there.
mkfifo "$work/input"
(head -c 7000 "$work/s.tar"; exec sleep 30) >"$work/input" &
writer=$!
"$program" --tar - <"$work/input" >"$out" 2>"$err" &
stop $! 1
kill $writer 2>/dev/null
expect 130 "SIGTERM ends the wait for a stream"
expect_in "$err" "interrupted after"

# And the wait for a pipe that nobody writes to.
"$program" --tar "$work/input" >"$out" 2>"$err" </dev/null &
stop $! 0.5
expect 130 "SIGTERM ends the wait for a pipe that nobody writes to"
finish
