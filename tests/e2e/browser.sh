# shellcheck shell=sh disable=SC2034,SC2154
# Chromium without a window, driven through its DevTools protocol over two pipes: JSON messages that
# end with a 0 byte. Sourced after lib.sh by tests of pages, which skip where $browser is empty.

browser=
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && browser=$name && break
done
messages=$work/messages.txt # all that the browser said, a line each
reply=$work/reply.json      # the last answer

# Starts the browser with an empty page of 1280 x 1000 pixels. It lives for as long as the test may last.
browser_start() {
    mkfifo "$work/to-browser" "$work/from-browser"
    stdbuf -o0 tr '\0' '\n' <"$work/from-browser" >"$messages" &
    timeout 500 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --disable-quic --no-first-run --disable-background-networking --disable-component-update \
        --disable-sync --window-size=1280,1000 --user-data-dir="$work/profile" \
        --remote-debugging-pipe 3<"$work/to-browser" 4>"$work/from-browser" \
        >"$work/browser.txt" 2>&1 </dev/null &
    browser_process=$!
    exec 8>"$work/to-browser"
    message=0 session=
    browser_call Target.createTarget '{"url": "about:blank"}'
    browser_call Target.attachToTarget "$(jq -c '.result + {flatten: true}' "$reply")"
    session=$(jq -r .result.sessionId "$reply")
    browser_call Page.enable
    browser_call Runtime.enable
    browser_call Log.enable
}

browser_end() {
    session=
    browser_call Browser.close
    exec 8>&-
    wait
}

# browser_call METHOD [PARAMETERS]: waits for the answer.
browser_call() {
    message=$((message + 1))
    printf '{"id": %d, %s"method": "%s", "params": %s}\0' "$message" \
        "${session:+\"sessionId\": \"$session\", }" "$1" "${2:-{\}}" >&8
    until grep -s "^{\"id\":$message," "$messages" >"$reply" && jq -e . "$reply" >/dev/null 2>&1; do
        if ! kill -0 "$browser_process" 2>/dev/null; then
            fail "the browser is gone: $1"
            finish
        fi
        sleep 0.02
    done
    grep -q '^{"id":[0-9]*,"error"' "$reply" && fail "the browser refuses $1: $(cat "$reply")"
}

# browser_evaluate EXPRESSION: the value is then in $value.
browser_evaluate() {
    browser_call Runtime.evaluate "$(jq -cn --arg expression "$1" \
        '{$expression, returnByValue: true}')"
    value=$(jq -r '.result | if .exceptionDetails then "exception: \(.exceptionDetails)"
        else .result.value end' "$reply")
}

# browser_open FILE: opens a page and waits until all of it is loaded. Asks again and again: where
# scripts are switched off, no event would tell.
browser_open() {
    browser_call Page.navigate "{\"url\": \"file://$1\"}"
    until browser_evaluate document.readyState && [ "$value" = complete ]; do
        sleep 0.02
    done
}

# browser_press KEY...: real key events, of a character or a key's name.
browser_press() {
    for key; do
        code=0 text= modifiers=0
        case $key in
        Tab) code=9 ;;
        Shift+Tab) key=Tab code=9 modifiers=8 ;;
        Enter) code=13 text='\r' ;;
        Escape) code=27 ;;
        ArrowUp) code=38 ;;
        ArrowDown) code=40 ;;
        *) text=$key ;;
        esac
        of_key="\"key\": \"$key\", \"windowsVirtualKeyCode\": $code, \"modifiers\": $modifiers"
        browser_call Input.dispatchKeyEvent "{\"type\": \"keyDown\", $of_key, \"text\": \"$text\"}"
        browser_call Input.dispatchKeyEvent "{\"type\": \"keyUp\", $of_key}"
    done
}
