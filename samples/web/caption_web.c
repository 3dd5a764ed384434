/* The program's captions for a page: what caption.js of this folder calls. Texts are read from the
 * module's memory, where they stay until the next photo. */
#include <stdlib.h>

#include <emscripten/emscripten.h>

#include "caption.h"

struct web {
    caption_model *model;
    caption_captioner *captioner;
    caption_session *session;
    caption_result result; /* of the last photo */
    caption_error error;
};

EMSCRIPTEN_KEEPALIVE void web_free(struct web *web) {
    if (!web) return;
    caption_results_free(&web->result, 1);
    caption_session_free(web->session);
    caption_captioner_free(web->captioner);
    caption_model_close(web->model);
    free(web);
}

/* A model without a captioner yet; NULL without memory. Freed with web_free. */
EMSCRIPTEN_KEEPALIVE struct web *web_new(void) {
    return calloc(1, sizeof(struct web));
}

/* The message of what returned false or 0 last. */
EMSCRIPTEN_KEEPALIVE const char *web_error(const struct web *web) {
    return web->error.message;
}

EMSCRIPTEN_KEEPALIVE bool web_open(struct web *web, const char *path) {
    web->model = caption_model_open(path, &web->error);
    return web->model != NULL;
}

/* The threads of the captioner end before those of the session begin: a page that has a fixed
 * number of workers calls the two functions one after the other. */
EMSCRIPTEN_KEEPALIVE bool web_prepare(struct web *web, size_t threads, size_t top, size_t tags,
                                      bool neutral) {
    caption_options options = caption_options_default();
    options.precision = CAPTION_PRECISION_F32;
    options.threads = threads;
    options.top = top;
    options.tags = tags;
    options.neutral = neutral;
    if (options.beam_size < top) options.beam_size = top;
    web->captioner = caption_captioner_new(web->model, &options, &web->error);
    return web->captioner != NULL;
}

EMSCRIPTEN_KEEPALIVE bool web_begin(struct web *web) {
    web->session = caption_session_new(web->captioner, &web->error);
    return web->session != NULL;
}

/* The number of captions of a photo, given as the bytes of its file; 0: it has none, see
 * web_error. */
EMSCRIPTEN_KEEPALIVE size_t web_caption(struct web *web, const void *bytes, size_t size) {
    caption_results_free(&web->result, 1);
    web->result = (caption_result){0};
    if (!caption_session_bytes(web->session, bytes, size, &web->result, &web->error)) return 0;
    if (web->result.count == 0) web->error = web->result.error;
    return web->result.count;
}

EMSCRIPTEN_KEEPALIVE const char *web_text(const struct web *web, size_t i) {
    return web->result.captions[i].text;
}

EMSCRIPTEN_KEEPALIVE double web_logprob(const struct web *web, size_t i) {
    return web->result.captions[i].logprob;
}

EMSCRIPTEN_KEEPALIVE double web_confidence(const struct web *web, size_t i) {
    return web->result.captions[i].confidence;
}

EMSCRIPTEN_KEEPALIVE size_t web_tags(const struct web *web) {
    return web->result.tag_count;
}

EMSCRIPTEN_KEEPALIVE const char *web_tag(const struct web *web, size_t i) {
    return web->result.tags[i].name;
}

EMSCRIPTEN_KEEPALIVE double web_tag_confidence(const struct web *web, size_t i) {
    return web->result.tags[i].confidence;
}
