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
odd='a:b #1? 50%20&amp;(e).ppm'
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

screenshot() {
    browser_call Page.captureScreenshot '{"format": "png"}'
    jq -r .result.data "$reply" | base64 -d >"$1"
    [ -z "${CAPTION_SCREENSHOTS:-}" ] || cp "$1" "$CAPTION_SCREENSHOTS/"
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

# Words as one types, about the photo. field: the one of the first photo, the last of the list.
# suggested: waits until the field's suggestions are those words, "a b c".
last='[...document.querySelectorAll("#photos .writing")].at(-1)'
suggested() {
    until_value "[...$1.querySelectorAll('[role=option]')].map((item) => item.dataset.word).join(' ')" "$2" "$3"
}
# until_value EXPRESSION VALUE WHAT: waits until it has that value.
until_value() {
    tries=0
    until browser_evaluate "$1" && [ "$value" = "$2" ]; do
        tries=$((tries + 1))
        [ "$tries" -gt 100 ] && { fail "$3: expected '$2', found '$value'"; return; }
        sleep 0.1
    done
}
words() { # PHOTO-OR-NOTHING TEXT: what the command line suggests
    "$program" suggest "$@" | cut -f 1 | xargs
}
browser_evaluate "$last.querySelector('input').focus()"
suggested "$last" "$(words one.jpg "")" "the first word"
first=$(words one.jpg "" | cut -d ' ' -f 1)
browser_evaluate "document.activeElement.getAttribute('aria-expanded')"
[ "$value" = true ] || fail "the field says that there are words: $value"
browser_press Tab
browser_evaluate 'document.activeElement.getAttribute("role") + " " + document.activeElement.value'
[ "$value" = "combobox " ] && fail "Tab leaves a field that nothing was typed in"
browser_press Shift+Tab
suggested "$last" "$(words one.jpg "")" "the first word again"
letter=$(printf %.1s "$first")
browser_press "$(printf %s "$letter" | tr a-z A-Z)"
until_value "$last.querySelector('.heard').textContent" "Tab: $first" "a screen reader hears the word that Tab takes"
browser_press Tab
capital=$(printf %s "$letter" | tr a-z A-Z)${first#?}
browser_evaluate 'document.activeElement.value + "|"'
[ "$value" = "$capital |" ] || fail "Tab takes the first word: $value"
suggested "$last" "$(words one.jpg "$first")" "the second word"
second=$(words one.jpg "$first" | cut -d ' ' -f 2)
browser_press ArrowDown ArrowDown
browser_evaluate 'document.getElementById(document.activeElement.getAttribute("aria-activedescendant")).dataset.word'
[ "$value" = "$second" ] || fail "the arrow keys choose: $value, not $second"
browser_call Accessibility.getFullAXTree
jq -e --arg word "$second" '[.result.nodes[] | select(.role.value == "option" and (.name.value | startswith($word)) and
    any(.properties[]; .name == "selected" and .value.value))] | length == 1' "$reply" >/dev/null ||
    fail "the chosen word is in the accessibility tree"
jq -e '[.result.nodes[] | select(.role.value == "combobox" and .name.value == "In your own words" and (.description.value | test("Tab takes")))] | length == 2' "$reply" >/dev/null ||
    fail "fields have a label and say what keys do"
browser_press Enter
browser_evaluate 'document.activeElement.value + "|"'
[ "$value" = "$capital $second |" ] || fail "Enter takes the chosen word: $value"
suggested "$last" "$(words one.jpg "$first $second")" "the third word"
third=$(words one.jpg "$first $second" | cut -d ' ' -f 3)
browser_evaluate "$last.querySelectorAll('[role=option]')[2].click(); document.activeElement.value + '|'"
[ "$value" = "$capital $second $third |" ] || fail "a click takes a word: $value"
suggested "$last" "$(words one.jpg "$first $second $third")" "the fourth word"
browser_evaluate "$last.scrollIntoView(); document.documentElement.scrollWidth <= document.documentElement.clientWidth"
[ "$value" = true ] || fail "the page fits with its suggestions"
screenshot writing.png
browser_press Escape
suggested "$last" "" "Escape"
browser_evaluate 'document.activeElement.value = document.activeElement.value.trim()'
browser_press Tab
browser_evaluate "document.activeElement === $last.querySelector('input')"
[ "$value" = false ] || fail "after Escape, Tab moves on"
browser_evaluate 'document.querySelector("#photos>li:last-child").querySelector("[data-copy=text]").click()'
browser_evaluate 'window.copied'
[ "$value" = "$capital $second $third" ] || fail "what was written is copied: $value"
# And about no photo.
browser_evaluate 'window.scrollTo(0, 0); document.querySelector("#plain").open = true; document.querySelector("#plain input").focus()'
suggested 'document.querySelector("#plain")' "$(words "")" "a first word without a photo"
browser_press r
suggested 'document.querySelector("#plain")' "$(curl -s -X POST "$address/suggest?text=r" | jq -r .words[].word | xargs)" "words that begin so"
# Tab right after a key, before the words for it are there.
browser_evaluate '(() => {
    const field = document.querySelector("#plain input"), word = document.querySelectorAll("#plain [role=option]")[1].dataset.word;
    field.value = word.slice(0, 3);
    field.dispatchEvent(new Event("input"));
    field.dispatchEvent(new KeyboardEvent("keydown", {key: "Tab", cancelable: true}));
    return field.value.startsWith(word.slice(0, 3)) || field.value;
})()'
[ "$value" = true ] || fail "Tab takes a word that begins as the text ends: $value"
ok "words are suggested as one types"

# The address of a photo with an odd name leads to that name, in HTML and in Markdown.
cp red.ppm "$odd"
drop "$odd"
until_done 4
for form in html markdown; do
    browser_evaluate "document.querySelector('#photos>li:first-child [data-copy=$form]').click()"
    browser_evaluate '(() => {
        const markdown = /\]\((.*)\)$/.exec(copied);
        const text = new DOMParser().parseFromString(markdown ? markdown[1] : copied, "text/html").body;
        const address = new URL(markdown ? text.textContent : text.firstChild.getAttribute("src"), "http://server/folder/");
        return address.origin + address.search + address.hash + " " + decodeURIComponent(address.pathname);
    })()'
    [ "$value" = "http://server /folder/$odd" ] || fail "an odd name in $form: $value"
done
ok "copied addresses"

# Text that is pasted is no photo; photos that nobody sees yet are not loaded.
browser_evaluate 'document.getElementById("status").textContent'
before=$value
browser_evaluate 'const pasted = new DataTransfer();
    pasted.setData("text/plain", "a dog");
    document.querySelector("#plain input").dispatchEvent(new ClipboardEvent("paste", {clipboardData: pasted, bubbles: true}));
    document.getElementById("status").textContent'
[ "$value" = "$before" ] || fail "after text was pasted: $value, not $before"
browser_evaluate '[...document.querySelectorAll("#photos img")].every((image) => image.loading === "lazy")'
[ "$value" = true ] || fail "photos out of sight wait"

# Where the clipboard is closed to pages, what was pressed keeps the focus.
browser_evaluate 'navigator.clipboard.writeText = async () => { throw new Error("closed"); };
    const pressed = document.querySelector("[data-copy=text]");
    pressed.focus();
    pressed.click()'
until_value '/^(Copied: |Nothing was copied: )/.test(document.getElementById("status").textContent) &&
    document.activeElement === pressed' true "the focus after copying"

# The camera, asked for twice and closed.
browser_evaluate 'const streams = [];
    navigator.mediaDevices.getUserMedia = async () => {
        streams.push(document.createElement("canvas").captureStream());
        return streams.at(-1);
    };
    document.getElementById("camera").click();
    document.getElementById("camera").click()'
until_value 'streams.length + " " + document.getElementById("viewfinder").hidden' "2 false" "the camera is shown"
browser_evaluate 'document.getElementById("close").click();
    streams.flatMap((stream) => stream.getTracks()).map((track) => track.readyState).join(" ")'
[ "$value" = "ended ended" ] || fail "the camera is off after Close: $value"
ok "pasted text, copies without a clipboard, the camera"

# Looks: wide and light, narrow and dark.
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

# A token that is asked for; a folder; answers of a proxy. said: of the photo that was dropped last.
serve -t 1 --token 'schlüssel'
browser_call Emulation.clearDeviceMetricsOverride
browser_call Page.navigate "{\"url\": \"$address/\"}"
until browser_evaluate 'document.readyState === "complete" && location.href' && [ "$value" = "$address/" ]; do sleep 0.05; done
said='document.querySelector("#photos .said")?.textContent'
drop one.jpg
until_value "$said" "the server asks for its token: enter it above" "a photo before the token"
browser_evaluate 'document.getElementById("token").value = "schl\u00fcssel";
    document.getElementById("token").dispatchEvent(new Event("change"))'
until_value "$said" "$caption" "the photo that waited for the token"
until_value 'document.getElementById("status").textContent' "1 captioned" "what was done with the token"
mkdir folder
drop folder
until_value "$said" "cannot be read: expected a photo, found a folder, or a file that has changed since" "a folder"
browser_evaluate 'window.fetch = async () => new Response("<html>", {status: 413, statusText: "Request Entity Too Large"})'
drop red.ppm
until_value "$said" "not the server but a proxy answers: HTTP status 413 Request Entity Too Large" "a proxy that takes no large photos"
ok "a token, a folder, a proxy"
serve_end
browser_end
finish
