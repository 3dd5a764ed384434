/* A captioner and its session, for tests that caption. */
#ifndef CAPTION_TESTS_OPEN_SESSION_H
#define CAPTION_TESTS_OPEN_SESSION_H

#include "caption.h"

struct open_session {
    caption_captioner *captioner;
    caption_session *session;
};

static inline struct open_session open_session(const caption_model *model,
                                               const caption_options *options) {
    caption_error error = {0};
    struct open_session opened = {.captioner = caption_captioner_new(model, options, &error)};
    if (!opened.captioner) fail_msg("%s", error.message);
    opened.session = caption_session_new(opened.captioner, &error);
    if (!opened.session) fail_msg("%s", error.message);
    return opened;
}

static inline void close_session(struct open_session *opened) {
    caption_session_free(opened->session);
    caption_captioner_free(opened->captioner);
}

#endif
