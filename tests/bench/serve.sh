#!/bin/sh
# serve.sh [CAPTION [REQUESTS]]: `caption serve` beside a folder run of the same 200 photos on the same
# threads. Prints requests a second and latencies at 1, 2, 8 and 32 clients, with their ratios to the folder
# run, and memory after REQUESTS more (2,000).
set -eu

cd "$(dirname "$0")/../.."
caption=${1:-build/caption}
requests=${2:-2000}
threads=$(nproc)
work=$(mktemp -d)
server=
trap 'rm -rf "$work"; [ -z "$server" ] || kill "$server"' EXIT
. tests/bench/material.sh
material_folder 200

echo "Load average when it began: $(cut -d ' ' -f 1-3 /proc/loadavg). $threads threads."
"$caption" -t "$threads" -v "$work/folder" 2>"$work/folder.txt" >"$work/captions"
folder=$(sed -n 's|.* \([0-9.]*\) photos/s.*|\1|p' "$work/folder.txt" | tail -n 1)
"$caption" serve -t "$threads" --port 0 2>"$work/serve.txt" &
server=$!
until grep -q http "$work/serve.txt"; do sleep 0.1; done
address=$(sed -n 's|.*http://\([^/]*\)/|\1|p' "$work/serve.txt")
python3 tests/bench/serve_clients.py "$address" "$work/folder" "$work/captions" "$folder" "$requests" "$server"
