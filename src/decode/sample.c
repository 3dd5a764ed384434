#include "decode/decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "decode/constraints.h"
#include "decode/rows.h"

/* A caption on its way. */
struct draw {
    struct decode_caption caption; /* words are (L,) of the sampler */
    double *ended; /* (L + 1,): log-probability of <end> after the first n words, and of them */
    struct random random;
};

struct sampler {
    const struct decode_plan *plan;
    struct rows rows;
    struct draw *draws; /* (N, top) */
    size_t *going;      /* [going_count]: the draw of each row */
    size_t going_count;
    uint32_t *words;                 /* (N, top, L) */
    double *ended;                   /* (N, top, L + 1) */
    struct decode_caption *captions; /* (top,), scratch */
    struct candidates candidates;    /* capacity V, or k */
};

void sampler_free(struct sampler *sampler) {
    if (!sampler) return;
    rows_free(&sampler->rows);
    free(sampler);
}

static bool sampler_init(struct sampler *sampler, const struct decode_plan *plan, size_t photos,
                         caption_error *error) {
    const caption_options *options = &plan->options;
    size_t words = plan->model->decoder.words, length = options->max_length, draws;
    *sampler = (struct sampler){.plan = plan};
    if (!size_multiply(photos, options->top, &draws)) return error_memory(error, "sampling");
    sampler->candidates.capacity =
        options->top_k > 0 && options->top_k < words ? options->top_k : words;
    if (!rows_init(&sampler->rows, plan->model, plan->decoder, draws, photos, error)) return false;
    struct arena *arena = &sampler->rows.arena;
    sampler->draws = arena_take(arena, draws, sizeof *sampler->draws, "sampling", error);
    sampler->going = arena_take(arena, draws, sizeof *sampler->going, "sampling", error);
    sampler->words = arena_take(arena, draws, length * sizeof *sampler->words, "sampling", error);
    sampler->ended =
        arena_take(arena, draws, (length + 1) * sizeof *sampler->ended, "sampling", error);
    sampler->candidates.items = arena_take(arena, sampler->candidates.capacity,
                                           sizeof *sampler->candidates.items, "sampling", error);
    sampler->captions =
        arena_take(arena, options->top, sizeof *sampler->captions, "sampling", error);
    return sampler->draws && sampler->going && sampler->words && sampler->ended &&
           sampler->captions && sampler->candidates.items;
}

struct sampler *sampler_new(const struct decode_plan *plan, size_t photos, caption_error *error) {
    struct sampler *sampler = memory_zeroed(1, sizeof *sampler, "sampling", error);
    if (!sampler || sampler_init(sampler, plan, photos, error)) return sampler;
    sampler_free(sampler);
    return NULL;
}

static void sampler_begin(struct sampler *sampler, const real *features, size_t photos,
                          size_t first_photo) {
    size_t top = sampler->plan->options.top, length = sampler->plan->options.max_length;
    sampler->going_count = photos * top;
    for (size_t i = 0; i < sampler->going_count; i++) {
        /* The photo's stream does not depend on `top`: more draws leave the first as they are. */
        uint64_t stream = (uint64_t)(first_photo + i / top) * PLAN_MAX_BEAM + i % top;
        sampler->draws[i] = (struct draw){
            .caption.words = sampler->words + i * length,
            .ended = sampler->ended + i * (length + 1),
            .random = random_seeded(sampler->plan->options.seed, stream),
        };
        sampler->going[i] = i;
        sampler->rows.inputs[i] = DECODER_VECTOR - (int32_t)(i / top);
    }
    rows_begin(&sampler->rows, features, photos, sampler->going_count);
    for (size_t i = 0; i < sampler->going_count; i++) sampler->rows.inputs[i] = VOCABULARY_START;
}

/* The words to draw from: the k best in order, or simply all that are allowed. */
static void collect(struct sampler *sampler, const real *logits) {
    const caption_options *options = &sampler->plan->options;
    struct candidates *candidates = &sampler->candidates;
    size_t words = sampler->plan->model->decoder.words;
    candidates->count = 0;
    if (options->top_k > 0 || options->top_p < 1) {
        candidates_offer(candidates, logits, words, 0, 0);
        candidates_sort(candidates);
        return;
    }
    for (size_t word = 0; word < words; word++) {
        if (isinf(logits[word])) continue;
        candidates->items[candidates->count++] =
            (struct candidate){.logprob = (double)logits[word], .word = (uint32_t)word};
    }
}

/* Replaces the candidates' logits by weights: e^(logit / temperature), up to a factor. Returns
 * their sum. */
static double weigh(struct candidates *candidates, double temperature) {
    double best = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < candidates->count; i++) {
        if (candidates->items[i].logprob > best) best = candidates->items[i].logprob;
    }
    for (size_t i = 0; i < candidates->count; i++) {
        struct candidate *candidate = &candidates->items[i];
        candidate->logprob = exp((candidate->logprob - best) / temperature);
        sum += candidate->logprob;
    }
    return sum;
}

/* Cuts the candidates, best first, where they hold the share top_p of the sum. Returns the sum of
 * those that stay. */
static double keep_nucleus(struct candidates *candidates, double sum, double top_p) {
    double held = 0;
    for (size_t i = 0; i < candidates->count; i++) {
        held += candidates->items[i].logprob;
        if (held >= sum * top_p) candidates->count = i + 1;
    }
    return held;
}

/* Draws the next word; <end> where none is allowed. */
static uint32_t draw_word(struct sampler *sampler, const real *logits, struct random *random) {
    const caption_options *options = &sampler->plan->options;
    struct candidates *candidates = &sampler->candidates;
    collect(sampler, logits);
    if (candidates->count == 0) return VOCABULARY_END;
    double sum = weigh(candidates, (double)options->temperature);
    if (options->top_p < 1) sum = keep_nucleus(candidates, sum, (double)options->top_p);
    double mark = (double)random_uniform(random) * sum;
    size_t chosen = 0;
    while (chosen + 1 < candidates->count && mark >= candidates->items[chosen].logprob) {
        mark -= candidates->items[chosen++].logprob;
    }
    return candidates->items[chosen].word;
}

static void finish(const struct sampler *sampler, struct draw *draw) {
    struct decode_caption *caption = &draw->caption;
    caption->count = constraints_trim(sampler->plan, caption->words, caption->count);
    caption->logprob = draw->ended[caption->count];
    caption->score = plan_score(sampler->plan, caption->logprob, caption->count);
}

/* Draws a row's next word. *goes_on: whether the caption does. */
static bool extend(struct sampler *sampler, size_t row, bool *goes_on, caption_error *error) {
    struct draw *draw = &sampler->draws[sampler->going[row]];
    struct decode_caption *caption = &draw->caption;
    real *logits = sampler->rows.logits + row * sampler->plan->model->decoder.words;
    double normaliser;
    if (!rows_normaliser(&sampler->rows, row, &normaliser, error)) return false;
    double base = caption->logprob - normaliser;
    draw->ended[caption->count] = base + (double)logits[VOCABULARY_END];
    constraints_apply(sampler->plan, caption->words, caption->count, logits);
    uint32_t word = draw_word(sampler, logits, &draw->random);
    *goes_on = word != VOCABULARY_END;
    if (*goes_on) {
        caption->logprob = base + (double)logits[word];
        caption->words[caption->count++] = word;
    } else {
        finish(sampler, draw);
    }
    return true;
}

/* One time step; captions that ended leave the batch. */
static bool sampler_step(struct sampler *sampler, caption_error *error) {
    struct rows *rows = &sampler->rows;
    size_t state = sampler->plan->model->decoder.state, left = 0;
    rows_step(rows, sampler->going_count);
    for (size_t row = 0; row < sampler->going_count; row++) {
        size_t number = sampler->going[row];
        bool goes_on;
        if (!extend(sampler, row, &goes_on, error)) return false;
        if (!goes_on) continue;
        const struct decode_caption *caption = &sampler->draws[number].caption;
        rows->inputs[left] = (int32_t)caption->words[caption->count - 1];
        rows->images[left] = rows->images[row];
        memmove(rows->states + left * state, rows->states + row * state,
                state * sizeof *rows->states);
        sampler->going[left++] = number;
    }
    sampler->going_count = left;
    return true;
}

/* Orders a photo's draws by falling log-probability, equal ones in the order drawn. */
static void sort_draws(struct draw *draws, size_t count) {
    for (size_t i = 1; i < count; i++) {
        struct draw draw = draws[i];
        size_t place = i;
        for (; place > 0 && draw.caption.logprob > draws[place - 1].caption.logprob; place--) {
            draws[place] = draws[place - 1];
        }
        draws[place] = draw;
    }
}

static bool set_results(const struct sampler *sampler, size_t photos, struct decode_result *results,
                        caption_error *error) {
    size_t top = sampler->plan->options.top;
    for (size_t i = 0; i < photos; i++) {
        sort_draws(sampler->draws + i * top, top);
        for (size_t d = 0; d < top; d++) sampler->captions[d] = sampler->draws[i * top + d].caption;
        if (!result_set(&results[i], sampler->captions, top, error)) return false;
    }
    return true;
}

void sampler_share(struct sampler *sampler, struct threads *threads) {
    rows_share(&sampler->rows, threads);
}

bool sampler_run(struct sampler *sampler, const real *features, size_t count, size_t first_photo,
                 struct decode_result *results, caption_error *error) {
    sampler_begin(sampler, features, count, first_photo);
    bool done = true;
    while (done && sampler->going_count > 0) done = sampler_step(sampler, error);
    done = done && set_results(sampler, count, results, error) &&
           tags_of_photos(sampler->plan, sampler->rows.tags, count, results, error);
    if (done) signals_of_photos(sampler->plan, sampler->rows.tags, count, results);
    return done;
}
