#include "decode/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "decode/constraints.h"
#include "decode/rows.h"

/* The unfinished hypotheses after a time step, those of a photo side by side, best first. All of
 * them have the same number of words. */
struct generation {
    real *states;     /* (R, S), after the last word but one: the last is still to be fed */
    uint32_t *words;  /* (R, L) */
    double *logprobs; /* (R,), of the words */
    double *ended; /* (R, L + 1): log-probability of <end> after the first n words, and of them */
    size_t count;  /* rows in use */
};

struct photo_search {
    size_t photo;                    /* its number within the call */
    size_t first, count;             /* its rows of the present generation */
    struct decode_caption *finished; /* [pool], best first; words are (pool, L) of the search */
    size_t finished_count;
};

struct beam_search {
    const struct decode_plan *plan;
    struct rows rows;
    struct generation now, next; /* now.states is rows.states */
    struct photo_search *photos; /* [photo_count]: those that are not done */
    size_t photo_count;
    size_t pool;                     /* finished captions of a photo that are kept */
    struct decode_caption *finished; /* (N, pool) */
    uint32_t *finished_words;        /* (N, pool, L) */
    struct candidates candidates;    /* capacity beam_size */
};

static bool generation_init(struct generation *generation, size_t rows, size_t length,
                            struct arena *arena, caption_error *error) {
    generation->words =
        arena_take(arena, rows, length * sizeof *generation->words, "beam search", error);
    generation->logprobs =
        arena_take(arena, rows, sizeof *generation->logprobs, "beam search", error);
    generation->ended =
        arena_take(arena, rows, (length + 1) * sizeof *generation->ended, "beam search", error);
    return generation->words && generation->logprobs && generation->ended;
}

void beam_search_free(struct beam_search *search) {
    if (!search) return;
    rows_free(&search->rows);
    free(search);
}

/* Plans the memory of a whole search; nothing is allocated after it. */
static bool search_init(struct beam_search *search, const struct decode_plan *plan, size_t photos,
                        caption_error *error) {
    const caption_options *options = &plan->options;
    size_t beam = options->beam_size, length = options->max_length, rows, kept;
    *search =
        (struct beam_search){.plan = plan, .candidates.capacity = beam, .pool = reorder_pool(plan)};
    if (!size_multiply(photos, beam, &rows) || !size_multiply(photos, search->pool, &kept)) {
        return error_memory(error, "beam search");
    }
    if (!rows_init(&search->rows, plan->model, plan->decoder, rows, photos, error)) return false;
    struct arena *arena = &search->rows.arena;
    search->next.states =
        arena_take(arena, rows, plan->model->decoder.state * sizeof(real), "beam search", error);
    search->photos = arena_take(arena, photos, sizeof *search->photos, "beam search", error);
    search->finished = arena_take(arena, kept, sizeof *search->finished, "beam search", error);
    search->finished_words =
        arena_take(arena, kept, length * sizeof *search->finished_words, "beam search", error);
    search->candidates.items =
        arena_take(arena, beam, sizeof *search->candidates.items, "beam search", error);
    search->now.states = search->rows.states;
    return search->next.states && search->photos && search->finished && search->finished_words &&
           search->candidates.items && generation_init(&search->now, rows, length, arena, error) &&
           generation_init(&search->next, rows, length, arena, error);
}

struct beam_search *beam_search_new(const struct decode_plan *plan, size_t photos,
                                    caption_error *error) {
    struct beam_search *search = memory_zeroed(1, sizeof *search, "beam search", error);
    if (!search || search_init(search, plan, photos, error)) return search;
    beam_search_free(search);
    return NULL;
}

/* One hypothesis without words for each photo, the image fed. */
static void search_begin(struct beam_search *search, const real *features, size_t photos) {
    size_t pool = search->pool, length = search->plan->options.max_length;
    search->photo_count = photos;
    for (size_t i = 0; i < search->photo_count; i++) {
        struct photo_search *photo = &search->photos[i];
        *photo = (struct photo_search){.photo = i, .first = i, .count = 1};
        photo->finished = search->finished + i * pool;
        for (size_t f = 0; f < pool; f++) {
            photo->finished[f].words = search->finished_words + (i * pool + f) * length;
        }
        search->now.logprobs[i] = 0;
        search->rows.inputs[i] = DECODER_VECTOR - (int32_t)i;
    }
    search->now.count = search->photo_count;
    rows_begin(&search->rows, features, search->photo_count, search->photo_count);
    for (size_t i = 0; i < search->photo_count; i++) search->rows.inputs[i] = VOCABULARY_START;
}

static bool is_kept(const struct photo_search *photo, const uint32_t *words, size_t count) {
    for (size_t i = 0; i < photo->finished_count; i++) {
        const struct decode_caption *kept = &photo->finished[i];
        if (kept->count == count && memcmp(kept->words, words, count * sizeof *words) == 0) {
            return true;
        }
    }
    return false;
}

/* Keeps the first `length` words of a row as a finished caption if it is among the best that are
 * kept. Of equal ones the earlier stays. */
static void keep(const struct beam_search *search, struct photo_search *photo, size_t row,
                 size_t length) {
    const caption_options *options = &search->plan->options;
    const uint32_t *words = search->now.words + row * options->max_length;
    double logprob = search->now.ended[row * (options->max_length + 1) + length];
    double score = plan_score(search->plan, logprob, length);
    struct decode_caption *kept = photo->finished;
    size_t place = photo->finished_count;
    if (place == search->pool) {
        if (!(score > kept[place - 1].score)) return;
        place--;
    } else {
        photo->finished_count++;
    }
    uint32_t *spare = kept[place].words;
    for (; place > 0 && score > kept[place - 1].score; place--) kept[place] = kept[place - 1];
    memcpy(spare, words, length * sizeof *words);
    kept[place] = (struct decode_caption){
        .words = spare, .count = length, .logprob = logprob, .score = score};
}

/* Whether a hypothesis may still end among the kept. Its log-probability can only fall and, with a
 * length penalty >= 0, the most it can be divided by is that of the maximum length. */
static bool may_be_kept(const struct beam_search *search, const struct photo_search *photo,
                        double logprob) {
    if (photo->finished_count < search->pool) return true;
    double bound = plan_score(search->plan, logprob, search->plan->options.max_length);
    return bound > photo->finished[photo->finished_count - 1].score;
}

/* Collects the best continuations of a photo's hypotheses of `length` words. */
static bool collect(struct beam_search *search, const struct photo_search *photo, size_t length,
                    caption_error *error) {
    struct generation *now = &search->now;
    size_t words = search->plan->model->decoder.words;
    size_t longest = search->plan->options.max_length;
    search->candidates.count = 0;
    for (size_t row = photo->first; row < photo->first + photo->count; row++) {
        real *logits = search->rows.logits + row * words;
        double normaliser;
        if (!rows_normaliser(&search->rows, row, &normaliser, error)) return false;
        double base = now->logprobs[row] - normaliser;
        now->ended[row * (longest + 1) + length] = base + (double)logits[VOCABULARY_END];
        constraints_apply(search->plan, now->words + row * longest, length, logits);
        candidates_offer(&search->candidates, logits, words, base, (uint32_t)row);
    }
    candidates_sort(&search->candidates);
    return true;
}

/* Adds a hypothesis of a photo to the next generation: its parent and one more word. */
static void extend(struct beam_search *search, const struct photo_search *photo,
                   const struct candidate *candidate, size_t length) {
    const struct generation *now = &search->now;
    struct generation *next = &search->next;
    size_t from = candidate->parent, to = next->count++;
    size_t longest = search->plan->options.max_length, state = search->plan->model->decoder.state;
    memcpy(next->states + to * state, now->states + from * state, state * sizeof *now->states);
    memcpy(next->words + to * longest, now->words + from * longest, length * sizeof *now->words);
    memcpy(next->ended + to * (longest + 1), now->ended + from * (longest + 1),
           (length + 1) * sizeof *now->ended);
    next->words[to * longest + length] = candidate->word;
    next->logprobs[to] = candidate->logprob;
    search->rows.inputs[to] = (int32_t)candidate->word;
    search->rows.images[to] = DECODER_VECTOR - (int32_t)photo->photo;
}

/* Finishes the hypotheses with <end> and extends the others, in the order of their
 * log-probabilities. */
static void advance(struct beam_search *search, struct photo_search *photo, size_t length) {
    const struct candidates *candidates = &search->candidates;
    for (size_t i = 0; i < candidates->count; i++) {
        const struct candidate *candidate = &candidates->items[i];
        if (candidate->word == VOCABULARY_END) keep(search, photo, candidate->parent, length);
    }
    photo->first = search->next.count;
    for (size_t i = 0; i < candidates->count; i++) {
        const struct candidate *candidate = &candidates->items[i];
        if (candidate->word == VOCABULARY_END) continue;
        if (!may_be_kept(search, photo, candidate->logprob)) break;
        extend(search, photo, candidate, length);
    }
    photo->count = search->next.count - photo->first;
}

/* Keeps what is left of each of a photo's last hypotheses when it is cut to `length` words, or to
 * fewer where no caption may end there. A bad ending is better than no caption, but than that only.
 */
static void keep_cut(const struct beam_search *search, struct photo_search *photo, size_t first,
                     size_t count, size_t length) {
    for (size_t row = first; row < first + count; row++) {
        if (photo->finished_count >= search->plan->options.top) return;
        const uint32_t *words = search->now.words + row * search->plan->options.max_length;
        size_t cut = constraints_trim(search->plan, words, length);
        bool ends_badly = cut > 0 && search->plan->never_last[words[cut - 1]];
        if (ends_badly && photo->finished_count > 0) continue;
        if (!is_kept(photo, words, cut)) keep(search, photo, row, cut);
    }
}

/* The last resort when a search is over with fewer than `top` captions, because the rules forbade
 * <end>: its last hypotheses, cut by no more words than it takes. */
static void keep_the_rest(const struct beam_search *search, struct photo_search *photo,
                          size_t first, size_t count, size_t length) {
    size_t shortest = constraints_shortest(search->plan);
    keep_cut(search, photo, first, count, length);
    while (photo->finished_count < search->plan->options.top && length > shortest) {
        keep_cut(search, photo, first, count, --length);
    }
}

/* One photo's part of a time step. */
static bool advance_photo(struct beam_search *search, struct photo_search *photo, size_t length,
                          struct decode_result *results, caption_error *error) {
    size_t first = photo->first, count = photo->count;
    if (!collect(search, photo, length, error)) return false;
    advance(search, photo, length);
    if (photo->count > 0) return true;
    keep_the_rest(search, photo, first, count, length);
    return result_set(&results[photo->photo], photo->finished, photo->finished_count, error);
}

/* One time step for all photos: hypotheses of `length` words become longer by one. Photos that are
 * done leave. */
static bool search_step(struct beam_search *search, size_t length, struct decode_result *results,
                        caption_error *error) {
    rows_step(&search->rows, search->now.count);
    search->next.count = 0;
    size_t left = 0;
    for (size_t i = 0; i < search->photo_count; i++) {
        struct photo_search *photo = &search->photos[i];
        if (!advance_photo(search, photo, length, results, error)) return false;
        if (photo->count > 0) search->photos[left++] = *photo;
    }
    search->photo_count = left;
    struct generation now = search->now;
    search->now = search->next;
    search->next = now;
    search->rows.states = search->now.states;
    return true;
}

void beam_search_share(struct beam_search *search, struct threads *threads) {
    rows_share(&search->rows, threads);
}

bool beam_search_run(struct beam_search *search, const real *features, size_t count,
                     struct decode_result *results, caption_error *error) {
    search_begin(search, features, count);
    bool done = true;
    /* Ends by itself: after max_length words nothing is extended. */
    for (size_t length = 0; done && search->photo_count > 0; length++) {
        done = search_step(search, length, results, error);
    }
    done = done && tags_of_photos(search->plan, search->rows.tags, count, results, error);
    if (done) {
        signals_of_photos(search->plan, search->rows.tags, count, results);
        reorder_captions(search->plan, results, count);
    }
    return done;
}

size_t reorder_pool(const struct decode_plan *plan) {
    const caption_options *options = &plan->options;
    return rerank_is_there(&plan->model->rerank) ? options->beam_size : options->top;
}

/* By insertion: they are few, and nearly in order. */
static void sort(struct decode_caption *captions, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const struct decode_caption caption = captions[i];
        size_t place = i;
        for (; place > 0 && caption.score > captions[place - 1].score; place--) {
            captions[place] = captions[place - 1];
        }
        captions[place] = caption;
    }
}

static void reorder(const struct decode_plan *plan, struct decode_result *result) {
    for (size_t i = 0; i < result->count; i++) {
        struct decode_caption *caption = &result->captions[i];
        caption->score = rerank_score(&plan->model->rerank, caption->score, caption->signals);
    }
    sort(result->captions, result->count);
    while (result->count > plan->options.top) free(result->captions[--result->count].words);
}

void reorder_captions(const struct decode_plan *plan, struct decode_result *results, size_t count) {
    if (!rerank_is_there(&plan->model->rerank)) return;
    for (size_t i = 0; i < count; i++) reorder(plan, &results[i]);
}
