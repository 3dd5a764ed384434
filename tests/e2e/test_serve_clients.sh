#!/bin/sh
# The Python packages of Ollama and OpenAI get from `caption serve` what `caption photo.jpg` prints.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/serve.sh"
command -v python3 >/dev/null || { skip "no python3"; finish; }

# The packages stay for the next run, outside of this test's folder.
packages=${CAPTION_SERVE_PACKAGES:-$source_tree/build-python}
if [ ! -x "$packages/bin/python" ] || ! "$packages/bin/python" -c 'import ollama, openai' 2>"$err"; then
    if ! { python3 -m venv "$packages" && timeout 200 "$packages/bin/pip" install -q --retries 1 --timeout 15 ollama openai; } >"$out" 2>"$err"; then
        skip "THE PACKAGES ollama AND openai CANNOT BE INSTALLED FROM PYPI: neither was tried: $(tail -n 1 "$err")"
        finish
    fi
fi

use_tiny_model
cd "$work" || exit 1
photo=shapes/images/03.ppm
"$program" "$photo" >expected
serve -t 2 --token secret
cat >client.py <<'PYTHON'
import base64, sys
import ollama, openai
address, photo = sys.argv[1:]
data = open(photo, "rb").read()
url = "data:image/x-portable-pixmap;base64," + base64.b64encode(data).decode()
o = ollama.Client(host=address, headers={"Authorization": "Bearer secret"})
name = o.list().models[0].model
assert "vision" in o.show(name).capabilities and o.ps().models[0].model == name
print("generate", o.generate(name, "?", images=[data]).response)
print("generate-stream", "".join(p.response for p in o.generate(name, "?", images=[data], stream=True)))
message = {"role": "user", "content": "?", "images": [data]}
print("chat", o.chat(name, [message]).message.content)
print("chat-stream", "".join(p.message.content for p in o.chat(name, [message], stream=True)))
try:
    o.generate(name, "a question")
    print("no photo is no error")
except ollama.ResponseError as error:
    assert error.status_code == 400 and "photo" in error.error, error
a = openai.OpenAI(base_url=address + "/v1", api_key="secret", max_retries=0)
assert a.models.list().data[0].id == name
content = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}]
messages = [{"role": "user", "content": content}]
print("completions", a.chat.completions.create(model=name, messages=messages).choices[0].message.content)
parts = a.chat.completions.create(model=name, messages=messages, stream=True, stream_options={"include_usage": True})
print("completions-stream", "".join(p.choices[0].delta.content or "" for p in parts if p.choices))
input = [{"role": "user", "content": [{"type": "input_text", "text": "?"}, {"type": "input_image", "image_url": url}]}]
print("responses", a.responses.create(model=name, input=input).output_text)
with a.responses.stream(model=name, input=input) as stream:
    print("responses-stream", "".join(e.delta for e in stream if e.type == "response.output_text.delta"))
    assert stream.get_final_response().status == "completed"
try:
    content[1]["image_url"]["url"] = "https://example.com/a.jpg"
    a.chat.completions.create(model=name, messages=messages)
    print("a photo elsewhere is no error")
except openai.BadRequestError as error:
    assert "no request leaves this program" in error.message, error
try:
    openai.OpenAI(base_url=address + "/v1", api_key="wrong", max_retries=0).models.list()
    print("a wrong token is no error")
except openai.AuthenticationError:
    pass
PYTHON
"$packages/bin/python" client.py "$address" "$photo" >"$out" 2>"$err" || { fail "the packages understand every answer"; explain; }
for way in generate generate-stream chat chat-stream completions completions-stream responses responses-stream; do
    echo "$way $(cat expected)" >>all
done
cmp -s all "$out" && ok "the packages ollama and openai get the caption, whole and in parts" || { fail "all ways give $(cat expected)"; explain; }
serve_end
expect 0 "SIGTERM ends it"
finish
