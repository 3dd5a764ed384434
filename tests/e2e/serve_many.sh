#!/bin/sh
# serve_many.sh CAPTION REQUESTS: that many requests, of every kind, at `caption serve`: its memory and descriptors
# stay what they are, and a build with sanitizers finds nothing. Too slow for run.sh: by_hand.sh requests.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/serve.sh"

requests=${2:?how many requests are made is the second argument}
use_tiny_model
serve -t 2
python3 "$source_tree/tests/e2e/serve_many.py" "${address#http://}" "$work/shapes/images/03.ppm" "$server" "$requests" ||
    fail "$requests requests"
serve_end
expect 0 "it ends after $requests requests, without a finding"
grep -v "http://" "$work/serve.txt"
finish
