#!/bin/sh
# No run writes over what it reads, over a photo, or over what its output has not written: refused
# before any work, exit 2, nothing touched. --force allows the last alone.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images
data=$work/shapes/dataset.json
tiny="--images $shape --val $data --encoder-arch tiny --image-size 32 --hidden 16 --embed 16 --min-count 1 --epochs 1"

folder=$work/folder
mkdir "$folder"
cp "$shape/00.ppm" "$folder/p1.ppm"
cp "$shape/01.ppm" "$folder/p2.ppm"
cp "$shape/02.ppm" "$folder/p3.ppm"
printf '\0\0\0\30ftypheic' >"$folder/phone.heic"
echo "my notes" >"$folder/notes.txt"
echo '{"settings": 1}' >"$folder/settings.json"
echo '<html><p>My page.</p></html>' >"$folder/mine.html"
cp "$data" "$folder/dataset.json"
printf '%s\n' p1.ppm p2.ppm >"$folder/list"
ln -s p1.ppm "$folder/link.html"
ln "$folder/p2.ppm" "$folder/hard.html"
ln -s nowhere "$folder/dangling.html"
cp -a "$folder" "$work/before"

# refused WHAT FILE TEXT ARGUMENT...: FILE and TEXT are in the message.
refused() {
    what=$1
    named=$2
    text=$3
    shift 3
    run "$@"
    expect 2 "$what is refused"
    expect_lines "$out" 0
    expect_in "$err" "$named" "$text"
    diff -r --no-dereference "$folder" "$work/before" >/dev/null || fail "$what: nothing is touched"
}
cd "$folder" || exit 1

for flag in --html --vis-json; do
    refused "a photo behind $flag" p1.ppm "$flag" "$flag" p1.ppm p2.ppm p3.ppm
    refused "a photo behind $flag, with --force" p1.ppm "$flag" --force "$flag" p1.ppm p2.ppm
    refused "a photo that is not read behind $flag" phone.heic "HEIC" --force "$flag" phone.heic p2.ppm
    refused "a link to a photo behind $flag" link.html "$flag" --force "$flag" link.html p2.ppm
    refused "a hard link to a photo behind $flag" hard.html "$flag" --force "$flag" hard.html p2.ppm
    refused "a text behind $flag" notes.txt 'the text "my notes' "$flag" notes.txt p2.ppm
    refused "a page of somebody else behind $flag" mine.html "a web page" "$flag" mine.html p2.ppm
    refused "JSON of somebody else behind $flag" settings.json "$flag" "$flag" settings.json p2.ppm
    refused "the model behind $flag" model.safetensors "the model of the run" --force "$flag" "$model" p2.ppm
    refused "the list behind $flag" list "the list of photos of the run" --force "$flag" list --files-from list
    refused "a link that leads nowhere behind $flag" dangling.html "no file" "$flag" dangling.html p2.ppm
    refused "a folder behind $flag" folder "is a directory" "$flag" "$folder" p2.ppm
done
refused "one file for two outputs" page.html "both --html and --vis-json" --html page.html --vis-json ./page.html p1.ppm
refused "sidecars with the extension of photos" .ppm "photos" --sidecar=.ppm --existing overwrite p1.ppm
refused "sidecars in place of metadata" .xmp "--write-xmp" --sidecar=.xmp --existing overwrite p1.ppm

refused "the data set as results of eval" dataset.json "both --results and the data set" \
    eval dataset.json --images "$shape" --split all --results dataset.json --force
refused "a photo as results of eval" p1.ppm "--results" \
    eval dataset.json --images "$shape" --split all --results p1.ppm
mkdir "$work/texts"
cp p1.ppm p2.ppm "$work/texts"
for i in 1 2; do echo "a red tower" >"$work/texts/p$i.txt"; done
run eval "$work/texts" --split all --results "$work/texts/p1.txt" --force
expect 2 "a caption of a folder as results of eval is refused"
[ "$(cat "$work/texts/p1.txt")" = "a red tower" ] || fail "it is as it was"

for flag in --output --report --features --checkpoint; do
    # shellcheck disable=SC2086 # the words of the flags
    for forced in "" --force; do
        refused "the data set as train's $flag $forced" dataset.json "the data set of the run" \
            train dataset.json -o out $tiny $forced "$flag" dataset.json
        refused "a photo as train's $flag $forced" p3.ppm "$flag" train dataset.json -o out $tiny $forced "$flag" p3.ppm
    done
    # shellcheck disable=SC2086
    refused "a text as train's $flag" notes.txt "--force" train dataset.json -o out $tiny "$flag" notes.txt
done
# shellcheck disable=SC2086
refused "the model that training starts from as its output" model.safetensors "the model to start from" \
    train dataset.json --init "$model" -o "$model" --epochs 1 --force

# Standard output that is a photo of the run, as `caption p1.ppm >>p1.ppm` has it.
status=0
"$program" p1.ppm 2>"$err" >>p1.ppm || status=$?
expect 2 "standard output into a photo that is read is refused"
cmp -s p1.ppm "$work/before/p1.ppm" || fail "the photo is as it was"

# --- what may be written over

run --html page.html --vis-json rows.json p1.ppm p2.ppm
expect 0 "new outputs in the folder of the photos"
cp page.html "$work/page"
run --html page.html --vis-json rows.json p1.ppm
expect 0 "outputs over those of an earlier run"
cmp -s page.html "$work/page" && fail "the page is written anew"
run eval dataset.json --images "$shape" --split all --results rows.json
expect 0 "results of eval over rows of captions"
jq -e 'length == 30' rows.json >/dev/null || fail "the rows are those of eval"
run --html rows.json p1.ppm
expect 2 "a page over rows of captions is refused"
run --force --html notes.txt --vis-json settings.json p1.ppm
expect 0 "--force writes over files of something else"
grep -q "Photos and their captions" notes.txt || fail "the page is there"
: >empty.html
run --html empty.html p1.ppm
expect 0 "an empty file is filled"
: >empty.jpg
run --html empty.jpg p1.ppm
expect 2 "an empty file that is called a photo is not"
rm empty.jpg

for turn in first second; do
    # shellcheck disable=SC2086
    run train dataset.json -o new $tiny --freeze-encoder 1 --report report.html
    expect 0 "training over its own outputs, $turn run"
done
run --html report.html p1.ppm
expect 2 "a page of captions over a training report is refused"

printf '%%PDF-1.5 a document' >p1.txt
run --sidecar --existing overwrite p1.ppm
expect 1 "a sidecar over what is no text is its photo's failure"
grep -q PDF p1.txt || fail "the document is as it was"
run --sidecar --existing overwrite --force p1.ppm
expect 0 "--force writes over it"

# --- what is no file stays what it is

status=0
"$program" --html /dev/stdout p1.ppm 2>"$err" | cat >"$out" || status=$?
grep -q "Photos and their captions" "$out" || fail "a page to /dev/stdout"
"$program" --vis-json /dev/stdout --html /dev/null p1.ppm >"$out" 2>"$err" || fail "/dev/null"
jq -e 'length == 1' "$out" >/dev/null || fail "rows to /dev/stdout, which is a file"
[ -c /dev/null ] || fail "/dev/null is a device"
run --vis-json - p1.ppm
expect 0 "- is standard output"
jq -e 'length == 1' "$out" >/dev/null || fail "rows to -"
run --html - p1.ppm
grep -q "Photos and their captions" "$out" || fail "a page to -"
for command in "index p1.ppm -o" "train $data -o" "train $data -o new.safetensors --report" "eval $data --results"; do
    # shellcheck disable=SC2086
    run $command -
    expect 2 "$command - is refused"
    expect_in "$err" "'-' is not the name of a file"
done
[ ! -e - ] || fail "no file is called -"
mkfifo pipe
cat pipe >"$work/read" &
reader=$!
run --html pipe p1.ppm
expect 0 "a page into a pipe"
wait "$reader"
[ -p pipe ] && grep -q "</html>" "$work/read" || fail "the pipe is a pipe, and had the page"
# shellcheck disable=SC2086
run train dataset.json -o /dev/null $tiny
expect 2 "a model cannot go to a device"

# --- files beside photos, and what is redirected

echo p1.ppm >own.txt
cp p1.ppm own.ppm
cp "$model" own.safetensors
cp p1.ppm page.ppm
run --sidecar --existing overwrite --force --files-from own.txt own.ppm
expect 1 "a sidecar in place of the list of photos"
run --sidecar=.safetensors --existing overwrite --force -m own.safetensors own.ppm
expect 1 "a sidecar in place of the model"
cmp -s "$model" own.safetensors && grep -qx p1.ppm own.txt || fail "the list and the model stay"
run --sidecar=.page --html page.page page.ppm
expect 1 "a sidecar in place of the page"
expect_in "$err" "page.page: this run reads or writes it"

tar -cf in.tar p1.ppm notes.txt
cp in.tar in.before
cp p2.ppm same.ppm
for arguments in "--tar - --tar-output in.tar" "--tar - --force --html in.tar"; do
    # shellcheck disable=SC2086
    "$program" $arguments <in.tar >"$out" 2>"$err" && fail "$arguments, from that archive"
    expect_in "$err" "in.tar" "standard input of the run"
done
cmp -s in.tar in.before || fail "the archive stays"
echo p1.ppm >list2
"$program" --files-from - --html list2 --force <list2 >"$out" 2>"$err" && fail "a page in place of the list on standard input"
grep -qx p1.ppm list2 || fail "that list stays"
"$program" - <same.ppm >>same.ppm 2>"$err" && fail "a caption behind the photo on standard input"
"$program" suggest same.ppm "a" >>same.ppm 2>"$err" && fail "suggestions behind the photo"
cmp -s p2.ppm same.ppm || fail "the photo stays"
echo '![](p1.ppm)' >own.md
"$program" alt --dry-run own.md >>own.md 2>"$err" && fail "a difference behind the document"
expect_lines own.md 1

echo "my notes" >own.safetensors.packed
run info --pack own.safetensors
expect 1 "packed weights in place of notes"
grep -q "my notes" own.safetensors.packed || fail "the notes stay"

# Between reading and renaming lies a disk that may be slow.
if has_faults; then
    for command in "--write-metadata -t 1 change.jpg" "alt -t 1 change.md"; do
        cp "$source_tree/samples/page.jpg" change.jpg
        echo '![](p1.ppm)' >change.md
        file=${command##* }
        # shellcheck disable=SC2086
        ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$work/trace" -e trace=fsync -e inject=fsync:delay_enter=1500000 \
            "$program" $command >"$out" 2>"$err" &
        await "$work/trace" fsync
        echo "an edit" >>"$file"
        wait $! && fail "$command: a file that is changed meanwhile"
        tail -n 1 "$file" | grep -aq "an edit" || fail "$command: the edit stays"
        expect_in "$err" "another program has changed it meanwhile"
        rm "$work/trace"
    done
else
    skip "no strace: files that are changed while the disk is slow"
fi

finish
