#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "nn/vector.h"
#include "train/search_trainer.h"
#include "train/trainer.h"

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

static const char pairs_name[] = "a micro-batch of pairs";

static bool take_rows(struct search_micro_batch *s, const struct search *search, size_t rows,
                      caption_error *error) {
    const size_t inputs = search->photo.inputs, hidden = search->reader.hidden,
                 real_row = rows * sizeof(real);
    const size_t steps = SEARCH_LONGEST + 1;
    struct arena *a = &s->arena;
    return (s->inputs = arena_take(a, inputs, real_row, pairs_name, error)) &&
           (s->states = arena_take(a, hidden, real_row, pairs_name, error)) &&
           (s->d_states = arena_take(a, hidden, real_row, pairs_name, error)) &&
           (s->input_mask = arena_take(a, inputs, rows, pairs_name, error)) &&
           (s->state_mask = arena_take(a, hidden, rows, pairs_name, error)) &&
           (s->photo_scales = arena_take(a, rows, sizeof(real), pairs_name, error)) &&
           (s->sentence_scales = arena_take(a, rows, sizeof(real), pairs_name, error)) &&
           (s->features = arena_take(a, rows, sizeof *s->features, pairs_name, error)) &&
           (s->sentences = arena_take(a, rows, sizeof *s->sentences, pairs_name, error)) &&
           (s->active = arena_take(a, steps, sizeof *s->active, pairs_name, error)) &&
           (s->step_inputs =
                arena_take(a, steps, rows * sizeof *s->step_inputs, pairs_name, error)) &&
           (s->step_targets =
                arena_take(a, steps, rows * sizeof *s->step_targets, pairs_name, error));
}

struct search_micro_batch *search_micro_batch_new(const struct search_task *task, size_t rows,
                                                  caption_error *error) {
    struct search_micro_batch *s = memory_zeroed(1, sizeof *s, pairs_name, error);
    if (!s) return NULL;
    s->gradients = arena_take(&s->arena, task->learning->count, sizeof(real), pairs_name, error);
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

/* Parts of a mini-batch, each with a gradient of its own. Fixed, since the order of sums depends on
 * it; more threads than parts are idle. */
enum { MICRO_BATCHES = 4 };

/* By how much a photo's own sentence is to be nearer than others, in cosines, and how many of the
 * hard ones count. */
static const struct ranking_scale SCALE = {.margin = 0.2, .temperature = 0.07};

static const char what[] = "the training of a search";

struct search_trainer {
    struct trainer *t;
    struct search search;       /* of: */
    struct parameters learning; /* the tensors of the search part alone */
    struct update update;
    struct search_task task;
    struct search_micro_batch *micro_batches[MICRO_BATCHES];
    struct search_pair *pairs; /* [batch] */
    size_t *ids;               /* [batch] */
    real *photos, *sentences;  /* (batch, D) */
    real *d_photos, *d_sentences;
    real *scratch; /* (2, batch, batch) */
    size_t steps;  /* of an epoch */
    size_t batch;  /* pairs of the step that runs */
    size_t rows;   /* of a micro-batch, at most */
    struct random randoms[MICRO_BATCHES];
    enum safetensors_type type; /* of the output's numbers */
    double best;                /* mean recall so far; -1: none yet */
    size_t best_epoch;          /* whose weights are in the output, counted from 1 */
    size_t better_epoch;        /* the last one that raised the recall, the same */
};

/* Pairs first .. first + count - 1 of the mini-batch. */
static size_t micro_batch_first(const struct search_trainer *s, size_t index) {
    return index * s->batch / MICRO_BATCHES;
}

static bool new_model(struct search_trainer *s, caption_error *error) {
    struct model *model = &s->t->model;
    struct random random = trainer_stream(s->t, STREAM_START, 0);
    if (!search_register(&s->search, &model->decoder, SEARCH_SIZE, SEARCH_HIDDEN, &s->learning,
                         error) ||
        !parameters_allocate(&s->learning, error)) {
        return false;
    }
    search_randomise(&s->search, &s->learning, &random);
    return model_add_search(model, SEARCH_SIZE, SEARCH_HIDDEN, error);
}

static bool take_memory(struct search_trainer *s, caption_error *error) {
    const size_t batch = s->t->options->batch_size, bytes = SEARCH_SIZE * sizeof(real);
    s->rows = batch / MICRO_BATCHES + 1;
    const size_t rows = MICRO_BATCHES * s->rows;
    bool ok = (s->pairs = memory_zeroed(rows, sizeof *s->pairs, what, error)) &&
              (s->ids = memory_zeroed(rows, sizeof *s->ids, what, error)) &&
              (s->photos = memory_zeroed(rows, bytes, what, error)) &&
              (s->sentences = memory_zeroed(rows, bytes, what, error)) &&
              (s->d_photos = memory_zeroed(rows, bytes, what, error)) &&
              (s->d_sentences = memory_zeroed(rows, bytes, what, error)) &&
              (s->scratch = memory_zeroed(batch, 2 * batch * sizeof(real), what, error));
    for (size_t i = 0; ok && i < MICRO_BATCHES; i++) {
        s->micro_batches[i] = search_micro_batch_new(&s->task, s->rows, error);
        ok = s->micro_batches[i] != NULL;
    }
    return ok;
}

static void search_trainer_free(struct search_trainer *s) {
    for (size_t i = 0; i < MICRO_BATCHES; i++) search_micro_batch_free(s->micro_batches[i]);
    free(s->pairs);
    free(s->ids);
    free(s->photos);
    free(s->sentences);
    free(s->d_photos);
    free(s->d_sentences);
    free(s->scratch);
    update_free(&s->update);
    parameters_free(&s->learning);
}

static bool plan_epochs(struct search_trainer *s, caption_error *error) {
    struct trainer *t = s->t;
    const size_t showings = epoch_showings(t), batch = t->options->batch_size;
    s->steps = (showings + batch - 1) / batch;
    return epoch_init_order(t, error);
}

static void begin_epoch(struct search_trainer *s, size_t epoch) {
    struct trainer *t = s->t;
    const size_t filled = epoch_fill_order(t, epoch);
    struct random random = trainer_stream(t, STREAM_ORDER, epoch);
    random_shuffle(&random, t->order, filled);
}

static struct search_sentence sentence_of(const struct captions *captions, size_t index) {
    const size_t *begin = captions->begin + index;
    return (struct search_sentence){captions->words + begin[0], begin[1] - begin[0]};
}

/* Features of a photo of the epoch, mirrored at random where no caption says left or right. */
static const real *draw_features(const struct trainer *t, size_t index, struct random *random) {
    const struct features *features = &t->features;
    const bool mirrored = features->mirrored && random_below(random, 2) == 1 &&
                          !dataset_photo_is_sided(&t->dataset, &t->dataset.photos[t->train[index]]);
    return (mirrored ? features->mirrored : features->plain) + index * features->width;
}

/* Showing `number` of the epoch: a photo with one of its captions. */
static struct search_pair draw_pair(const struct search_trainer *s, size_t epoch, size_t number) {
    const struct trainer *t = s->t;
    const size_t index = t->order[number] % t->train_count;
    const struct dataset_photo *photo = &t->dataset.photos[t->train[index]];
    struct random random =
        trainer_stream(t, STREAM_PHOTO, (uint64_t)epoch * epoch_showings(t) + number);
    const size_t caption = photo->first + random_below(&random, photo->count);
    return (struct search_pair){.features = draw_features(t, index, &random),
                                .sentence = sentence_of(&t->captions, caption),
                                .photo = index};
}

/* Falling length; else the order of the captions, so that it is the same everywhere. */
static int compare_pairs(const void *a, const void *b) {
    const struct search_pair *x = a, *y = b;
    const size_t p = search_steps(x->sentence.count), q = search_steps(y->sentence.count);
    if (p != q) return p < q ? 1 : -1;
    return (x->sentence.words > y->sentence.words) - (x->sentence.words < y->sentence.words);
}

static void draw_batch(struct search_trainer *s, size_t epoch, size_t step) {
    const size_t size = s->t->options->batch_size, first = step * size;
    s->batch = size_smaller(epoch_showings(s->t) - first, size);
    for (size_t i = 0; i < s->batch; i++) s->pairs[i] = draw_pair(s, epoch, first + i);
    for (size_t i = 0; i < MICRO_BATCHES; i++) {
        const size_t begin = micro_batch_first(s, i);
        qsort(s->pairs + begin, micro_batch_first(s, i + 1) - begin, sizeof *s->pairs,
              compare_pairs);
    }
    for (size_t i = 0; i < s->batch; i++) s->ids[i] = s->pairs[i].photo;
}

static void run_forward(void *context, size_t index, size_t worker) {
    (void)worker;
    struct search_trainer *s = context;
    const size_t first = micro_batch_first(s, index),
                 count = micro_batch_first(s, index + 1) - first;
    update_clear(&s->update, search_micro_batch_gradients(s->micro_batches[index]), false);
    const struct search_batch batch = {s->pairs + first, count, &s->randoms[index]};
    search_micro_batch_forward(s->micro_batches[index], &s->task, &batch,
                               s->photos + first * SEARCH_SIZE, s->sentences + first * SEARCH_SIZE);
}

static void run_backward(void *context, size_t index, size_t worker) {
    (void)worker;
    struct search_trainer *s = context;
    const size_t first = micro_batch_first(s, index);
    if (first == micro_batch_first(s, index + 1)) return;
    search_micro_batch_backward(s->micro_batches[index], &s->task,
                                s->d_photos + first * SEARCH_SIZE,
                                s->d_sentences + first * SEARCH_SIZE);
}

/* Returns the norm of the gradient. */
static double update_weights(struct search_trainer *s, size_t epoch, size_t step) {
    const struct train_options *o = s->t->options;
    real *blocks[MICRO_BATCHES];
    for (size_t i = 0; i < MICRO_BATCHES; i++)
        blocks[i] = search_micro_batch_gradients(s->micro_batches[i]);
    update_sum(&s->update, blocks, MICRO_BATCHES, false, s->t->threads);
    const float factor = schedule_factor(epoch * s->steps + step, o->epochs * s->steps, o->warmup);
    const struct update_rates rates = {
        .decoder = factor * o->lr, .clip = o->clip, .weight_decay = o->weight_decay};
    return update_step(&s->update, blocks[0], s->batch, &rates, s->t->threads);
}

/* Adds the loss, summed over the pairs of the mini-batch. */
static bool run_step(struct search_trainer *s, size_t epoch, size_t step, double *sum,
                     caption_error *error) {
    draw_batch(s, epoch, step);
    for (size_t i = 0; i < MICRO_BATCHES; i++)
        s->randoms[i] = trainer_stream(s->t, STREAM_DROPOUT,
                                       ((uint64_t)epoch * s->steps + step) * MICRO_BATCHES + i);
    threads_for(s->t->threads, MICRO_BATCHES, run_forward, s);
    const struct ranking_pairs pairs = {.count = s->batch,
                                        .size = SEARCH_SIZE,
                                        .photos = s->photos,
                                        .sentences = s->sentences,
                                        .ids = s->ids,
                                        .scratch = s->scratch};
    const double loss = ranking_loss(&pairs, &SCALE, s->d_photos, s->d_sentences);
    threads_for(s->t->threads, MICRO_BATCHES, run_backward, s);
    *sum += loss * (double)s->batch;
    const double norm = update_weights(s, epoch, step);
    return update_check(&s->update, epoch, step, loss, norm, error);
}

static bool check_stop(const struct search_trainer *s, size_t epoch, caption_error *error) {
    const struct train_listener *listener = &s->t->listener;
    if (!listener->stop || !listener->stop(listener->context)) return true;
    return error_set(error, CAPTION_ERROR_INTERRUPTED,
                     "interrupted in epoch %zu: %s %s; a search part is trained anew", epoch + 1,
                     s->t->options->output,
                     s->best < 0 ? "is not written" : "has the best weights so far");
}

static bool run_steps(struct search_trainer *s, size_t epoch, double *loss, caption_error *error) {
    struct progress progress = progress_start(s->t->listener.progress, s->steps);
    bool ok = true;
    *loss = 0;
    begin_epoch(s, epoch);
    for (size_t step = 0; ok && step < s->steps; step++) {
        if (!run_step(s, epoch, step, loss, error)) {
            progress_finish(&progress);
            return false;
        }
        char note[64];
        snprintf(note, sizeof note, "epoch %zu/%zu (search)", epoch + 1, s->t->options->epochs);
        progress_update(&progress, step + 1, note);
        ok = check_stop(s, epoch, error);
    }
    progress_finish(&progress);
    *loss /= (double)epoch_showings(s->t);
    return ok;
}

/* The validation photos, their captions and the vectors of both. */
struct search_validation {
    struct search_trainer *s;
    struct search_task task; /* with the weights that would be written */
    struct captions captions;
    size_t *first;             /* [validation_count + 1] the captions of each photo */
    struct search_pair *pairs; /* [captions], by falling length; photo: the caption's number */
    real *photos, *sentences;  /* (validation_count, D), (captions, D) */
};

/* Of a micro-batch: every MICRO_BATCHES-th run of `rows` captions. */
static void validate_sentences(struct search_validation *v, size_t index) {
    const struct search_trainer *s = v->s;
    const size_t captions = v->first[s->t->validation_count];
    real *vectors = s->sentences + index * s->rows * SEARCH_SIZE;
    for (size_t i = index * s->rows; i < captions; i += MICRO_BATCHES * s->rows) {
        const struct search_batch batch = {v->pairs + i, size_smaller(captions - i, s->rows), NULL};
        search_micro_batch_forward(s->micro_batches[index], &v->task, &batch, NULL, vectors);
        for (size_t j = 0; j < batch.count; j++)
            memcpy(v->sentences + batch.pairs[j].photo * SEARCH_SIZE, vectors + j * SEARCH_SIZE,
                   SEARCH_SIZE * sizeof *vectors);
    }
}

/* The same of photos. */
static void validate_photos(struct search_validation *v, size_t index) {
    const struct search_trainer *s = v->s;
    const struct trainer *t = s->t;
    struct search_pair *pairs = s->pairs + index * s->rows;
    for (size_t i = index * s->rows; i < t->validation_count; i += MICRO_BATCHES * s->rows) {
        const struct search_batch batch = {pairs, size_smaller(t->validation_count - i, s->rows),
                                           NULL};
        for (size_t j = 0; j < batch.count; j++)
            pairs[j].features = t->features.plain + (t->train_count + i + j) * t->features.width;
        search_micro_batch_forward(s->micro_batches[index], &v->task, &batch,
                                   v->photos + i * SEARCH_SIZE, NULL);
    }
}

static void validate_share(void *context, size_t index, size_t worker) {
    (void)worker;
    validate_sentences(context, index);
    validate_photos(context, index);
}

static bool validation_init(struct search_validation *v, struct search_trainer *s,
                            caption_error *error) {
    const struct trainer *t = s->t;
    const size_t photos = t->validation_count, bytes = SEARCH_SIZE * sizeof(real);
    *v = (struct search_validation){.s = s};
    v->first = memory_zeroed(photos + 1, sizeof *v->first, what, error);
    if (!v->first || !captions_init(&v->captions, t->validation, &t->model.vocabulary, error))
        return false;
    for (size_t i = 0; i < photos; i++)
        v->first[i + 1] = v->first[i] + t->validation->photos[t->validation_photos[i]].count;
    const size_t captions = v->first[photos];
    v->pairs = memory_zeroed(captions, sizeof *v->pairs, what, error);
    v->photos = memory_zeroed(photos, bytes, what, error);
    v->sentences = memory_zeroed(captions, bytes, what, error);
    if (!v->pairs || !v->photos || !v->sentences) return false;
    for (size_t i = 0; i < photos; i++) {
        const size_t start = t->validation->photos[t->validation_photos[i]].first;
        for (size_t j = v->first[i]; j < v->first[i + 1]; j++)
            v->pairs[j] = (struct search_pair){
                .sentence = sentence_of(&v->captions, start + j - v->first[i]), .photo = j};
    }
    qsort(v->pairs, captions, sizeof *v->pairs, compare_pairs);
    return true;
}

static void validation_free(struct search_validation *v) {
    captions_free(&v->captions);
    free(v->first);
    free(v->pairs);
    free(v->photos);
    free(v->sentences);
}

/* The scores of each part by the weights that would be written. */
static bool validate(struct search_validation *v, struct retrieval *parts, caption_error *error) {
    struct search_trainer *s = v->s;
    const struct dataset_parts *list = &s->t->history.parts;
    struct parameters kept = s->learning;
    if (s->update.average) kept.values = s->update.average;
    v->task = s->task;
    v->task.learning = &kept;
    threads_for(s->t->threads, MICRO_BATCHES, validate_share, v);
    for (size_t i = 0; i < list->count; i++) {
        const struct dataset_part *part = &list->items[i];
        /* first[] counts from the first caption of all. */
        const struct retrieval_vectors vectors = {.size = SEARCH_SIZE,
                                                  .photo_count = part->count,
                                                  .photos = v->photos + part->first * SEARCH_SIZE,
                                                  .first = v->first + part->first,
                                                  .sentences = v->sentences};
        if (!retrieval_compute(&vectors, s->t->threads, &parts[i], error)) return false;
    }
    return true;
}

/* Copies the trained numbers into the model. */
static void adopt(struct search_trainer *s) {
    struct model *model = &s->t->model;
    const real *values = s->update.average ? s->update.average : s->learning.values;
    for (size_t i = 0; i < s->learning.tensor_count; i++) {
        memcpy(parameters_at(&model->parameters, model->parameters.values, model->search.first + i),
               parameters_at_const(&s->learning, values, i),
               s->learning.tensors[i].count * sizeof *values);
    }
}

/* For the model's metadata: "validation, epoch 3 of 16; flickr8k, a photo of 1000 by a sentence:
 * R@1 0.201, ..."; freed with free(). */
static char *describe(const struct search_epoch *epoch, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "a note", error)) return NULL;
    fprintf(text.stream, "validation, epoch %zu of %zu", epoch->epoch, epoch->epochs);
    for (size_t i = 0; i < epoch->parts->count; i++) {
        const struct retrieval *part = &epoch->retrievals[i];
        const double *r = part->photo.recall;
        fprintf(text.stream,
                "; %s, a photo of %zu by a sentence: R@1 %.3f, R@5 %.3f, R@10 %.3f, median rank %g",
                epoch->parts->items[i].name, part->photos, r[0], r[1], r[2], part->photo.median);
    }
    return text_stream_close(&text, error);
}

static bool write_best(struct search_trainer *s, const struct search_epoch *epoch,
                       caption_error *error) {
    struct model *model = &s->t->model;
    adopt(s);
    char *scores = describe(epoch, error);
    const bool ok = scores && model_note(model, "search scores", scores, error) &&
                    model_write(model, NULL, s->type, s->t->options->output, error);
    free(scores);
    return ok;
}

static bool end_epoch(struct search_validation *v, struct search_epoch *epoch,
                      caption_error *error) {
    struct search_trainer *s = v->s;
    const struct train_listener *listener = &s->t->listener;
    struct retrieval *parts = memory_zeroed(epoch->parts->count, sizeof *parts, what, error);
    bool ok = parts && validate(v, parts, error);
    for (size_t i = 0; ok && i < epoch->parts->count; i++)
        epoch->mean += retrieval_mean(&parts[i]) / (double)epoch->parts->count;
    epoch->retrievals = parts;
    /* Of few photos many epochs find all: the last of equals has learned for longest. */
    epoch->best = s->t->options->keep_last || epoch->mean >= s->best;
    if (epoch->mean > s->best) s->better_epoch = epoch->epoch;
    if (ok && epoch->best) {
        s->best = epoch->mean;
        s->best_epoch = epoch->epoch;
        ok = write_best(s, epoch, error);
    }
    ok = ok && (!listener->search_epoch || listener->search_epoch(listener->context, epoch, error));
    free(parts);
    return ok;
}

static bool is_out_of_patience(const struct search_trainer *s, size_t done) {
    const size_t patience = s->t->options->patience;
    if (patience == 0 || done < s->better_epoch + patience) return false;
    trainer_say(s->t, "%zu epochs in a row brought nothing better (--patience): the run ends",
                patience);
    return true;
}

static bool run_epochs(struct search_validation *v, caption_error *error) {
    struct search_trainer *s = v->s;
    const size_t epochs = s->t->options->epochs;
    for (size_t i = 0; i < epochs && !is_out_of_patience(s, i); i++) {
        struct search_epoch epoch = {
            .epoch = i + 1, .epochs = epochs, .parts = &s->t->history.parts};
        const double started = progress_clock();
        if (!run_steps(s, i, &epoch.loss, error)) return false;
        epoch.seconds = progress_clock() - started;
        if (!end_epoch(v, &epoch, error)) return false;
    }
    trainer_say(s->t, "%s: epoch %zu of %zu, mean recall %.2f %%", s->t->options->output,
                s->best_epoch, epochs, 100 * s->best);
    return true;
}

static bool set_up(struct search_trainer *s, caption_error *error) {
    const struct train_options *o = s->t->options;
    s->task = (struct search_task){.model = &s->t->model,
                                   .search = &s->search,
                                   .learning = &s->learning,
                                   .image_dropout = o->image_dropout,
                                   .dropout = o->dropout};
    return new_model(s, error) && update_init(&s->update, &s->learning, o->average, error) &&
           take_memory(s, error) && plan_epochs(s, error);
}

bool search_trainer_check(const struct trainer *t, caption_error *error) {
    const size_t showings = size_smaller(t->train_count, epoch_showings(t));
    if (showings < 2)
        return error_set(
            error, CAPTION_ERROR_ARGUMENT,
            "--search: expected 2 or more photos to learn from in an epoch, found %zu: "
            "a photo is learned by what sets it apart from others",
            showings);
    if (t->validation_count < FEWEST_TO_VALIDATE)
        trainer_say(t,
                    "recall says little of %zu photo%s to validate on (fewer than %d): of epochs "
                    "with the same recall the last is kept",
                    t->validation_count, t->validation_count == 1 ? "" : "s", FEWEST_TO_VALIDATE);
    return true;
}

bool search_trainer_run(struct trainer *trainer, enum safetensors_type type, caption_error *error) {
    struct search_trainer s = {.t = trainer, .type = type, .best = -1};
    struct search_validation v = {0};
    const bool ok = set_up(&s, error) && validation_init(&v, &s, error) && run_epochs(&v, error);
    validation_free(&v);
    search_trainer_free(&s);
    return ok;
}
