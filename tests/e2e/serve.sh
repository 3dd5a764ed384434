# shellcheck shell=sh disable=SC2034,SC2154
# A server for the tests, on a port that is free. Sourced after lib.sh.

# serve FLAGS...: starts `caption serve`; $address is then "http://127.0.0.1:PORT". Ends the test where the
# program was built without the library.
serve() {
    : >"$work/serve.txt"
    "$program" serve --port 0 "$@" 2>"$work/serve.txt" &
    server=$!
    until address=$(sed -n 's|^caption serve: \(http://[^ ]*\)/$|\1|p' "$work/serve.txt") && [ -n "$address" ]; do
        if ! kill -0 "$server" 2>/dev/null; then
            if grep -q "was built without GNU libmicrohttpd" "$work/serve.txt"; then
                skip "this program serves nothing: no GNU libmicrohttpd"
                finish
            fi
            fail "the server starts"
            sed 's/^/  /' "$work/serve.txt"
            finish
        fi
        sleep 0.05
    done
}

# serve_end: as a service manager ends it; the exit status is then in $status.
serve_end() {
    kill -TERM "$server"
    status=0
    wait "$server" || status=$?
}

# ask STATUS WHAT CURL-ARGUMENTS...: the answer is in $out.
ask() {
    expected=$1 what=$2
    shift 2
    code=$(curl -s -m 60 -o "$out" -w '%{http_code}' "$@") || true
    if [ "$code" = "$expected" ]; then
        ok "$what"
    else
        fail "$what: HTTP status $expected expected, found $code"
        head -c 400 "$out"
    fi
}

# json_of PHOTO FORMAT: a request with the photo, in base64 where FORMAT has its %s.
json_of() {
    base64 -w0 "$1" >"$work/base64"
    awk -v format="$2" 'BEGIN { getline photo; at = index(format, "%s")
        printf "%s%s%s", substr(format, 1, at - 1), photo, substr(format, at + 2) }' <"$work/base64"
}
