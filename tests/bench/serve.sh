#!/bin/sh
# serve.sh [CAPTION [REQUESTS [ROUNDS]]]: `caption serve` beside a folder run of the same 200 photos on the same
# threads, by turns in each of ROUNDS (3). Prints requests a second and latencies at 1, 2, 8 and 32 clients, with
# their ratios to the folder run, what a photo takes alone in a session (by the Python package, which needs the
# library beside CAPTION), and memory after REQUESTS more (2,000; 0: none). In the environment, THREADS is the
# number of threads (all processors), WORK a folder whose photos stay for the next run.
set -eu

cd "$(dirname "$0")/../.."
caption=${1:-build/caption}
threads=${THREADS:-$(nproc)}
work=${WORK:-$(mktemp -d)}
server=
trap '[ -n "${WORK:-}" ] || rm -rf "$work"; [ -z "$server" ] || kill "$server"' EXIT
. tests/bench/material.sh
material_folder 200

echo "Load average when it began: $(cut -d ' ' -f 1-3 /proc/loadavg). $threads threads."
"$caption" serve -t "$threads" --port 0 2>"$work/serve.txt" &
server=$!
until grep -q http "$work/serve.txt"; do sleep 0.1; done
address=$(sed -n 's|.*http://\([^/]*\)/|\1|p' "$work/serve.txt")
LD_LIBRARY_PATH=$(dirname "$caption") python3 tests/bench/serve_clients.py \
    "$address" "$caption" "$work/folder" "$threads" "${2:-2000}" "$server" "${3:-3}"
