#!/bin/sh
# The page of `caption serve` in a real browser: a photo that is dropped on it has the caption that
# `caption photo.jpg` prints, as its alt text and in the accessibility tree.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/browser.sh"
. "$(dirname "$0")/serve.sh"
[ -n "$browser" ] || { skip "no Chromium: the page was not looked at"; finish; }

cd "$work" || exit 1
square red.ppm 64 220 30 30
cp "$source_tree/tests/e2e/gradient.jpg" one.jpg
hostile='<img src=x onerror=hostile=1>.jpg'
echo "no photo" >"$hostile"
caption=$("$program" one.jpg)
run "$hostile"
problem=$(sed 's/^caption: //' "$err")
serve -t 2
browser_start
browser_call Emulation.setDeviceMetricsOverride '{"width": 1280, "height": 1000, "deviceScaleFactor": 1, "mobile": false}'
browser_call Page.navigate "{\"url\": \"$address/\"}"
until browser_evaluate 'document.readyState === "complete" && document.title' && [ "$value" = caption ]; do sleep 0.05; done

# drop FILE...: real drag events, with these files.
drop() {
    files=$(for file; do printf '%s\n' "$work/$file"; done | jq -Rn '[inputs]')
    for type in dragEnter dragOver drop; do
        browser_call Input.dispatchDragEvent "$(jq -cn --arg type "$type" --argjson files "$files" \
            '{$type, x: 600, y: 300, data: {items: [], $files, dragOperationsMask: 1}}')"
    done
}

# until_done COUNT: that many photos have their caption or their error.
until_done() {
    tries=0
    until browser_evaluate "[...document.querySelectorAll('#photos .said')].filter((said) => said.textContent !== '…').length" && [ "$value" = "$1" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            fail "$1 photos are captioned: $value"
            return
        fi
        sleep 0.1
    done
}

drop one.jpg
until_done 1
browser_evaluate 'document.querySelector("#photos .said").textContent'
[ "$value" = "$caption" ] || fail "the page says '$value', not '$caption'"
browser_call Accessibility.getFullAXTree
jq -e --arg caption "$caption" '[.result.nodes[] | select(.role.value == "image" and .name.value == $caption)] | length == 1' "$reply" >/dev/null ||
    fail "the photo has its caption in the accessibility tree"
jq -e '[.result.nodes[] | select(.role.value == "status")] | length > 0' "$reply" >/dev/null || fail "a screen reader hears what happens"
jq -r '.result.nodes[] | select(.role.value == "button") | .name.value' "$reply" >buttons
expect_in buttons "Copy alt text" "Copy Markdown" "CSV"
browser_evaluate 'document.querySelectorAll("#photos ol li").length + " " + document.querySelector("#photos ol small").textContent'
case $value in *" %") ;; *) fail "alternatives with their probabilities: $value" ;; esac
ok "a dropped photo is captioned"

# A name and a file that mean harm; several at once.
drop "$hostile" red.ppm
until_done 3
browser_evaluate '[...document.querySelectorAll("#photos .failed .said")].map((said) => said.textContent).join("|") + "|" + (window.hostile === undefined)'
[ "$value" = "$problem|true" ] || fail "a broken photo has the message of the command line: $value"
browser_evaluate 'document.getElementById("status").textContent'
[ "$value" = "2 captioned, 1 failed" ] || fail "what was done is told: $value"

# By keyboard: from the start of the page to the field for files; copies.
browser_evaluate 'document.activeElement.blur(); window.scrollTo(0, 0)'
browser_press Tab
browser_evaluate 'document.activeElement.id'
[ "$value" = files ] || fail "the first Tab leads to the photos: $value"
browser_evaluate 'Object.defineProperty(navigator, "clipboard", {value: {writeText: async (text) => { window.copied = text; }}});
    document.querySelector("#photos>li:last-child").querySelector("[data-copy=html]").click()'
browser_evaluate 'window.copied'
[ "$value" = "<img src=\"one.jpg\" alt=\"$caption\">" ] || fail "copied as HTML: $value"
browser_evaluate 'document.documentElement.scrollWidth <= document.documentElement.clientWidth'
[ "$value" = true ] || fail "the page fits"

# Looks: wide and light, narrow and dark.
screenshot() {
    browser_call Page.captureScreenshot '{"format": "png"}'
    jq -r .result.data "$reply" | base64 -d >"$1"
    [ -z "${CAPTION_SCREENSHOTS:-}" ] || cp "$1" "$CAPTION_SCREENSHOTS/"
}
screenshot wide.png
browser_call Emulation.setDeviceMetricsOverride '{"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true}'
browser_call Emulation.setEmulatedMedia '{"features": [{"name": "prefers-color-scheme", "value": "dark"}]}'
browser_evaluate 'document.documentElement.scrollWidth <= 390'
[ "$value" = true ] || fail "the page fits on a phone"
screenshot phone.png
grep -E '"(Log.entryAdded|Runtime.exceptionThrown)"' "$messages" >complaints
grep -v 'status of 400' complaints | grep -q . && fail "the browser complains: $(head -c 600 complaints)"
serve_end
expect 0 "SIGTERM ends it while a browser is connected"
browser_end
finish
