/* From image features to captions: batched beam search, or sampling. The options are those of
 * caption.h; all photos and beams of a call go through the network as one batch. */
#ifndef CAPTION_DECODE_DECODE_H
#define CAPTION_DECODE_DECODE_H

#include <stddef.h>

#include "base/threads.h"
#include "format/packed_file.h"
#include "infer/inference_decoder.h"
#include "infer/inference_encoder.h"
#include "infer/low_precision.h"
#include "model/confidence.h"
#include "model/model.h"
#include "text/content.h"
#include "text/tokenizer.h"

/* One caption: its words (no special ones) and the log-probability of them and <end>. */
struct decode_caption {
    uint32_t *words; /* [count], owned by the decode_result */
    size_t count;
    double logprob; /* of the model itself, whatever temperature or penalty chose by */
    double signals[CONFIDENCE_SIGNALS];
    double confidence; /* from 0 to 1; NAN where the model has none */
    double score;      /* what captions are ranked by: logprob / length^penalty, and the model's
                          re-ranking, if it has one */
};

/* What a photo shows, by the word head. */
struct decode_tag {
    uint32_t word; /* its name, in the vocabulary */
    double confidence;
};

struct decode_result {
    struct decode_caption *captions; /* [count], best first */
    size_t count;
    struct decode_tag *tags; /* [tag_count], owned; surest first, none below the options'
                                tag_confidence; NULL: none were asked for */
    size_t tag_count;
};

/* Options checked against each other and the model: prefix words found, endings looked up. */
struct decode_plan;

/* NULL with `error` set when an option is out of range or a word of the prefix is unknown. Holds on
 * to `model`; read-only afterwards, so threads may share it. */
struct decode_plan *decode_plan_new(const struct model *model, const caption_options *options,
                                    caption_error *error);
/* The same with the weights of a file that is mapped; NULL: there is none. */
struct decode_plan *decode_plan_packed(const struct model *model, const caption_options *options,
                                       const struct packed_file *packed, caption_error *error);
void decode_plan_free(struct decode_plan *plan);

/* The plan of other options, with the decoder and the words of `base`, which must stay as long.
 * Precision, style and repeated words are those of `base`, whatever the options say. */
struct decode_plan *decode_plan_with(const struct decode_plan *base, const caption_options *options,
                                     caption_error *error);

/* The precision that the options ask for, or that this processor is fastest in. */
enum precision decode_precision(const caption_options *options);

/* The working memory of one thread, for up to `photos` photos at once: beam search's or sampling's,
 * as the options ask. It keeps what it computed for each word, so that the next call
 * is faster; results do not depend on it. Holds on to `plan`. NULL with `error` set when memory is
 * short. */
struct decode_workspace;
struct decode_workspace *decode_workspace_new(const struct decode_plan *plan, size_t photos,
                                              caption_error *error);
void decode_workspace_free(struct decode_workspace *workspace);

/* From now on the threads share the large products of a time step; they are borrowed. The captions
 * stay the same, to the last bit. */
void decode_workspace_share(struct decode_workspace *workspace, struct threads *threads);

/* Captions `count` photos, as many as the workspace is for or fewer, from their features
 * (count, F); NULL: from none, as a language model would. first_photo numbers them for the random
 * streams of sampling, so that results do not depend on how photos are batched. results[count] are
 * freed with decode_results_free. */
bool decode_features(struct decode_workspace *workspace, const real *features, size_t count,
                     size_t first_photo, struct decode_result *results, caption_error *error);
void decode_results_free(struct decode_result *results, size_t count);

/* The sentence that a caption is, in the wording that the options ask for. Freed with free(). */
char *decode_sentence(const struct model *model, const caption_options *options,
                      const struct decode_caption *caption, caption_error *error);

/* Results that outlive the search. */

/* Copies `count` captions with their words. On failure the result is empty. */
bool result_set(struct decode_result *result, const struct decode_caption *captions, size_t count,
                caption_error *error);

/* From the word head's logits to the tags of a photo. */

/* Puts into the result the tags that are at least as sure as `least`, surest first, of equals the
 * more frequent word. logits are (tags->count,). False when memory is short. */
bool tags_set(struct decode_result *result, const struct tag_words *tags,
              const struct tag_calibration *calibration, const float *logits, double least,
              caption_error *error);

/* tags_set for each photo, by its row of the logits (count, K), if the plan's options ask for tags.
 */
bool tags_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                    struct decode_result *results, caption_error *error);

/* The checked plan, for the files of this folder. */

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

/* The key of the packed weights that prepared_init makes of a model that was opened, and takes from
 * MODEL.packed where that has the same key. False with `error` set where they are not kept. */
bool prepared_key(const struct model *model, const caption_options *options, char key[PACKED_KEY],
                  caption_error *error);

/* The packed weights themselves, for packed_file_write. */
void prepared_parts(const struct prepared *prepared, const struct arena *parts[PACKED_PARTS]);

/* Whether there is a file that prepared_init takes them from; else why not. */
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

/* Beam search over all photos of a call at once. At each time step the `beam_size` best
 * continuations of a photo's hypotheses are taken, <end> like any word: those that say <end> are
 * finished and leave the batch, the others go on. So beam size 1 is greedy. Of the finished ones
 * the `top` best by score are kept, of a model that re-ranks them those it chooses
 * from; a photo is done when none goes on, or none that does can still be among them. */

/* The memory of searches over up to `photos` photos at once, planned once: a search allocates its
 * results and nothing else. Holds on to `plan`. NULL with `error` set when memory is short. */
struct beam_search;
struct beam_search *beam_search_new(const struct decode_plan *plan, size_t photos,
                                    caption_error *error);
void beam_search_free(struct beam_search *search);

/* See decode_workspace_share. */
void beam_search_share(struct beam_search *search, struct threads *threads);

/* features (count, F), 1 <= count <= photos; results[count] are empty. On failure some may have
 * been set. */
bool beam_search_run(struct beam_search *search, const real *features, size_t count,
                     struct decode_result *results, caption_error *error);

/* The captions that a beam search finished, in the order of the model's re-ranking
 * (model/confidence.h). */

/* How many captions of a photo the search keeps: the options' `top` or, to choose them from, as
 * many as the beam is wide. */
size_t reorder_pool(const struct decode_plan *plan);

/* Of each of `count` photos the options' `top` best captions stay, best first, of equals the one
 * that was before; their scores become what they are ranked by. The captions have their signals. Of
 * a model without a re-ranking all stays as it is. */
void reorder_captions(const struct decode_plan *plan, struct decode_result *results, size_t count);

/* Captions drawn word by word from the model's distribution, after temperature, top-k (Fan et al.,
 * 2018) and top-p (Holtzman et al., 2020), in this order. Each of the `top` draws of a photo has a
 * stream of random numbers of its own, which depends on the seed, the photo's number and the
 * draw's, and on nothing else. Draws are sorted by log-probability; two may be the same. */

/* The memory of drawing for up to `photos` photos at once, planned once: a run allocates its
 * results and nothing else. Holds on to `plan`. NULL with `error` set when memory is short. */
struct sampler;
struct sampler *sampler_new(const struct decode_plan *plan, size_t photos, caption_error *error);
void sampler_free(struct sampler *sampler);

/* See decode_workspace_share. */
void sampler_share(struct sampler *sampler, struct threads *threads);

/* features (count, F), 1 <= count <= photos; results[count] are empty. On failure some may have
 * been set. */
bool sampler_run(struct sampler *sampler, const real *features, size_t count, size_t first_photo,
                 struct decode_result *results, caption_error *error);

#endif
