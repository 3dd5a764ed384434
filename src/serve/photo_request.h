/* What somebody wants to know, whatever protocol asks: photos, and how they are captioned. */
#ifndef CAPTION_SERVE_PHOTO_REQUEST_H
#define CAPTION_SERVE_PHOTO_REQUEST_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "caption.h"

/* Limits of a request. */
enum {
    PHOTO_REQUEST_MOST_PHOTOS = 16,
    PHOTO_REQUEST_MOST_CAPTIONS = 64, /* per photo */
    PHOTO_REQUEST_TAGS = 10,          /* where labels are asked for */
    PHOTO_REQUEST_ID = 32             /* characters of a photo's name */
};

struct request_photo {
    uint8_t *bytes; /* owned */
    size_t size;
};

struct photo_request {
    struct request_photo photos[PHOTO_REQUEST_MOST_PHOTOS];
    size_t photo_count;
    const char *name;        /* what messages call the photo; lives as long as the body */
    caption_options options; /* its prefix is `prefix` or the server's */
    char *prefix;            /* owned, or NULL */
    char *model;             /* the name that the client calls it by; owned, or NULL */
    bool stream;             /* the answer in parts */
    bool stream_usage;       /* OpenAI: a last part counts tokens */
    bool json;               /* the answer is JSON: caption and labels */
    bool shortened;          /* it allows fewer words than the server */
    bool loads;              /* Ollama: no photo, the model shall only be loaded */
    char *text; /* whose next words are wanted, options.top of them; owned. NULL: captions are */
    char photo_id[PHOTO_REQUEST_ID + 1]; /* what the text is about, in place of bytes; or "" */
};

/* What the server allows and starts from. */
struct photo_request_rules {
    const caption_options *options; /* of a request that asks for nothing else */
    bool prompt_as_prefix;          /* a prompt begins the caption; else it is not read */
    bool no_sampling;               /* temperature and the like are not read */
    bool has_tags;                  /* the model knows some */
};

void photo_request_init(struct photo_request *request, const struct photo_request_rules *rules);
void photo_request_free(struct photo_request *request);

/* Adds the photo that a JSON string holds in base64, in one line or several, or as a data URL where
 * `url` says so. The string's memory is taken over. Other URLs are refused: no request leaves this
 * program. */
bool photo_request_add(struct photo_request *request, cJSON *string, bool url, const char *place,
                       caption_error *error);

/* Members of an object that say how words are chosen, in the names that both protocols use:
 * temperature, top_p, top_k, seed. Null is as good as absent. A temperature of 0 is beam search. */
bool photo_request_sampling(struct photo_request *request, const struct photo_request_rules *rules,
                            const cJSON *object, const char *place, caption_error *error);

/* The member `key`: words at most. It shortens captions, but never makes them longer than the
 * server's own are; -1 and the like mean no limit. */
bool photo_request_length(struct photo_request *request, const cJSON *object, const char *key,
                          const char *place, caption_error *error);

/* Captions per photo. A wider beam where it must be, as on the command line. */
bool photo_request_top(struct photo_request *request, double count, const char *place,
                       caption_error *error);

/* The answer is JSON, with labels where the model has tags. */
void photo_request_json(struct photo_request *request, const struct photo_request_rules *rules);

/* Keeps the prompt (NULL: none) where it begins captions. */
bool photo_request_prompt(struct photo_request *request, const struct photo_request_rules *rules,
                          const char *prompt, caption_error *error);

/* Keeps the member "model". */
bool photo_request_model(struct photo_request *request, const cJSON *body, caption_error *error);

/* An optional member of the body: true, false, or absent. */
bool photo_request_flag(const cJSON *body, const char *key, bool *out, caption_error *error);

/* Base64 (RFC 4648, section 4), decoded strictly: the standard alphabet, padding where it belongs,
 * no white space, and no bits behind the last byte. */

/* Decodes `length` characters to `out`, which has room for 3 bytes of every 4 characters and may
 * begin at or before `text` in the same memory. False with `error` set, which names `place`. */
bool base64_decode(const char *text, size_t length, uint8_t *out, size_t *size, const char *place,
                   caption_error *error);

#endif
