/* The checked plan behind decode.h, for the files of this folder. */
#ifndef CAPTION_DECODE_PLAN_H
#define CAPTION_DECODE_PLAN_H

#include <stddef.h>

#include "decode/decode.h"
#include "infer/inference_decoder.h"
#include "infer/inference_encoder.h"
#include "text/tokenizer.h"

/* Limits of the options, named in the messages of decode_plan_new. */
enum {
    PLAN_MAX_BEAM = 1024, /* beam size, and captions drawn per photo */
    PLAN_MAX_LENGTH = 1000,
    PLAN_MAX_NGRAM = 1000,
    PLAN_MAX_TAGS = 1000000,
    PLAN_MAX_THREADS = 1024,
    PLAN_MAX_MEMORY = 1 << 24 /* megabytes */
};
#define PLAN_MAX_LENGTH_PENALTY 10.0F
#define PLAN_MIN_TEMPERATURE 0.01F
#define PLAN_MAX_TEMPERATURE 100.0F

struct decode_plan {
    const struct model *model;
    struct inference_decoder *decoder;
    caption_options options; /* prefix and style are NULL: see below */
    size_t style;            /* photos are described in it; or STYLE_NONE */
    uint32_t *prefix;        /* [prefix_count] */
    size_t prefix_count;
    bool *never_last;    /* (V,): no caption ends on that word */
    uint32_t *next_form; /* (V,): rings of words that a caption has once (constraints.h); NULL: none
                            are */
    double *rarity;      /* (V,): see signals_rarity */
    bool shares;         /* what was made of the model belongs to another plan */
};

/* The numbers of a prefix's words: numbers[max_length]. False with `error` set when there are more
 * than max_length, or the model does not know one. */
bool plan_look_up(const struct decode_plan *plan, const struct tokens *words, uint32_t *numbers,
                  size_t *count, caption_error *error);

/* Photos that are decoded together: enough that the weights are well used, few enough that a
 * handful of photos keeps several threads busy, and fewer where the beam is wide. */
enum { PLAN_BATCH_PHOTOS = 16, PLAN_BATCH_ROWS = 256 };
size_t plan_batch(const struct decode_plan *plan);

/* Bytes that photos may take while they are decoded, all together: the options' `memory`, or a
 * quarter of the machine's; SIZE_MAX where that is unknown. */
size_t plan_memory(const caption_options *options);

/* What a caption of `length` words is ranked by: logprob / (length + 1)^length_penalty, <end>
 * counted (GNMT's normalisation, Wu et al., 2016, in its simplest form). */
double plan_score(const struct decode_plan *plan, double logprob, size_t length);

/* A model prepared for captioning: its weights packed for the products of inference, the options
 * checked. Made once, then only read, by any number of threads. */

struct prepared {
    struct decode_plan *plan; /* and the decoder */
    struct inference_encoder *encoder;
    bool shares; /* the encoder belongs to another */
};

/* Prepares both halves, side by side where there are two threads: each takes about as long as a
 * third of a photo, which is what one photo alone waits for. False with `error` set as
 * decode_plan_new and inference_encoder_new do. Holds on to `model`. Freed with prepared_free. */
bool prepared_init(struct prepared *prepared, const struct model *model,
                   const caption_options *options, size_t threads, caption_error *error);

/* Writes what prepared_init makes of a model that was opened to a file beside it, MODEL.packed,
 * which prepared_init maps from then on as long as model, program, processor, precision and the
 * presence of a style are the same. *path is the file's, newly allocated. */
bool prepared_pack(const struct model *model, const caption_options *options, char **path,
                   caption_error *error);

/* Whether there is such a file that prepared_init maps; else why not. */
bool prepared_is_packed(const struct model *model, const caption_options *options,
                        caption_error *error);

/* The same for other options, with the weights of `base`, which must stay as long: see
 * decode_plan_with. */
bool prepared_with(struct prepared *prepared, const struct prepared *base,
                   const caption_options *options, caption_error *error);
void prepared_free(struct prepared *prepared);

/* What a captioner of the library is made of, for those who share its weights in other ways than a
 * session does. It belongs to the captioner, and is defined where that is, in caption.c. */
const struct prepared *prepared_of(const caption_captioner *captioner);

/* The signals of a finished caption from which the confidence is computed: see model/confidence.h.
 */

/* rarity[word] = -log(share of all words that were counted) for words of content, 0 for the others.
 * bases and rarity are (vocabulary->count). */
void signals_rarity(const struct vocabulary *vocabulary, const uint32_t *bases, double *rarity);

/* Sets the signals of all captions of `count` photos and, from these, their confidence. logits
 * (count, K) are those of the word head, as they are. */
void signals_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                       struct decode_result *results);

#endif
