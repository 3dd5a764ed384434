#include "eval/rerank_fit.h"

#include <stdlib.h>

#include "base/memory.h"
#include "eval/scores.h"

static const char what[] = "the fit of a re-ranking";

static const double agreements[] = {0, 0.1, 0.2, 0.3, 0.4}, coverages[] = {0, 2, 4, 8};
enum {
    AGREEMENTS = sizeof agreements / sizeof *agreements,
    COVERAGES = sizeof coverages / sizeof *coverages
};

bool rerank_fit_add(struct rerank_photos *all, const struct evaluator *evaluator,
                    const struct dataset_selection *photos, caption_error *error) {
    if (!memory_grow(&all->parts, &all->capacity, all->count + 1, sizeof *all->parts, what, error))
        return false;
    struct rerank_part part = {.photos = *photos};
    part.results = memory_zeroed(photos->count, sizeof *part.results, what, error);
    if (!part.results) return false;
    all->parts[all->count++] = part;
    return evaluate_candidates(evaluator, photos, part.results, error);
}

void rerank_fit_free(struct rerank_photos *all) {
    for (size_t i = 0; i < all->count; i++) {
        decode_results_free(all->parts[i].results, all->parts[i].photos.count);
        free(all->parts[i].results);
    }
    free(all->parts);
    *all = (struct rerank_photos){0};
}

/* The caption that is chosen under these weights. */
static const struct decode_caption *choose(const struct decode_result *result,
                                           const struct rerank *rerank) {
    const struct decode_caption *best = &result->captions[0];
    double most = rerank_score(rerank, best->score, best->signals);
    for (size_t i = 1; i < result->count; i++) {
        const struct decode_caption *caption = &result->captions[i];
        const double score = rerank_score(rerank, caption->score, caption->signals);
        if (!(score > most)) continue;
        most = score;
        best = caption;
    }
    return best;
}

static bool split_choice(const struct model *model, const caption_options *options,
                         const struct decode_caption *caption, struct tokens *words,
                         caption_error *error) {
    char *sentence = decode_sentence(model, options, caption, error);
    const bool done = sentence && tokenize(sentence, words, error);
    free(sentence);
    return done;
}

/* The score of the captions that are chosen for a part under these weights. */
static bool score_part(const struct rerank_part *part, const struct model *model,
                       const caption_options *options, const struct rerank *rerank, double *worth,
                       caption_error *error) {
    struct tokens *captions = memory_zeroed(part->photos.count, sizeof *captions, what, error);
    if (!captions) return false;
    struct scores scores;
    size_t distinct;
    bool done = true;
    for (size_t i = 0; done && i < part->photos.count; i++)
        done = split_choice(model, options, choose(&part->results[i], rerank), &captions[i], error);
    done = done && photo_scores_compute(&part->photos, captions, &scores, &distinct, NULL, error);
    if (done) *worth = scores.cider + 3 * scores.bleu[3];
    for (size_t i = 0; i < part->photos.count; i++) tokens_free(&captions[i]);
    free(captions);
    return done;
}

static bool score_all(const struct rerank_photos *all, const struct model *model,
                      const caption_options *options, const struct rerank *rerank, double *worth,
                      caption_error *error) {
    double sum = 0;
    for (size_t i = 0; i < all->count; i++) {
        double part;
        if (!score_part(&all->parts[i], model, options, rerank, &part, error)) return false;
        sum += part;
    }
    *worth = sum / (double)all->count;
    return true;
}

bool rerank_fit(const struct rerank_photos *all, const struct model *model,
                const caption_options *options, struct rerank *rerank, caption_error *error) {
    struct rerank best = {0};
    double most = 0;
    for (size_t i = 0; i < AGREEMENTS * COVERAGES; i++) {
        const struct rerank weights = {agreements[i / COVERAGES], coverages[i % COVERAGES]};
        double worth;
        if (!score_all(all, model, options, &weights, &worth, error)) return false;
        if (!(worth > most)) continue;
        most = worth;
        best = weights;
    }
    *rerank = best;
    return true;
}
