/* The languages in which captions are asked for: each reads a body to a photo_request and writes
 * the answer. Neither knows of sockets. */
#ifndef CAPTION_SERVE_PROTOCOL_H
#define CAPTION_SERVE_PROTOCOL_H

#include <stdio.h>
#include <time.h>

#include "serve/photo_request.h"

/* A member of the query ("top" and "3" of ?top=3) or of a form. */
struct protocol_argument {
    char *name, *value; /* owned; the value is NULL where there is no = */
};

enum { PROTOCOL_MOST_ARGUMENTS = 16 };

/* What was sent. */
struct protocol_body {
    char *bytes; /* [size], owned; readers may take it over and leave NULL */
    size_t size;
    char *name; /* of the photo, by a form; owned, or NULL */
    struct protocol_argument arguments[PROTOCOL_MOST_ARGUMENTS];
    size_t argument_count;
};
void protocol_body_free(struct protocol_body *body);

/* Adds an argument, which is copied; value may be NULL. False with `error` set where there are too
 * many, or memory is short. */
bool protocol_add_argument(struct protocol_body *body, const char *name, const char *value,
                           caption_error *error);

/* multipart/form-data (RFC 7578): the photo and the fields of a form whose body is all there, of
 * browsers, curl and the libraries of all languages: parameters may be tokens or quoted strings,
 * in any case and order, and what stands before the first boundary is passed over (RFC 2046). */

/* RFC 2046 allows 70 characters; some clients make longer ones. */
enum { FORM_LONGEST_BOUNDARY = 200 };

/* Whether a Content-Type is that of a form. */
bool form_is_type(const char *type);

/* The boundary that such a Content-Type names. False where it names none, or one that is empty or
 * too long. */
bool form_boundary(const char *type, char boundary[FORM_LONGEST_BOUNDARY + 1]);

/* Reads the form in the body: the bytes of its one file take their place, its fields are added to
 * the arguments, and the file's name is set. Without a file, no bytes are left. A file without name
 * and bytes is an input that was left empty. False with `error` set where the body is no form, has
 * no end, several files, too many or too long fields, or memory is short. */
bool form_take(struct protocol_body *body, const char *boundary, caption_error *error);

/* What answers hold besides captions. */
struct protocol_facts {
    const char *model;         /* the name of the server's model, as in /api/tags */
    unsigned long long number; /* of the answer, for identifiers */
    struct timespec now;
    double seconds, waited; /* since the request was there; of these in the queue */
};

struct protocol {
    /* False with `error` set where the body is not what it should be. */
    bool (*read)(struct photo_request *request, const struct photo_request_rules *rules,
                 struct protocol_body *body, caption_error *error);
    /* results[photo_count] hold captions, all of them. The stream's own errors are left to its
     * owner. */
    bool (*write)(const struct photo_request *request, const caption_result *results,
                  const struct protocol_facts *facts, FILE *stream, caption_error *error);
    /* The error in the protocol's shape. */
    bool (*write_error)(unsigned status, const char *message, FILE *stream, caption_error *error);
    /* In place of `write`, where words are suggested: request->text is there. */
    bool (*write_words)(const struct photo_request *request, const caption_words *words,
                        FILE *stream, caption_error *error);
    bool takes_form;                /* the photo may come as a file of a form */
    const char *type, *stream_type; /* media types of whole answers and of those in parts */
};

extern const struct protocol protocol_ollama_generate, protocol_ollama_chat;
extern const struct protocol protocol_openai_chat, protocol_openai_responses;
extern const struct protocol protocol_plain;   /* a photo's bytes in, JSON out */
extern const struct protocol protocol_suggest; /* the words likely to come next */

/* --- for the protocols themselves --- */

/* The body as JSON, of a bounded number of values: each takes far more memory than its text. NULL
 * with `error` set; `name` begins the messages. Freed with cJSON_Delete. */
cJSON *protocol_json(const struct protocol_body *body, const char *name, caption_error *error);

/* The value of an argument that is a whole number below a thousand million. */
bool protocol_whole(const struct protocol_argument *argument, double *out, caption_error *error);

/* The body is a photo, under the name that a form gave it: it is taken over. */
void protocol_take_photo(struct photo_request *request, struct protocol_body *body);

/* Parses the body, which is an object, frees its bytes and hands it to `read`. */
typedef bool protocol_read_object(struct photo_request *request,
                                  const struct photo_request_rules *rules, const cJSON *object,
                                  caption_error *error);
bool protocol_read(struct photo_request *request, const struct photo_request_rules *rules,
                   struct protocol_body *body, protocol_read_object *read, caption_error *error);

/* What the answer says: the captions of that rank, a line a photo; or JSON where that was asked
 * for. NULL with `error` set when memory is short. Freed by the caller. */
char *protocol_text(const struct photo_request *request, const caption_result *results, size_t rank,
                    caption_error *error);

/* How many ranks there are: as many captions as the photo with the fewest has. */
size_t protocol_ranks(const struct photo_request *request, const caption_result *results);

/* The length of the next part of a text that is streamed: a word and the space before it. */
size_t protocol_part(const char *text);

/* How many words a text has: what tokens are counted by. */
size_t protocol_words(const char *text);

/* Whether captions end because the request wants them no longer. */
bool protocol_is_cut(const struct photo_request *request, const caption_result *results,
                     size_t rank);

/* Writes a value as "PREFIXjsonSUFFIX" and frees it; NULL is a failed allocation. */
bool protocol_put(FILE *stream, const char *prefix, cJSON *value, const char *suffix,
                  caption_error *error);

/* {"error": "message"}. */
bool protocol_write_error(unsigned status, const char *message, FILE *stream, caption_error *error);

#endif
