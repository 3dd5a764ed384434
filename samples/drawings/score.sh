#!/bin/sh
# How many pictures that are no photos are named for what they are, in styles that no training
# drawing has: sh samples/drawings/score.sh [CAPTION [FLAGS...]]
#
# CAPTION is the program to ask, build/caption where nothing is named; `drawings` stands beside it.
# Prints the captions that name another kind, then their number. A caption names a kind if it fits
# the kind's `named_by` (kinds.c).
set -eu

home=$(dirname "$0")/../..
program=${1:-$home/build/caption}
[ $# -eq 0 ] || shift
drawings=$(dirname "$program")/drawings
[ -x "$drawings" ] || {
    echo "score.sh: $drawings is missing: sh samples/drawings/packages.sh, then build" >&2
    exit 2
}
command -v jq >/dev/null || sh "$home/samples/packages.sh" jq
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$drawings" "$folder" 500 --styles test >&2
"$program" --jsonl "$@" "$folder" >"$folder/captions.jsonl"
jq -r --slurpfile said "$folder/captions.jsonl" '
    ($said | map({(.path | split("/") | last): .}) | add) as $said |
    map($said[.file_name] + . | .named = (.named_by as $words | .caption | test($words))) |
    (.[] | select(.named | not) | "\(.kind)\t\(.caption)\t\(.confidence)"),
    "\(map(select(.named)) | length) of \(length) named"' "$folder/drawings.json"
