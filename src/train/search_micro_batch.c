#include "train/search_micro_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/dropout.h"

struct search_micro_batch {
    struct arena arena;
    struct unroll *unroll;
    real *gradients;
    real *inputs, *states, *d_states;     /* (rows, F + K), (rows, H), (rows, H) */
    uint8_t *input_mask, *state_mask;     /* of dropout, of the same sizes */
    real *photo_scales, *sentence_scales; /* [rows] */
    const real **features;                /* [rows] */
    struct search_sentence *sentences;    /* [rows] */
    size_t *active;                       /* [steps] */
    int32_t *step_inputs, *step_targets;  /* [rows * steps] */
    /* Of the last forward pass: */
    struct search_rows photo_rows, sentence_rows;
    bool drops_states;
};

static const char what[] = "a micro-batch of pairs";

static bool take_rows(struct search_micro_batch *s, const struct search *search, size_t rows,
                      caption_error *error) {
    const size_t inputs = search->photo.inputs, hidden = search->reader.hidden,
                 real_row = rows * sizeof(real);
    const size_t steps = SEARCH_LONGEST + 1;
    struct arena *a = &s->arena;
    return (s->inputs = arena_take(a, inputs, real_row, what, error)) &&
           (s->states = arena_take(a, hidden, real_row, what, error)) &&
           (s->d_states = arena_take(a, hidden, real_row, what, error)) &&
           (s->input_mask = arena_take(a, inputs, rows, what, error)) &&
           (s->state_mask = arena_take(a, hidden, rows, what, error)) &&
           (s->photo_scales = arena_take(a, rows, sizeof(real), what, error)) &&
           (s->sentence_scales = arena_take(a, rows, sizeof(real), what, error)) &&
           (s->features = arena_take(a, rows, sizeof *s->features, what, error)) &&
           (s->sentences = arena_take(a, rows, sizeof *s->sentences, what, error)) &&
           (s->active = arena_take(a, steps, sizeof *s->active, what, error)) &&
           (s->step_inputs = arena_take(a, steps, rows * sizeof *s->step_inputs, what, error)) &&
           (s->step_targets = arena_take(a, steps, rows * sizeof *s->step_targets, what, error));
}

struct search_micro_batch *search_micro_batch_new(const struct search_task *task, size_t rows,
                                                  caption_error *error) {
    struct search_micro_batch *s = memory_zeroed(1, sizeof *s, what, error);
    if (!s) return NULL;
    s->gradients = arena_take(&s->arena, task->learning->count, sizeof(real), what, error);
    s->unroll =
        s->gradients ? unroll_new(&task->search->reader, rows, SEARCH_LONGEST + 1, error) : NULL;
    if (s->unroll && take_rows(s, task->search, rows, error)) return s;
    search_micro_batch_free(s);
    return NULL;
}

void search_micro_batch_free(struct search_micro_batch *s) {
    if (!s) return;
    unroll_free(s->unroll);
    arena_free(&s->arena);
    free(s);
}

real *search_micro_batch_gradients(const struct search_micro_batch *s) {
    return s->gradients;
}

/* Whether numbers were dropped: in training at a rate above 0. */
static bool drop(struct random *random, float rate, size_t count, uint8_t *mask, real *values) {
    if (!random || rate <= 0) return false;
    dropout_draw(random, rate, count, mask);
    dropout_apply(rate, count, mask, values);
    return true;
}

static void photos_forward(struct search_micro_batch *s, const struct search_task *task,
                           const struct search_batch *batch, real *photos) {
    const struct model *model = task->model;
    const struct search_layer *layer = &task->search->photo;
    const struct decoder_tensors w =
        decoder_tensors_in(&model->decoder, &model->parameters, model->parameters.values);
    const size_t count = batch->count;
    for (size_t i = 0; i < count; i++) s->features[i] = batch->pairs[i].features;
    search_photo_inputs(&model->decoder, &w, s->features, count, s->inputs);
    drop(batch->random, task->image_dropout, count * layer->inputs, s->input_mask, s->inputs);
    s->photo_rows = (struct search_rows){
        .count = count, .rows = s->inputs, .vectors = photos, .scales = s->photo_scales};
    search_project(layer, task->learning, &s->photo_rows);
}

static void sentences_forward(struct search_micro_batch *s, const struct search_task *task,
                              const struct search_batch *batch, real *sentences) {
    static const struct unroll_regularisation none = {0};
    const struct model *model = task->model;
    const size_t count = batch->count, numbers = count * task->search->reader.hidden;
    for (size_t i = 0; i < count; i++) s->sentences[i] = batch->pairs[i].sentence;
    struct unroll_window window;
    search_window(s->sentences, count, s->active, s->step_inputs, s->step_targets, &window);
    window.vectors = parameters_values(&model->parameters, model->decoder.embed);
    window.vector_count = model->decoder.words;
    memset(s->states, 0, numbers * sizeof *s->states);
    size_t targets = 0;
    unroll_forward(s->unroll, task->learning, &window, s->states, &none, &targets);
    s->drops_states = drop(batch->random, task->dropout, numbers, s->state_mask, s->states);
    s->sentence_rows = (struct search_rows){
        .count = count, .rows = s->states, .vectors = sentences, .scales = s->sentence_scales};
    search_project(&task->search->sentence, task->learning, &s->sentence_rows);
}

void search_micro_batch_forward(struct search_micro_batch *s, const struct search_task *task,
                                const struct search_batch *batch, real *photos, real *sentences) {
    if (batch->count == 0) return;
    if (photos) photos_forward(s, task, batch, photos);
    if (sentences) sentences_forward(s, task, batch, sentences);
}

void search_micro_batch_backward(struct search_micro_batch *s, const struct search_task *task,
                                 real *d_photos, real *d_sentences) {
    const struct search *search = task->search;
    const size_t count = s->sentence_rows.count, hidden = search->reader.hidden;
    search_project_backward(&search->photo, task->learning, &s->photo_rows, d_photos, NULL,
                            s->gradients);
    search_project_backward(&search->sentence, task->learning, &s->sentence_rows, d_sentences,
                            s->d_states, s->gradients);
    if (s->drops_states) dropout_apply(task->dropout, count * hidden, s->state_mask, s->d_states);
    unroll_backward(s->unroll, task->learning, 0, s->d_states, NULL, s->gradients);
}
