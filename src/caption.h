/* caption: a photo goes in, a sentence comes out.
 *
 *     caption_error error;
 *     caption_options options = caption_options_default();
 *     caption_model *model = caption_model_open(NULL, &error);       // the shipped weights
 *     caption_captioner *captioner =
 *         model ? caption_captioner_new(model, &options, &error) : NULL;
 *     caption_session *session = captioner ? caption_session_new(captioner, &error) : NULL;
 *     const char *paths[] = {"dog.jpg"};
 *     caption_result result = {0};
 *     if (session && caption_session_photos(session, paths, 1, &result, &error))
 *         puts(result.count ? result.captions[0].text : result.error.message);
 *     else
 *         fprintf(stderr, "%s\n", error.message);
 *     caption_results_free(&result, 1);
 *     caption_session_free(session);
 *     caption_captioner_free(captioner);
 *     caption_model_close(model);
 *
 * A captioner is a model prepared for given options: its weights are converted and packed once.
 * Models and captioners are read-only: any number of threads may share them. A session is the
 * working memory of one caller: one thread at a time uses it, and its second call costs no more
 * than its photos. The library prints nothing, never exits and keeps no global state.
 *
 * The child of a fork(2) may use and free what its parent made, and starts threads of its own; but
 * not what another thread was making or using at the fork.
 */
#ifndef CAPTION_H
#define CAPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CAPTION_API __attribute__((visibility("default")))
#else
#define CAPTION_API
#endif

#define CAPTION_VERSION "0.2.0"

/* What went wrong, coarsely; the message of caption_error has the details. */
typedef enum caption_status {
    CAPTION_OK = 0,
    CAPTION_ERROR_ARGUMENT,    /* a value the caller gave is out of range */
    CAPTION_ERROR_IO,          /* a file cannot be opened, read or written */
    CAPTION_ERROR_FORMAT,      /* a file's content is not what it should be */
    CAPTION_ERROR_LIMIT,       /* something is larger than this program accepts */
    CAPTION_ERROR_MEMORY,      /* an allocation failed */
    CAPTION_ERROR_INTERRUPTED, /* the caller asked to stop */
    CAPTION_ERROR_SYSTEM, /* the system fails, not the file: a disk does not answer, there are no
                             more descriptors */
    CAPTION_ERROR_MODEL,  /* the model answers with numbers that are not finite */
} caption_status;

/* A readable error. The message names the file and the field, what was expected and what was found.
 * Every function that can fail takes one as its last parameter; NULL is allowed there. It is
 * written only on failure. */
typedef struct caption_error {
    caption_status status;
    char message[512];
} caption_error;

typedef struct caption_model caption_model;
typedef struct caption_captioner caption_captioner;
typedef struct caption_session caption_session;

/* The number types of the large products. AUTO is INT16 on x86-64, F32 elsewhere: the fastest that
 * words nearly all captions as F32 does. All work everywhere, BF16 slowly where the processor has
 * no instructions for it. */
typedef enum caption_precision {
    CAPTION_PRECISION_AUTO = 0,
    CAPTION_PRECISION_F32,
    CAPTION_PRECISION_BF16,  /* bfloat16 */
    CAPTION_PRECISION_INT8,  /* whole numbers of 8 bits in the encoder, bfloat16 in the decoder;
                                INT16 where the processor does not multiply bytes */
    CAPTION_PRECISION_INT16, /* of 16 bits in the encoder; in the decoder float, or bfloat16 where
                                that is faster */
} caption_precision;

/* What becomes of a caption that is less sure than options.min_confidence. */
typedef enum caption_unsure {
    CAPTION_UNSURE_SKIP = 0, /* it is left out; where all of a photo's are, its result holds one
                                caption whose text is "" */
    CAPTION_UNSURE_HEDGE,    /* it begins with "possibly: " */
} caption_unsure;

/* How words are chosen. Start from caption_options_default(). */
typedef struct caption_options {
    size_t beam_size; /* width of the beam search; 1 is greedy */
    size_t top;       /* captions per photo, best first; at most beam_size, or 1024 when sampling */
    size_t max_length;      /* words at most, the prefix included */
    size_t min_length;      /* words at least */
    float length_penalty;   /* score = log p / length^penalty; 0 prefers short captions */
    size_t no_repeat_ngram; /* no n-gram of this many words twice; 0 is off */
    bool repeat_words;      /* a content word may come twice, as in "a cliff overlooking a
                               cliff"; colours, numbers and sizes always may */
    bool sample;            /* draw words instead of searching */
    float temperature;      /* of sampling; below 1 sharpens */
    size_t top_k;           /* sample among the k most likely words; 0 is all */
    float top_p;            /* sample among the likeliest words that hold this mass; 1 is all */
    uint64_t seed;          /* of sampling */
    size_t first_photo;     /* number of a call's first photo, for sampling: photos captioned in
                               several calls then get what one call would give them */
    const char *prefix;     /* words every caption starts with, or NULL */
    const char *style;      /* the way of describing that is learned from one of the model's data
                               sets, by its name, such as "coco"; "none": a mixture of all; NULL: the
                               model's first style, if it has one */
    bool neutral;           /* a person's gender and age group are left out: "person", "child" and
                               "people" for "man", "girl" and "women". The finished sentences are
                               rewritten, the prefix too; lengths hold before. Of candidates that
                               then say the same, the best stays, so that there may be fewer than
                               `top` of them; what was sampled is all kept */
    size_t threads;         /* worker threads of a session; 0 is one per processor */
    size_t max_pixels;      /* a photo that has more is refused before it is decoded */
    bool accept_truncated;  /* half a JPEG is captioned as far as it goes, the rest grey */
    size_t memory;          /* megabytes that photos take while they are decoded, of all threads
                               of a session together: a thread whose photo would pass them waits, unless it
                               is          the only one. 0 is a quarter of the machine's memory */
    caption_precision precision; /* of the large products */
    size_t tags;          /* tags per photo at most; 0: none. More needs a model that has a word
                             head, see `caption train --tags` */
    float tag_confidence; /* from 0 to 1: less sure tags are left out */
    float min_confidence; /* from 0 to 1; captions less sure than this are `unsure`. 0: all are
                             taken. More needs a model with confidence */
    caption_unsure unsure;
} caption_options;

typedef struct caption_text {
    char *text;        /* UTF-8, words separated by single spaces */
    double logprob;    /* natural log of the probability of the words and <end>; of a neutral
                          caption, that of the words as drawn, before they were rewritten */
    double confidence; /* from 0 to 1, how probable it is that the caption is apt: that its CIDEr
                          against people's captions would be at least 0.5. NAN where the model has
                          no confidence */
} caption_text;

/* A word of what is to be seen: a noun, verb, colour or number, which stands for all its forms. */
typedef struct caption_tag {
    char *name;        /* UTF-8 */
    double confidence; /* from 0 to 1, how probable it is that a caption by people names it */
} caption_tag;

/* What became of one photo: count captions, best first; or count 0 and an error. */
typedef struct caption_result {
    size_t count;
    caption_text *captions;
    caption_error error;
    size_t tag_count;
    caption_tag *tags; /* [tag_count], surest first; of a neutral run as neutral as the captions */
} caption_result;

/* The options that the command line uses when no flag is given. */
CAPTION_API caption_options caption_options_default(void);

/* Opens a model file. NULL takes $CAPTION_MODEL, else the model in share/caption of the prefix in
 * which the program lies, else the installed model, else the source tree's. Returns NULL on
 * failure. The caller closes it. */
CAPTION_API caption_model *caption_model_open(const char *path, caption_error *error);

/* Whether the model knows how sure it is: caption_text.confidence is then a number. */
CAPTION_API bool caption_model_has_confidence(const caption_model *model);

/* Closes a model; NULL is allowed. */
CAPTION_API void caption_model_close(caption_model *model);

/* Prepares a model: checks the options, converts and packs the weights, on the threads that the
 * options name. What the options point to is copied; the model must stay open as long as the
 * captioner. NULL with `error` set when an option is out of range, the model has not what it asks
 * for, or memory is short. The caller frees it. */
CAPTION_API caption_captioner *caption_captioner_new(const caption_model *model,
                                                     const caption_options *options,
                                                     caption_error *error);

/* A captioner of other options with the weights of `base`, which costs next to nothing: precision,
 * style and repeat_words are those of `base`, whatever `options` says. `base` must stay as long.
 * NULL with `error` set as above. The caller frees it before `base`. */
CAPTION_API caption_captioner *caption_captioner_with(const caption_captioner *base,
                                                      const caption_options *options,
                                                      caption_error *error);

/* Frees a captioner that no session uses any more; NULL is allowed. */
CAPTION_API void caption_captioner_free(caption_captioner *captioner);

/* Working memory and threads to caption with. NULL with `error` set when memory is short. The
 * caller frees it before the captioner. */
CAPTION_API caption_session *caption_session_new(const caption_captioner *captioner,
                                                 caption_error *error);

/* Ends the session's threads; NULL is allowed. */
CAPTION_API void caption_session_free(caption_session *session);

/* Captions `count` photos read from files. results[i] belongs to paths[i]; a photo that cannot be
 * read is an error in its own result and does not stop the others. False only when nothing could
 * be done at all (no memory). The caller frees with caption_results_free. */
CAPTION_API bool caption_session_photos(caption_session *session, const char *const *paths,
                                        size_t count, caption_result *results,
                                        caption_error *error);

/* The same for one photo held in memory (JPEG, PNG, ...: the bytes of a file). Without a byte it is
 * an empty file, and `bytes` may be NULL. */
CAPTION_API bool caption_session_bytes(caption_session *session, const void *bytes, size_t size,
                                       caption_result *result, caption_error *error);

/* A word that may come next, or that was read. */
typedef struct caption_word {
    const char *text; /* UTF-8; "." is the end of the sentence */
    double logprob;   /* natural log of its probability after the words before it; of a word that
                         the model does not know, that of all such words together */
    size_t rank;      /* 1: no word is more probable, 2: one is; 0: the model does not know it */
} caption_word;

/* Words in one block of memory, their texts included. */
typedef struct caption_words {
    size_t count;
    caption_word *words; /* [count] */
    size_t begun; /* of suggestions: bytes at the end of the text, the word being typed, that each
                     of them is to replace */
} caption_words;

/* What this session's suggestions, scores and completions are about from now on: the photo in that
 * file or, as at the start, none (NULL). It is encoded once, on the caller's thread. False with
 * `error` set when it cannot be read; they are then about none. */
CAPTION_API bool caption_session_look(caption_session *session, const char *path,
                                      caption_error *error);

/* The same for one photo held in memory (the bytes of a file). */
CAPTION_API bool caption_session_look_bytes(caption_session *session, const void *bytes,
                                            size_t size, caption_error *error);

/* The words most likely to come next in a text, at most `most` (at least 1), most probable first.
 * A text that ends within a word ("a do") is a word being typed: only words that begin so are
 * suggested, perhaps none; after a space or punctuation ("a dog ") any word is. "" begins the
 * sentence. These are the model's own probabilities: options.prefix, lengths and rules against
 * repetition do not count. A word of the text that the model does not know is read as unknown.
 * Without a photo the model sees the mean of those it learned from. False with `error` set when
 * `most` is 0 or memory is short. The caller frees with caption_words_free. */
CAPTION_API bool caption_session_suggest(caption_session *session, const char *text, size_t most,
                                         caption_words *words, caption_error *error);

/* How probable the model finds each word of a sentence, and its end, which is the last of the
 * words. Their logprobs add up to that of the sentence. Errors and ownership as above. */
CAPTION_API bool caption_session_score(caption_session *session, const char *sentence,
                                       caption_words *words, caption_error *error);

/* The captions that begin with a text, in place of options.prefix; otherwise as of
 * caption_session_bytes, without tags. False with `error` set when a word of the text is unknown or
 * there are more than options.max_length. The caller frees with caption_results_free. */
CAPTION_API bool caption_session_complete(caption_session *session, const char *text,
                                          caption_result *result, caption_error *error);

/* Frees what words hold; a struct of zeros is allowed. */
CAPTION_API void caption_words_free(caption_words *words);

/* A photo made small, upright and with its proportions: a JPEG of a few kilobytes. */
typedef struct caption_thumbnail {
    size_t width, height; /* in pixels */
    uint8_t *jpeg;        /* [size], the bytes of a file; NULL: there is none */
    size_t size;
} caption_thumbnail;

/* A photo of a stream. With neither path nor bytes its result is CAPTION_ERROR_ARGUMENT. */
typedef struct caption_photo {
    const char *path;  /* its file; for bytes what messages call it, or NULL */
    const void *bytes; /* a photo in memory (the bytes of a file), or NULL: read the file */
    size_t size;       /* of the bytes */
    size_t number;     /* for sampling: a photo's number decides what is drawn for it */
    caption_thumbnail thumbnail; /* made by the stream, and freed when its result was taken */
} caption_photo;

/* Where the time of a stream went, in seconds, summed over its threads. */
typedef struct caption_times {
    double decode; /* photos read, decoded and resized */
    double encode;
    double words;  /* beam search, or sampling */
    double output; /* in caption_stream.result */
    double waited; /* for photos, or for a slow one that others had to wait for */
} caption_times;

/* Any number of photos, one after the other: the caller's side. `next` and `result` are called on
 * the thread of the call, in turn. There the session does not caption other photos: that is
 * CAPTION_ERROR_ARGUMENT. */
typedef struct caption_stream {
    /* Gives the next photo (which comes zeroed), or returns false: there are no more. What it
     * points to must stay until its result has come. A few photos are asked for ahead. */
    bool (*next)(void *context, caption_photo *photo);
    /* Takes what became of a photo, in the order in which they were given, as soon as that is
     * known. The result is freed when the function returns. False ends the run, with the error
     * that the function has set, else with CAPTION_ERROR_INTERRUPTED. */
    bool (*result)(void *context, const caption_photo *photo, const caption_result *result,
                   caption_error *error);
    /* Unless NULL, asked while a pipe or a terminal is waited for, about ten times a second, on any
     * thread: true ends the wait, and the photo's result is CAPTION_ERROR_INTERRUPTED. */
    bool (*stop)(void *context);
    void *context;    /* of all */
    size_t thumbnail; /* pixels, at most 4096, of the longest side of the thumbnail that is made of
                         each photo while it is decoded; 0: none is */
} caption_stream;

/* Captions the photos of a stream: decoding, encoding and words of different photos go on at the
 * same time on the session's threads, the caller's being one of them, and memory does not grow with
 * the number of photos. The captions are those of caption_session_photos, for any number of
 * threads. options.first_photo is added to the photos' numbers. Times are written to `times` (NULL:
 * not wanted). False when a function of the stream failed or nothing could be done at all. */
CAPTION_API bool caption_session_stream(caption_session *session, const caption_stream *stream,
                                        caption_times *times, caption_error *error);

/* Frees what results hold, not the array itself. */
CAPTION_API void caption_results_free(caption_result *results, size_t count);

#ifdef __cplusplus
}
#endif
#endif
