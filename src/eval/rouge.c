/* ROUGE-L (Lin, 2004) as coco-caption has it: the largest precision and the largest recall over the
 * references, taken separately. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/metrics.h"

static const double beta = 1.2;

/* Length of the longest common subsequence; `row` [b->length + 1] is scratch. */
static size_t common_subsequence(const struct ngrams_sentence *a, const struct ngrams_sentence *b,
                                 uint32_t *row) {
    memset(row, 0, (b->length + 1) * sizeof *row);
    for (size_t i = 0; i < a->length; i++) {
        uint32_t diagonal = 0; /* of the row before: row[j] before it is overwritten */
        for (size_t j = 0; j < b->length; j++) {
            uint32_t above = row[j + 1];
            if (a->words[i] == b->words[j]) {
                row[j + 1] = diagonal + 1;
            } else if (row[j] > above) {
                row[j + 1] = row[j];
            }
            diagonal = above;
        }
    }
    return row[b->length];
}

/* The reference scorer splits the empty sentence into one empty word. */
static double length_of(const struct ngrams_sentence *sentence) {
    return sentence->length ? (double)sentence->length : 1;
}

static double rouge_of_item(const struct ngrams_item *item, uint32_t *row) {
    double precision = 0, recall = 0;
    for (size_t i = 0; i < item->reference_count; i++) {
        const struct ngrams_sentence *reference = &item->references[i];
        bool both_empty = reference->length == 0 && item->candidate->length == 0;
        double common =
            both_empty ? 1 : (double)common_subsequence(reference, item->candidate, row);
        if (common / length_of(item->candidate) > precision) {
            precision = common / length_of(item->candidate);
        }
        if (common / length_of(reference) > recall) recall = common / length_of(reference);
    }
    if (precision <= 0 || recall <= 0) return 0;
    return (1 + beta * beta) * precision * recall / (recall + beta * beta * precision);
}

bool rouge_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo,
                   caption_error *error) {
    size_t longest = 0;
    for (size_t i = 0; i < ngrams->count; i++) {
        size_t length = ngrams->items[i].candidate->length;
        if (length > longest) longest = length;
    }
    uint32_t *row = memory_uninitialised(longest + 1, sizeof *row, "ROUGE-L", error);
    if (!row) return false;
    double sum = 0;
    for (size_t i = 0; i < ngrams->count; i++) {
        double rouge = rouge_of_item(&ngrams->items[i], row);
        if (per_photo) per_photo[i].rouge_l = rouge;
        sum += rouge;
    }
    free(row);
    corpus->rouge_l = sum / (double)ngrams->count;
    return true;
}
