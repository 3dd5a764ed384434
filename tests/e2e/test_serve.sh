#!/bin/sh
# `caption serve`: every protocol gives the caption that `caption photo.jpg` prints, byte for byte, whole
# and in parts; what is wrong is refused with a reason; faulty clients hold up nobody; it ends as asked.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/serve.sh"
command -v curl >/dev/null || { skip "no curl"; finish; }

use_tiny_model
cd "$work" || exit 1
photo=shapes/images/03.ppm
caption=$("$program" "$photo")
serve -t 2 -v --time-limit 3 --max-body 1 --connections 2000 --allow-origin https://photos.example --allow-host captions.test

# equal WHAT FILE: the file holds the caption and no more.
equal() {
    [ "$(cat "$2"; echo .)" = "$caption." ] || fail "$1 gives '$(cat "$2")', not '$caption'"
}

ask 200 "POST /caption" --data-binary "@$photo" "$address/caption"
jq -j .caption "$out" >said; equal "/caption" said
ask 200 "an address in absolute form" -x "$address" "http://localhost/healthz"
printf -- "--x\r\nContent-Disposition: form-data; name=photo; filename=a.ppm; filename*=utf-8''a.ppm\r\n\r\n" >form
cat "$photo" >>form
printf -- "\r\n--x--\r\n" >>form
ask 200 "a form as .NET writes it" -H "Content-Type: multipart/form-data; boundary=\"x\"" --data-binary @form "$address/caption"
ask 200 "a form" -F "photo=@$photo" -F top=3 "$address/caption"
jq -j .caption "$out" >said; equal "a form" said
"$program" -n 3 --jsonl "$photo" | jq -c 'del(.path)' >expected
cmp -s expected "$out" || fail "?top=3 gives what --jsonl -n 3 does: $(cat "$out")"
ask 200 "neutral, in another precision" --data-binary "@$photo" "$address/caption?neutral=1&precision=int8"
[ "$(jq -r .caption "$out")" = "$("$program" --neutral --precision int8 "$photo")" ] || fail "neutral and int8 as on the command line"

json_of "$photo" '{"model": "caption", "prompt": "What is this?", "stream": false, "keep_alive": "5m", "images": ["%s"]}' >generate.json
ask 200 "/api/generate" -d @generate.json "$address/api/generate"
jq -j .response "$out" >said; equal "/api/generate" said
sed 's/"stream": false/"stream": true/' generate.json >stream.json
ask 200 "/api/generate, in parts" -d @stream.json "$address/api/generate"
jq -j .response "$out" >said; equal "the parts of /api/generate" said
[ "$(tail -n 1 "$out" | jq -c '[.done, .done_reason]')" = '[true,"stop"]' ] || fail "the last part says that it is"
json_of "$photo" '{"model": "caption", "messages": [{"role": "user", "content": "?", "images": ["%s"]}]}' >chat.json
ask 200 "/api/chat, in parts" -d @chat.json "$address/api/chat"
jq -j .message.content "$out" >said; equal "the parts of /api/chat" said
json_of "$photo" '{"model": "caption", "stream": false, "options": {"temperature": 2, "seed": 7}, "images": ["%s"]}' >sample.json
ask 200 "temperature and seed" -d @sample.json "$address/api/generate"
[ "$(jq -r .response "$out")" = "$("$program" --temperature 2 --seed 7 "$photo")" ] || fail "sampled as on the command line"
json_of "$photo" '{"stream": false, "format": "json", "images": ["%s"]}' >format.json
ask 200 "format json" -d @format.json "$address/api/generate"
jq -r .response "$out" | jq -j .caption >said; equal "format json" said

json_of "$photo" '{"model": "caption", "n": 2, "messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": "data:image/x-portable-pixmap;base64,%s"}}]}]}' >completions.json
ask 200 "/v1/chat/completions" -d @completions.json "$address/v1/chat/completions"
jq -j '.choices[0].message.content' "$out" >said; equal "/v1/chat/completions" said
[ "$(jq -r '.choices[].message.content' "$out")" = "$("$program" -n 2 "$photo" | cut -f 2)" ] || fail "n captions are those of -n"
jq -c '.stream = true | .n = 1' completions.json >parts.json
ask 200 "/v1/chat/completions, in parts" -d @parts.json "$address/v1/chat/completions"
[ "$(tail -n 2 "$out" | head -n 1)" = "data: [DONE]" ] || fail "the stream ends with [DONE]"
sed -n 's/^data: \({.*\)/\1/p' "$out" | jq -j '.choices[0].delta.content // ""' >said; equal "the parts of /v1/chat/completions" said
json_of "$photo" '{"model": "caption", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,%s"}]}]}' >responses.json
ask 200 "/v1/responses" -d @responses.json "$address/v1/responses"
jq -j '.output[0].content[0].text' "$out" >said; equal "/v1/responses" said
jq -c '.stream = true' responses.json >parts.json
ask 200 "/v1/responses, in parts" -d @parts.json "$address/v1/responses"
sed -n 's/^data: \({.*\)/\1/p' "$out" | jq -j 'select(.type == "response.output_text.delta").delta' >said; equal "the parts of /v1/responses" said

# Words that may come next, about a photo or none; a photo is known again by its name.
ask 200 "POST /suggest, about no photo" -X POST "$address/suggest?text=a%20red%20&top=3"
"$program" suggest -n 3 --jsonl "a red" | jq -c .words >expected
jq -c .words "$out" | cmp -s - expected || fail "the words are those of caption suggest: $(cat "$out")"
[ "$(jq -c '[.text, .begun, .photo]' "$out")" = '["a red ","",null]' ] || fail "no photo, no word begun: $(cat "$out")"
ask 200 "POST /suggest, a photo" --data-binary "@$photo" "$address/suggest?text=a%20red%20"
"$program" suggest --jsonl "$photo" "a red" | jq -c .words >expected
jq -c .words "$out" | cmp -s - expected || fail "the words are those of caption suggest PHOTO: $(cat "$out")"
name=$(jq -r .photo "$out")
cp "$out" first
ask 200 "the photo again, by its name" -X POST "$address/suggest?text=a%20red%20&photo=$name"
cmp -s first "$out" || fail "a photo that is known gives the same: $(cat "$out")"
ask 200 "the photo again, in a form" -F "photo=@$photo" --form-string "text=a red " "$address/suggest"
cmp -s first "$out" || fail "bytes that are known give the same: $(cat "$out")"
ask 200 "a word that is begun" -X POST "$address/suggest?text=A%20R&photo=$name"
[ "$(jq -r '.begun, (.words | all(.word | startswith("r")))' "$out" | xargs)" = "R true" ] || fail "words that begin so: $(cat "$out")"
ask 404 "a photo that is not kept" -X POST "$address/suggest?photo=0123456789abcdef0123456789abcdef"
ask 400 "a name that is none" -X POST "$address/suggest?photo=../../etc/passwd"
ask 400 "a name and bytes" --data-binary "@$photo" "$address/suggest?photo=$name"
ask 400 "a long text" -X POST "$address/suggest?text=$(printf '%0501d' 0)"
expect_in "$out" "501 bytes, at most 500"
ask 400 "no suggestion at all" -X POST "$address/suggest?top=0"
ask 400 "an unknown parameter of /suggest" -X POST "$address/suggest?word=a"
ask 405 "GET where words are suggested" "$address/suggest?text=a"
for number in $(seq 70); do # as many photos as to forget the first
    { printf 'P6\n1 1\n255\n'; printf "\\$(printf %03o "$number")ab"; } >other.ppm
    curl -s --data-binary @other.ppm "$address/suggest" >"$out"
done
[ "$(jq '.words | length' "$out")" = 5 ] || fail "five words are suggested: $(cat "$out")"
ask 404 "a photo that was long ago" -X POST "$address/suggest?text=a&photo=$name"
ask 200 "and is sent again" --data-binary "@$photo" "$address/suggest?text=a%20red%20"
cmp -s first "$out" || fail "a photo that is sent again gives the same: $(cat "$out")"

for path in /api/version /api/tags /api/ps /v1/models /healthz; do
    ask 200 "GET $path" "$address$path"
    jq -e . "$out" >/dev/null || fail "$path is JSON"
done
ask 200 "POST /api/show" -d '{"model": "caption"}' "$address/api/show"
expect_in "$out" '"vision"'
ask 200 "GET /" "$address/"
[ "$(cat "$out")" = "Ollama is running" ] || fail "Ollama's clients find Ollama"
ask 200 "HEAD /, even for HTML" -I -H "Accept: text/html" "$address/"
ask 200 "the page" -H "Accept: text/html,*/*" "$address/"
expect_in "$out" "<!DOCTYPE html>" captioner.js
grep -oE '(src|href)="[^"]*"' "$out" | grep -E '"(https?:)?//' && fail "the page loads something from elsewhere"

# One client alone is soon captioned on all threads: the caption stays the same.
for number in 1 2 3 4 5 6 7 8; do
    curl -s --data-binary "@$photo" "$address/caption" | jq -j .caption >said; equal "request $number of one client" said
done

# What is wrong.
echo "no photo" >broken.jpg
run broken.jpg
for path in caption suggest; do
    ask 400 "a broken photo at /$path" -F "photo=@broken.jpg" "$address/$path"
    [ "caption: $(jq -r .error "$out")" = "$(cat "$err")" ] || fail "the message is that of the command line: $(cat "$out")"
done
jq -c '.messages[0].content[1].image_url.url = "https://example.com/a.jpg"' completions.json >remote.json
ask 400 "a photo elsewhere" -d @remote.json "$address/v1/chat/completions"
expect_in "$out" "no request leaves this program" '"type":"invalid_request_error"'
ask 400 "no photo" -d '{"prompt": "hello"}' "$address/api/generate"
ask 400 "no JSON" -d '{"images": [' "$address/api/generate"
ask 400 "no base64" -d '{"images": ["ab=c"]}' "$address/api/generate"
ask 400 "an unknown parameter" --data-binary "@$photo" "$address/caption?tops=3"
expect_in "$out" "expected top, neutral, precision or tags"
ask 404 "an unknown path" "$address/api/pull"
# libmicrohttpd has 32 kB for a request, and would leave such a query without an answer.
many=$(awk 'BEGIN { for (i = 0; i < 600; i++) printf "a=%d&", i }')
ask 400 "600 parameters" --data-binary "@$photo" "$address/caption?$many"
expect_in "$out" "too many parameters"
ask 400 "parameters without a name" --data-binary "@$photo" "$address/caption?$(printf '%9000s' | tr ' ' '&')"
ask 414 "a long address" --data-binary "@$photo" "$address/suggest?text=$(printf '%20000s' | tr ' ' a)"
expect_in "$out" "the address is too long"
ask 400 "a path that ends before its end" "$address/healthz%00/admin"
ask 200 "after them" "$address/healthz"
ask 405 "GET where POST is expected" "$address/api/chat"
head -c 2000000 /dev/zero >large
ask 413 "a large body" --data-binary @large "$address/caption"
ask 413 "a large body in chunks" -H "Transfer-Encoding: chunked" -H "Expect:" --data-binary @large "$address/caption"
expect_in "$out" "--max-body"
ask 421 "a name that may be anybody's" -H "Host: evil.example" "$address/api/tags"
ask 200 "a name that was allowed" -H "Host: captions.test:80" "$address/api/tags"
ask 403 "a page from elsewhere" -H "Origin: https://evil.example" --data-binary "@$photo" "$address/caption"
ask 200 "a page that was allowed" -i -H "Origin: https://photos.example" --data-binary "@$photo" "$address/caption"
expect_in "$out" "Access-Control-Allow-Origin: https://photos.example"
ask 204 "the question before it" -X OPTIONS -H "Origin: https://photos.example" -H "Access-Control-Request-Method: POST" "$address/caption"

if command -v python3 >/dev/null; then
    python3 "$source_tree/tests/e2e/serve_faults.py" "${address#http://}" "$photo" "$caption" >"$out" 2>"$err" ||
        fail "faulty clients: $(cat "$out" "$err")"
    ok "$(cat "$out")"
    sleep 0.5
    open=$(find "/proc/$server/fd" -type l | wc -l)
    [ "$open" -lt 40 ] || fail "$open descriptors are left"
else
    skip "no python3: faulty clients were not tried"
fi
ask 200 "/metrics" "$address/metrics"
expect_in "$out" 'caption_requests_total{path="/caption",code="200"}' 'caption_request_seconds_bucket{le="+Inf"}' caption_queue_length
expect_in "$work/serve.txt" "path=/caption status=200" 'status=400' 'error="'

serve_end
expect 0 "SIGTERM ends it"
[ "$(wc -l <"$work/serve.txt")" -gt 20 ] || fail "a line a request"

# What is in hand when SIGTERM comes has its answer; a second signal ends at once.
# half_sent: a client that sends a request but for its last bytes, which it sends when there is a file `go`.
half_sent() {
    rm -f go half
    python3 -c 'import os, socket, sys, time
host, port = sys.argv[1].rsplit(":", 1)
body = open(sys.argv[2], "rb").read()
s = socket.create_connection((host, int(port)))
s.sendall(b"POST /caption HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:-9])
open("half", "w").close()
while not os.path.exists("go"): time.sleep(0.05)
s.sendall(body[-9:])
sys.stdout.buffer.write(s.recv(65536))' "${address#http://}" "$photo" >answer 2>"$err" &
    client=$!
    until [ -e half ] || ! kill -0 "$client" 2>/dev/null; do sleep 0.05; done
    sleep 0.3
}
if command -v python3 >/dev/null; then
    serve -t 1 --time-limit 60
    half_sent
    kill -TERM "$server"
    sleep 0.3
    status=0
    curl -s -m 5 "$address/healthz" || status=$?
    expect 7 "who comes while it ends is refused at once"
    : >go
    status=0
    wait "$server" || status=$?
    expect 0 "it ends after what is in hand"
    wait "$client"
    expect_in answer "200 OK" "$caption"
    serve -t 1 --time-limit 60
    half_sent
    kill -TERM "$server"
    sleep 0.5
    kill -INT "$server"
    status=0
    wait "$server" || status=$?
    [ "$status" -ge 128 ] || fail "a second signal ends it at once: exit status $status"
    : >go
    wait "$client"
fi

# Little memory for bodies: one of nearly all of it is taken, one that never fits is not put off till later.
serve -t 1 --max-body 3 --body-memory 1
square wide.ppm 547 20 120 220
ask 200 "a body of nearly all memory for bodies" --data-binary @wide.ppm "$address/caption"
ask 200 "the same as a form in chunks" -H "Transfer-Encoding: chunked" -F photo=@wide.ppm "$address/caption"
ask 413 "a body of more than all of it" -H "Expect:" --data-binary @large "$address/caption"
expect_in "$out" "larger than 1 MB (--body-memory)"
serve_end

# A token, and prompts.
serve -t 1 --token secret --prompt-as-prefix
ask 401 "no token" "$address/api/tags"
ask 401 "no token at /suggest" -X POST "$address/suggest"
ask 200 "a token" -H "Authorization: Bearer secret" "$address/api/tags"
ask 200 "health needs none" "$address/healthz"
CAPTION_PORT=${address##*:} run serve --health
expect 0 "a probe of a server that is well, its port from the environment"
jq -c '.prompt = "a red" | .images |= .' generate.json >prefix.json
ask 200 "a prompt that begins the caption" -H "Authorization: Bearer secret" -d @prefix.json "$address/api/generate"
case $(jq -r .response "$out") in "a red"*) ;; *) fail "the caption begins with the prompt: $(cat "$out")" ;; esac
serve_end
run serve --health --port "${address##*:}"
expect 1 "a probe of a server that has ended"
expect_in "$err" "no server at 127.0.0.1"
CAPTION_PORT=99999 run serve --health
expect 2 "a port that is none, in the environment"
expect_in "$err" '$CAPTION_PORT'
# A socket of systemd, which other machines reach.
if command -v python3 >/dev/null; then
    for host in 0.0.0.0 127.0.0.1; do
        : >"$work/socket"
        python3 -c 'import os, socket, sys
s = socket.socket(); s.bind((sys.argv[1], 0)); s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)  # it may have been 3 before
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])' "$host" "$program" serve -t 1 2>"$work/socket" &
        server=$!
        until grep -q "http://$host:" "$work/socket" || ! kill -0 "$server"; do sleep 0.05; done
        sleep 0.1
        serve_end
        expect 0 "a socket of systemd"
        case $host in
        0.0.0.0) expect_in "$work/socket" "anybody who reaches this address may ask (--token)" ;;
        *) ! grep "may ask" "$work/socket" || fail "nobody else reaches 127.0.0.1" ;;
        esac
    done
fi
run serve --port "$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')" --host no.such.host.invalid
expect 2 "a host that is none"
finish
