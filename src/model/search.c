#include "model/search.h"

#include <math.h>
#include <string.h>

#include "model/decoder.h"
#include "nn/blas.h"
#include "nn/vector.h"
#include "text/vocabulary.h"

static bool add_layer(struct parameters *parameters, const char *weight, const char *bias,
                      struct search_layer *layer, caption_error *error) {
    return decoder_add_matrix(parameters, weight, layer->outputs, layer->inputs, &layer->weight,
                              error) &&
           decoder_add_vector(parameters, bias, layer->outputs, PARAMETERS_DECODER, &layer->bias,
                              error);
}

bool search_register(struct search *search, const struct decoder *decoder, size_t size,
                     size_t hidden, struct parameters *parameters, caption_error *error) {
    *search =
        (struct search){.size = size,
                        .first = parameters->tensor_count,
                        .sentence = {.outputs = size, .inputs = hidden},
                        .photo = {.outputs = size, .inputs = decoder->features + decoder->tags}};
    return decoder_init_reader(&search->reader, &cell_gru, decoder->embedding, hidden, parameters,
                               error) &&
           add_layer(parameters, "search.sentence.weight", "search.sentence.bias",
                     &search->sentence, error) &&
           add_layer(parameters, "search.photo.weight", "search.photo.bias", &search->photo, error);
}

static void randomise_layer(const struct search_layer *layer, struct parameters *parameters,
                            struct random *random) {
    decoder_fill_normal(parameters, layer->weight, 1 / sqrtf((float)layer->inputs), random);
    decoder_fill_constant(parameters, layer->bias, 0);
}

void search_randomise(const struct search *search, struct parameters *parameters,
                      struct random *random) {
    decoder_randomise_cell(&search->reader, parameters, random);
    randomise_layer(&search->sentence, parameters, random);
    randomise_layer(&search->photo, parameters, random);
}

void search_photo_inputs(const struct decoder *decoder, const struct decoder_tensors *w,
                         const real *const *features, size_t count, real *inputs) {
    const size_t f = decoder->features, k = decoder->tags, width = f + k;
    for (size_t i = 0; i < count; i++)
        decoder_scale_features(decoder, w->image_shift, w->image_scale, features[i], 1,
                               inputs + i * width);
    if (k == 0) return;
    vector_set_rows(count, k, w->tag_bias, inputs + f, width);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, count, k, f, 1, inputs, width, w->tag_weight, f, 1,
              inputs + f, width);
    for (size_t i = 0; i < count; i++)
        decoder_tag_probabilities(k, inputs + i * width + f, inputs + i * width + f);
}

void search_normalise(size_t count, size_t size, real *vectors, real *scales) {
    for (size_t i = 0; i < count; i++) {
        real *vector = vectors + i * size;
        scales[i] = (real)(1 / sqrt(vector_square_sum(size, vector) + DECODER_TINY_LENGTH));
        vector_scale(size, scales[i], vector);
    }
}

void search_project(const struct search_layer *layer, const struct parameters *parameters,
                    const struct search_rows *rows) {
    const size_t d = layer->outputs, k = layer->inputs;
    vector_set_rows(rows->count, d, parameters_values(parameters, layer->bias), rows->vectors, d);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, rows->count, d, k, 1, rows->rows, k,
              parameters_values(parameters, layer->weight), k, 1, rows->vectors, d);
    search_normalise(rows->count, d, rows->vectors, rows->scales);
}

/* y = x scale with scale = 1 / |x|: dx = (dy - y (y . dy)) scale */
static void normalise_backward(const struct search_rows *rows, size_t size, real *d_vectors) {
    for (size_t i = 0; i < rows->count; i++) {
        const real *y = rows->vectors + i * size;
        real *d = d_vectors + i * size;
        double along = 0;
        for (size_t j = 0; j < size; j++) along += (double)y[j] * (double)d[j];
        for (size_t j = 0; j < size; j++) d[j] = (d[j] - y[j] * (real)along) * rows->scales[i];
    }
}

void search_project_backward(const struct search_layer *layer, const struct parameters *parameters,
                             const struct search_rows *rows, real *d_vectors, real *d_rows,
                             real *gradients) {
    const size_t n = rows->count, d = layer->outputs, k = layer->inputs;
    normalise_backward(rows, d, d_vectors);
    vector_add_rows(n, d, 1, d_vectors, parameters_at(parameters, gradients, layer->bias));
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, d, k, n, 1, d_vectors, d, rows->rows, k, 1,
              parameters_at(parameters, gradients, layer->weight), k);
    if (!d_rows) return;
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, n, k, d, 1, d_vectors, d,
              parameters_values(parameters, layer->weight), k, 0, d_rows, k);
}

size_t search_steps(size_t words) {
    return (words < SEARCH_LONGEST ? words : SEARCH_LONGEST) + 1;
}

/* The input of a step: a word, or <end> behind the last one. */
static int32_t input_of(const struct search_sentence *sentence, size_t step) {
    const bool end = step + 1 == search_steps(sentence->count);
    return DECODER_VECTOR - (end ? VOCABULARY_END : sentence->words[step]);
}

void search_window(const struct search_sentence *sentences, size_t count, size_t *active,
                   int32_t *inputs, int32_t *targets, struct unroll_window *window) {
    size_t entries = 0, steps = search_steps(sentences[0].count), going_on = count;
    for (size_t t = 0; t < steps; t++) {
        while (search_steps(sentences[going_on - 1].count) <= t) going_on--;
        active[t] = going_on;
        for (size_t i = 0; i < going_on; i++) {
            inputs[entries] = input_of(&sentences[i], t);
            targets[entries++] = DECODER_NOTHING;
        }
    }
    *window = (struct unroll_window){
        .steps = steps, .active = active, .inputs = inputs, .targets = targets};
}

/* The scores of one photo with all sentences, or of one sentence with all photos: `stride` apart.
 */
struct ranking_row {
    const real *scores;
    real *d_scores;
    size_t own, stride;
};

/* (m + s_ij - s_ii) / T of a negative. */
static double violation(const struct ranking_row *row, size_t other,
                        const struct ranking_scale *scale) {
    const double own = (double)row->scores[row->own * row->stride];
    return (scale->margin + (double)row->scores[other * row->stride] - own) / scale->temperature;
}

static double row_loss(const struct ranking_pairs *pairs, const struct ranking_row *row,
                       const struct ranking_scale *scale, double weight) {
    const size_t own = pairs->ids[row->own];
    double most = 0, sum;
    for (size_t j = 0; j < pairs->count; j++)
        if (pairs->ids[j] != own) most = fmax(most, violation(row, j, scale));
    sum = exp(-most);
    for (size_t j = 0; j < pairs->count; j++)
        if (pairs->ids[j] != own) sum += exp(violation(row, j, scale) - most);
    for (size_t j = 0; j < pairs->count; j++) {
        if (pairs->ids[j] == own) continue;
        const real share = (real)(weight * exp(violation(row, j, scale) - most) / sum);
        row->d_scores[j * row->stride] += share;
        row->d_scores[row->own * row->stride] -= share;
    }
    return weight * scale->temperature * (most + log(sum));
}

double ranking_loss(const struct ranking_pairs *pairs, const struct ranking_scale *scale,
                    real *d_photos, real *d_sentences) {
    const size_t b = pairs->count, d = pairs->size;
    real *scores = pairs->scratch, *d_scores = pairs->scratch + b * b;
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, b, b, d, 1, pairs->photos, d, pairs->sentences, d, 0,
              scores, b);
    memset(d_scores, 0, b * b * sizeof *d_scores);
    double loss = 0;
    for (size_t i = 0; i < b; i++) {
        const struct ranking_row ways[] = {
            {.scores = scores + i * b, .d_scores = d_scores + i * b, .own = i, .stride = 1},
            {.scores = scores + i, .d_scores = d_scores + i, .own = i, .stride = b}};
        for (size_t way = 0; way < 2; way++)
            loss += row_loss(pairs, &ways[way], scale, 1 / (double)b);
    }
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, b, d, b, 1, d_scores, b, pairs->sentences, d, 0, d_photos, d);
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, b, d, b, 1, d_scores, b, pairs->photos, d, 0,
              d_sentences, d);
    return loss;
}
