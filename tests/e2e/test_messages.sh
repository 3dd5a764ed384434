#!/bin/sh
# Messages that name the way out of what people get wrong.
. "$(dirname "$0")/lib.sh"

use_tiny_model
shape=$work/shapes/images
cd "$work" || exit 1

# --- commands

run trian data.json
expect 2 "a mistyped command"
expect_in "$err" "trian: no such photo or folder, did you mean train?"
run --beam-size 3 train data.json
expect 2 "a command behind a flag"
expect_in "$err" "a command comes first: caption train"
run "$shape/00.ppm" info
expect 2 "a command behind a photo"
run help
expect_in "$err" "did you mean --help?"
cp "$shape/00.ppm" trian
run trian
expect 0 "a photo whose name is nearly a command's"
run "$shape/00.ppm" trains
expect 1 "a photo that is missing does not stop others"
expect_lines "$out" 1

run -V
expect 0 "-V"
cp "$out" "$work/version"
run --version
cmp -s "$out" "$work/version" || fail "-V is not --version"
run --help
expect_in "$out" "--version"

# --- files

printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >lfs.safetensors
printf '<!DOCTYPE html>\n<html><head><title>Not found</title></head></html>\n' >web.safetensors
for kind in lfs web; do
    expected="a web page (HTML)"
    [ $kind = web ] || expected="a Git LFS pointer, not the file itself ('git lfs pull' fetches it)"
    run -m $kind.safetensors "$shape/00.ppm"
    expect 1 "$kind as a model"
    expect_in "$err" "$kind.safetensors: expected a model (safetensors), found $expected"
    run train "$work/shapes/dataset.json" --images "$shape" -o new.safetensors --encoder $kind.safetensors
    expect 1 "$kind as an encoder"
    expect_in "$err" "$expected"
done

for photo in https://example.org/dog.jpg "$shape/00.ppm"; do
    run "$photo" https://example.org/cat.jpg
    expect 1 "a URL"
    expect_in "$err" "https://example.org/cat.jpg: is a URL, and nothing is downloaded"
done
run train https://example.org/data.json -o new.safetensors
expect_in "$err" "https://example.org/data.json: is a URL"

mkdir -p holiday/beach
cp "$shape/00.ppm" holiday/beach/dog.ppm
run 'holiday\beach\dog.ppm'
expect 0 "a path of Windows"
printf 'holiday\\beach\\dog.ppm\n' >list.txt
run --files-from list.txt
expect 0 "a list of them"
expect_in "$out" "holiday/beach/dog.ppm"
printf '\357\273\277holiday\\beach\\dog.ppm\r\n\r\n' >list.txt
run --files-from list.txt
expect 0 "a list that Windows wrote"
expect_lines "$out" 1
carriage=$(printf 'return.ppm\r')
cp "$shape/02.ppm" "$carriage"
printf '%s\n' "$carriage" >list.txt
run --files-from list.txt
expect 0 "a name that ends as a line of Windows does"
rm "$carriage"
cp "$shape/01.ppm" 'holiday\beach\dog.ppm'
run --jsonl 'holiday\beach\dog.ppm'
expect_in "$out" 'holiday\\beach\\dog.ppm'
rm 'holiday\beach\dog.ppm'
printf '{"file_name": "holiday\\\\beach\\\\dog.ppm", "text": "a red tower"}\n' >windows.jsonl
run eval windows.jsonl --split all
expect 0 "a data set with paths of Windows"
printf '{"file_name": "dog.ppm", "text": "a red tower"}\n' >windows.jsonl
run eval windows.jsonl --split all --images 'holiday\beach'
expect 0 "a folder of photos with a path of Windows"

printf 'a red tower on grey\n' | iconv -f UTF-8 -t UTF-16 >utf16.txt
learn_text() { # FILE
    run train "$work/shapes/dataset.json" --images "$shape" -o new.safetensors --epochs 1 --dry-run \
        --text "$1" --text-captions 3
}
learn_text utf16.txt
expect 1 "a text to learn from in UTF-16"
expect_in "$err" "utf16.txt: expected a text in UTF-8, found one in UTF-16 (iconv"
printf 'a red tower on grey\na r\351d tower on grey\n\351 wall\n' >latin1.txt
learn_text latin1.txt
expect 0 "one in another encoding"
expect_in "$err" "3 sentences of text," "in the vocabulary; not in UTF-8: 2 lines"
run suggest --score utf16.txt
expect 1 "a text to score in UTF-16"
expect_in "$err" "utf16.txt: expected a text in UTF-8, found one in UTF-16 (iconv"
expect_lines "$out" 0

# --- flags that help

run holiday
expect 1 "a folder of folders"
expect_in "$err" "-r"
run --max-pixels 10 "$shape/00.ppm"
expect 1 "--max-pixels"
expect_in "$err" "at most 10 are accepted (--max-pixels)"
head -c 670 "$(dirname "$weights")/../tests/e2e/gradient.jpg" >half.jpg
run half.jpg
expect 1 "half a photo"
expect_in "$err" "truncated JPEG" "--accept-truncated"
run --accept-truncated half.jpg
expect 0 "--accept-truncated"
expect_lines "$out" 1
printf '{"file_name": "nowhere.ppm", "text": "a red tower"}\n' >nowhere.jsonl
run eval nowhere.jsonl --split all
expect 1 "a data set whose photos are elsewhere"
expect_in "$err" "nowhere.ppm: cannot open" "--images DIR"
run train "$work/shapes/dataset.json" --images "$shape" -o new.safetensors --epochs 0
expect 2 "--epochs 0"
expect_in "$err" "epochs: expected 1 to" "--dry-run"
for start in "--encoder-arch tiny" "--vocab rebuild"; do
    # shellcheck disable=SC2086
    run train "$work/shapes/dataset.json" --images "$shape" -o new.safetensors --dry-run --min-count 100 $start
    expect 2 "--min-count that leaves no word, $start"
    expect_in "$err" "--min-count 100: expected a word that the captions have so often, found none among their 8 (the most frequent: 54 times)"
done
diverge() { # FLAGS...
    rm -f new.safetensors*
    run train "$work/shapes/dataset.json" --val "$work/shapes/dataset.json" --images "$shape" -o new.safetensors \
        --encoder-arch tiny --image-size 32 --hidden 16 --embed 16 --min-count 1 --batch-size 1 --epochs 2 \
        --encoder-lr 10 --joint-lr 1e-4 --clip 0 --warmup 0 --average 0 "$@"
    expect 2 "training that diverges, $*"
}
# What overflows first, batch norm's statistics or the weights in F16, depends on the order of sums.
for decay in 1 0.5; do
    diverge --weight-decay $decay
    expect_in "$err" "training diverged" "try a lower learning rate"
done

finish
