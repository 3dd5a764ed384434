#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "train/trainer.h"

/* A part of a list, [begin, end). */
struct index_range {
    size_t begin, end;
};

/* Part `index` of `parts` nearly equal parts of `count` things. */
static struct index_range part_of(size_t count, size_t index, size_t parts) {
    return (struct index_range){index * count / parts, (index + 1) * count / parts};
}

/* How a mini-batch of `count` photos (or of text rows for them) is divided. */
struct division {
    size_t micro_batches, accumulators;
};

static struct division divide(const struct trainer *t, size_t count) {
    const size_t size = t->options->micro_batch, micro_batches = (count + size - 1) / size;
    return (struct division){micro_batches, size_smaller(micro_batches, t->accumulator_count)};
}

/* The gradient accumulators of a process. A small mini-batch leaves the last ones idle. */
static struct index_range accumulators_of(const struct trainer *t, struct division division,
                                          size_t rank) {
    struct index_range accumulators = part_of(t->accumulator_count, rank, ranks_count(t->ranks));
    if (accumulators.begin > division.accumulators) accumulators.begin = division.accumulators;
    if (accumulators.end > division.accumulators) accumulators.end = division.accumulators;
    return accumulators;
}

/* The photos of a process in a mini-batch of `count`. */
static struct index_range photos_of(const struct trainer *t, size_t count, size_t rank) {
    const struct division division = divide(t, count);
    const struct index_range accumulators = accumulators_of(t, division, rank);
    const size_t begin = accumulators.begin * division.micro_batches / division.accumulators;
    const size_t end = accumulators.end * division.micro_batches / division.accumulators;
    return (struct index_range){begin * count / division.micro_batches,
                                end * count / division.micro_batches};
}

/* Photos of the largest micro-batch. */
static size_t micro_batch_photos_most(const struct train_options *options) {
    return size_smaller(options->micro_batch, options->batch_size);
}

static size_t window_steps(const struct train_options *options, size_t longest) {
    const size_t steps = options->tbptt;
    return steps == 0 || steps > longest ? longest : steps;
}

/* Text is one long stream: without truncation, a window is as long as the longest caption, but
 * never longer than the part of the text that a row reads. */
static size_t text_window_steps(const struct trainer *t) {
    const size_t part = text_steps(&t->text, epoch_text_rows(t->options));
    const size_t steps =
        t->options->tbptt ? t->options->tbptt : captions_steps(t->captions.longest);
    return size_smaller(steps, part);
}

/* The steps of a row's part that are read in step `index` of an epoch over text. */
static struct index_range text_steps_of(const struct trainer *t, size_t index) {
    const size_t window = text_window_steps(t), begin = index * window;
    const size_t left = text_steps(&t->text, epoch_text_rows(t->options)) - begin;
    return (struct index_range){begin, begin + size_smaller(left, window)};
}

/* Bytes of the text rows' states. */
static size_t states_size(const struct trainer *t) {
    return epoch_text_rows(t->options) * t->model.decoder.state * sizeof *t->text_states;
}

static bool init_text(struct trainer *t, caption_error *error) {
    const size_t rows = epoch_text_rows(t->options);
    if (t->options->text_epochs > 0 && text_steps(&t->text, rows) == 0) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "text: its %zu words are too few to be read in %zu parts side by side: a "
                         "smaller batch-size reads fewer",
                         t->text.begin[t->text.count], rows);
    }
    t->text_states = memory_zeroed(states_size(t), 1, "the states of text", error);
    return t->text_states != NULL;
}

/* Workspace of the largest micro-batch: of photos with captions, of pseudo-captions, of text. */
static struct micro_batch *new_micro_batch(const struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    const size_t photos = micro_batch_photos_most(o);
    const size_t longest = captions_steps(size_larger(t->captions.longest, t->pseudo.longest));
    size_t steps = window_steps(o, longest), rows;
    if (!size_multiply(photos, size_larger(t->captions.most, t->pseudo.most), &rows)) {
        error_memory(error, "a micro-batch of the mini-batch");
        return NULL;
    }
    if (epoch_reads_stream(o)) {
        rows = size_larger(rows, photos * TRAIN_TEXT_ROWS);
        steps = size_larger(steps, text_window_steps(t));
    }
    const size_t samples = epoch_ever_draws(o) ? o->self_critical_samples : 0;
    const struct micro_batch_sizes sizes = {photos, rows, longest, steps, samples};
    return micro_batch_new(&t->model, &sizes, error);
}

bool step_init(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    const size_t micro_batches = (o->batch_size + o->micro_batch - 1) / o->micro_batch;
    t->accumulator_count = size_smaller(micro_batches, TRAIN_ACCUMULATORS);
    const struct index_range own =
        accumulators_of(t, divide(t, o->batch_size), ranks_rank(t->ranks));
    for (size_t i = own.begin; i < own.end; i++) {
        t->accumulators[i] = arena_take(&t->accumulated, t->model.parameters.count, sizeof(real),
                                        "gradients", error);
        if (!t->accumulators[i]) return false;
    }
    const size_t count = size_smaller(own.end - own.begin, threads_count(t->threads));
    for (; t->micro_batch_count < count; t->micro_batch_count++) {
        t->micro_batches[t->micro_batch_count] = new_micro_batch(t, error);
        if (!t->micro_batches[t->micro_batch_count]) return false;
    }
    t->batch = memory_zeroed(o->batch_size, sizeof *t->batch, "a mini-batch", error);
    if (!t->batch || !epoch_init(t, error)) return false;
    if (epoch_reads_stream(o) && !init_text(t, error)) return false;
    if (ranks_count(t->ranks) == 1) return true;
    t->incoming = memory_zeroed(t->model.parameters.count, sizeof(real), "gradients", error);
    return t->incoming != NULL;
}

void step_free(struct trainer *t) {
    loader_free(t->loader);
    for (size_t i = 0; t->workspaces && i < threads_count(t->threads); i++) {
        encoder_workspace_free(t->workspaces[i]);
    }
    free(t->workspaces);
    for (size_t i = 0; i < t->micro_batch_count; i++) micro_batch_free(t->micro_batches[i]);
    arena_free(&t->accumulated);
    free(t->text_states);
    free(t->incoming);
    free(t->order);
    free(t->runs);
    free(t->archived);
    free(t->turns);
    free(t->batch);
}

static bool begin_joint(struct trainer *t, caption_error *error) {
    if (t->loader) return true;
    const struct train_options *o = t->options;
    const size_t threads = threads_count(t->threads);
    const enum encoder_use use = o->recompute ? ENCODER_RECOMPUTATION : ENCODER_TRAINING;
    t->workspaces = memory_zeroed(threads, sizeof *t->workspaces, "worker threads", error);
    for (size_t i = 0; t->workspaces && i < threads; i++) {
        t->workspaces[i] =
            encoder_workspace_new(&t->model.encoder, micro_batch_photos_most(o), use, error);
        if (!t->workspaces[i]) return false;
    }
    /* The current mini-batch and the next one; whole ones, so that a micro-batch is contiguous. */
    t->loader = t->workspaces
                    ? loader_new(&t->model.preprocessing, 2 * o->batch_size, threads, error)
                    : NULL;
    return t->loader != NULL;
}

bool step_begin_phase(struct trainer *t, enum train_phase phase, caption_error *error) {
    return !epoch_trains_encoder(t->options, phase) || begin_joint(t, error);
}

size_t step_count(const struct trainer *t, enum train_phase phase) {
    const size_t size = t->options->batch_size;
    if (phase != TRAIN_TEXT) return (epoch_photos(t, phase) + size - 1) / size;
    const size_t steps = text_steps(&t->text, epoch_text_rows(t->options)),
                 window = text_window_steps(t);
    return (steps + window - 1) / window;
}

/* Photos of the step. */
static size_t batch_count(const struct trainer *t, enum train_phase phase, size_t step) {
    const size_t size = t->options->batch_size, left = epoch_photos(t, phase) - step * size;
    return size_smaller(left, size);
}

/* Photo `number` of the epoch for the loader; false if no micro-batch of this process contains it.
 */
static bool plan_photo(void *context, size_t number, struct photo_file *file,
                       struct augment *augment) {
    const struct trainer *t = context;
    const enum train_phase phase = epoch_phase(t->options, t->place.epoch);
    const size_t size = t->options->batch_size, count = batch_count(t, phase, number / size);
    const struct index_range own = photos_of(t, count, ranks_rank(t->ranks));
    if (number % size < own.begin || number % size >= own.end) return false;
    *file = epoch_photo_file(t, t->order[number]);
    *augment = epoch_augment(t, t->order[number], true);
    return true;
}

void step_begin_epoch(struct trainer *t, size_t epoch) {
    const enum train_phase phase = epoch_phase(t->options, epoch);
    if (phase == TRAIN_TEXT) {
        text_shuffle(&t->text, trainer_stream(t, STREAM_ORDER, epoch));
        return;
    }
    epoch_order(t, epoch);
    if (!epoch_trains_encoder(t->options, phase)) return;
    loader_start(t->loader, t->place.step * t->options->batch_size, epoch_photos(t, phase),
                 plan_photo, t);
}

/* The results of a gradient accumulator; sent between processes as bytes. */
struct accumulator_result {
    struct micro_batch_result sum;
    bool ok;
    caption_error error;
};

/* A step as its workers see it. */
struct step {
    struct trainer *trainer;
    enum train_phase phase;
    bool encoder_trained;
    size_t index;    /* within the epoch */
    uint64_t number; /* unique in the run, for random numbers */
    size_t count;    /* photos, or for text the photos that have as many rows */
    struct division division;
    struct micro_batch_task task;
    struct index_range accumulators; /* of this process */
    struct accumulator_result results[TRAIN_ACCUMULATORS];
    real *blocks[TRAIN_ACCUMULATORS + 1]; /* what this process adds up */
    size_t block_count;
    double worked;                         /* when the work of this process was done */
    struct gradient_chain_beside *decoder; /* the decoder's gradients on their way while those of
                                              the encoder are computed; NULL: all go afterwards */
};

/* Whether a micro-batch is the last one of its accumulator. */
static bool is_last(const struct step *step, size_t micro_batch, size_t accumulator) {
    return micro_batch + 1 ==
           part_of(step->division.micro_batches, accumulator, step->division.accumulators).end;
}

/* Who computes the micro-batches of an accumulator. */
struct place {
    size_t accumulator, worker;
    struct micro_batch *micro_batch;
};

static struct place place_of(const struct step *step, size_t item, size_t worker) {
    const struct trainer *t = step->trainer;
    const bool own = t->micro_batch_count == threads_count(t->threads);
    return (struct place){step->accumulators.begin + item, worker,
                          t->micro_batches[own ? worker : item]};
}

static bool photo_micro_batch(struct step *step, size_t micro_batch, const struct place *place,
                              struct random random, struct accumulator_result *result) {
    struct trainer *t = step->trainer;
    const struct index_range photos =
        part_of(step->count, micro_batch, step->division.micro_batches);
    const size_t first = step->index * t->options->batch_size + photos.begin;
    struct micro_batch_batch batch = {.photos = t->batch + photos.begin,
                                      .count = photos.end - photos.begin};
    if (!step->task.features) {
        batch.images = loader_wait(t->loader, first, batch.count, &result->error);
        batch.workspace = t->workspaces[place->worker];
        if (!batch.images) return false;
    }
    if (step->decoder && is_last(step, micro_batch, place->accumulator)) {
        batch.decoder_done = gradient_chain_ready;
        batch.context = step->decoder;
    }
    micro_batch_work *work = epoch_draws(step->phase) ? micro_batch_rollout : micro_batch_photos;
    work(place->micro_batch, &step->task, &batch, random, &result->sum);
    if (batch.images) loader_release(t->loader, first, batch.count);
    return true;
}

static void text_micro_batch(struct step *step, size_t micro_batch, const struct place *place,
                             struct random random, struct accumulator_result *result) {
    struct trainer *t = step->trainer;
    const struct index_range photos =
        part_of(step->count, micro_batch, step->division.micro_batches);
    const struct index_range steps = text_steps_of(t, step->index);
    const size_t first_row = photos.begin * TRAIN_TEXT_ROWS;
    const struct micro_batch_text text = {
        .window = {&t->text, epoch_text_rows(t->options), steps.begin, steps.end - steps.begin},
        .first_row = first_row,
        .count = (photos.end - photos.begin) * TRAIN_TEXT_ROWS,
        .states = t->text_states + first_row * t->model.decoder.state};
    micro_batch_text(place->micro_batch, &step->task, &text, random, &result->sum);
}

/* The micro-batches of a gradient accumulator, one after the other. */
static void run_accumulator(void *context, size_t item, size_t worker) {
    struct step *step = context;
    struct trainer *t = step->trainer;
    const struct place place = place_of(step, item, worker);
    real *gradients = t->accumulators[place.accumulator];
    struct accumulator_result *result = &step->results[place.accumulator];
    *result = (struct accumulator_result){.ok = true};
    update_clear(&t->update, gradients, step->encoder_trained);
    micro_batch_accumulate(place.micro_batch, gradients);
    const struct index_range micro_batches =
        part_of(step->division.micro_batches, place.accumulator, step->division.accumulators);
    for (size_t micro_batch = micro_batches.begin; result->ok && micro_batch < micro_batches.end;
         micro_batch++) {
        struct random random =
            trainer_stream(t, STREAM_DROPOUT, (step->number << 12) + micro_batch);
        if (step->phase == TRAIN_TEXT) {
            text_micro_batch(step, micro_batch, &place, random, result);
        } else {
            result->ok = photo_micro_batch(step, micro_batch, &place, random, result);
        }
    }
    if (step->decoder && !result->ok) gradient_chain_ready(step->decoder); /* the others wait */
}

/* Fills the mini-batch; returns the number of words to predict. */
static size_t fill_photos(struct trainer *t, const struct step *step) {
    size_t targets = 0;
    const size_t *order = t->order + step->index * t->options->batch_size;
    for (size_t i = 0; i < step->count; i++) {
        t->batch[i] = epoch_photo(t, order[i], step->encoder_trained);
        targets += captions_targets(&t->batch[i].captions);
    }
    return targets;
}

/* Nearly every step of every row has a target, so steps are counted, not targets. */
static size_t text_targets(const struct trainer *t, const struct step *step) {
    const struct index_range steps = text_steps_of(t, step->index);
    return epoch_text_rows(t->options) * (steps.end - steps.begin);
}

static struct step plan_step(struct trainer *t, enum train_phase phase, size_t index) {
    const struct train_options *o = t->options;
    struct step step = {.trainer = t,
                        .phase = phase,
                        .encoder_trained = epoch_trains_encoder(o, phase),
                        .index = index,
                        .number = (uint64_t)t->place.epoch << 28 | index,
                        .count = phase == TRAIN_TEXT ? o->batch_size : batch_count(t, phase, index),
                        .task = {.model = &t->model,
                                 .synthetic = t->synthetic,
                                 .reward = t->reward,
                                 .samples = o->self_critical_samples,
                                 .tag_weight = o->tag_weight,
                                 .image_dropout = o->image_dropout,
                                 .drop_path = o->drop_path,
                                 .regularisation = {.input_dropout = o->dropout,
                                                    .output_dropout = o->dropout,
                                                    .label_smoothing = o->label_smoothing}}};
    const size_t targets = phase == TRAIN_TEXT ? text_targets(t, &step) : fill_photos(t, &step);
    if (!step.encoder_trained) step.task.features = &t->features;
    step.task.scale = 1 / (real)targets;
    step.division = divide(t, step.count);
    step.accumulators = accumulators_of(t, step.division, ranks_rank(t->ranks));
    return step;
}

/* Shares the results of each accumulator with all processes. */
static bool share_results(struct step *step, caption_error *error) {
    struct trainer *t = step->trainer;
    for (size_t rank = 0; rank < ranks_count(t->ranks); rank++) {
        const struct index_range accumulators = accumulators_of(t, step->division, rank);
        if (!ranks_broadcast(t->ranks, rank, step->results + accumulators.begin,
                             (accumulators.end - accumulators.begin) * sizeof *step->results,
                             error)) {
            return false;
        }
    }
    for (size_t accumulator = 0; accumulator < step->division.accumulators; accumulator++) {
        if (step->results[accumulator].ok) continue;
        if (error) *error = step->results[accumulator].error;
        return false;
    }
    return true;
}

/* What this process adds up, in this order: the sum of the ranks before it, and its accumulators.
 */
static void list_blocks(struct step *step) {
    struct trainer *t = step->trainer;
    const size_t rank = ranks_rank(t->ranks);
    const bool idle = step->accumulators.begin == step->accumulators.end;
    if (rank > 0 || idle) step->blocks[step->block_count++] = t->incoming;
    if (rank == 0 && idle) { /* more processes than micro-batches */
        update_clear(&t->update, t->incoming, step->encoder_trained);
    }
    for (size_t i = step->accumulators.begin; i < step->accumulators.end; i++)
        step->blocks[step->block_count++] = t->accumulators[i];
}

/* Elements [begin, end) of the blocks, to be summed over all ranks. */
static struct gradient_chain chain_of(const struct step *step, size_t begin, size_t end) {
    return (struct gradient_chain){.ranks = step->trainer->ranks,
                                   .blocks = step->blocks,
                                   .block_count = step->block_count,
                                   .first = begin,
                                   .count = end - begin};
}

/* The elements of the decoder, and all that the step trains. */
static struct index_range trained_range(const struct step *step, bool encoder) {
    size_t first, count;
    update_range(&step->trainer->update, encoder, &first, &count);
    return (struct index_range){first, first + count};
}

/* Computes the gradients of this process. Those of the decoder, which are done before those of a
 * trained encoder, are meanwhile on their way to the other processes. */
static bool compute(struct step *step, caption_error *error) {
    struct trainer *t = step->trainer;
    struct gradient_chain_beside decoder;
    const size_t accumulators = step->accumulators.end - step->accumulators.begin;
    list_blocks(step);
    if (ranks_count(t->ranks) > 1 && step->encoder_trained) {
        const struct index_range range = trained_range(step, false);
        const struct gradient_chain chain = chain_of(step, range.begin, range.end);
        gradient_chain_start(&decoder, &chain, accumulators);
        step->decoder = &decoder;
    }
    threads_for(t->threads, accumulators, run_accumulator, step);
    step->worked = progress_clock();
    if (!step->decoder) return true;
    const bool ok = gradient_chain_end(&decoder, error);
    t->beside += decoder.seconds;
    return ok;
}

/* Sums all gradient accumulators in their order, in *sum. */
static bool sum_gradients(struct step *step, real **sum, caption_error *error) {
    struct trainer *t = step->trainer;
    const struct index_range all = trained_range(step, step->encoder_trained);
    *sum = step->blocks[0];
    if (ranks_count(t->ranks) == 1) {
        update_sum(&t->update, step->blocks, step->block_count, step->encoder_trained, t->threads);
        return true;
    }
    struct gradient_chain left = chain_of(step, all.begin, all.end);
    if (step->decoder) /* but for the decoder, which lies behind the encoder */
        left.count = trained_range(step, false).begin - all.begin;
    return gradient_chain_run(&left, error);
}

static struct micro_batch_result total(const struct step *step) {
    struct micro_batch_result sum = {0};
    for (size_t accumulator = 0; accumulator < step->division.accumulators; accumulator++) {
        sum.loss += step->results[accumulator].sum.loss;
        sum.targets += step->results[accumulator].sum.targets;
        sum.reward += step->results[accumulator].sum.reward;
        sum.drawn += step->results[accumulator].sum.drawn;
    }
    return sum;
}

bool step_run(struct trainer *t, caption_error *error) {
    struct train_place *place = &t->place;
    struct step step = plan_step(t, epoch_phase(t->options, place->epoch), place->step);
    real *gradients;
    if (!compute(&step, error) || !share_results(&step, error) ||
        !sum_gradients(&step, &gradients, error)) {
        return false;
    }
    t->waited += progress_clock() - step.worked;
    const struct update_rates rates = epoch_rates(t, place->epoch, place->step);
    const double norm = update_step(&t->update, gradients, step.count, &rates, t->threads);
    const struct micro_batch_result sum = total(&step);
    if (!update_check(&t->update, place->epoch, place->step, sum.loss, norm, error)) return false;
    place->loss += sum.loss;
    place->targets += sum.targets;
    place->reward += sum.reward;
    place->drawn += sum.drawn;
    place->point_loss += sum.loss;
    place->point_targets += sum.targets;
    place->step++;
    return true;
}

bool step_measure(struct trainer *t, enum train_phase phase, double *seconds,
                  caption_error *error) {
    const struct train_place place = t->place;
    size_t epoch = 0;
    while (epoch_phase(t->options, epoch) != phase) epoch++;
    t->place = (struct train_place){.epoch = epoch};
    if (!step_begin_phase(t, phase, error)) return false;
    real *states = t->text_states; /* of the run, left unchanged */
    t->text_states = states ? memory_zeroed(states_size(t), 1, "the states of text", error) : NULL;
    bool ok = !states || t->text_states;
    step_begin_epoch(t, epoch);
    struct step step = plan_step(t, phase, 0);
    const double started = progress_clock();
    if (ok)
        threads_for(t->threads, step.accumulators.end - step.accumulators.begin, run_accumulator,
                    &step);
    *seconds = progress_clock() - started;
    free(t->text_states);
    t->text_states = states;
    if (t->loader) loader_start(t->loader, 0, 0, plan_photo, t);
    t->place = place;
    return ok && share_results(&step, error);
}

bool step_any(struct trainer *t, bool mine, bool *any, caption_error *error) {
    *any = mine;
    for (size_t rank = 0; ranks_count(t->ranks) > 1 && rank < ranks_count(t->ranks); rank++) {
        bool theirs = mine;
        if (!ranks_broadcast(t->ranks, rank, &theirs, sizeof theirs, error)) return false;
        *any |= theirs;
    }
    return true;
}

bool step_share_states(struct trainer *t, caption_error *error) {
    const size_t width = t->model.decoder.state * TRAIN_TEXT_ROWS;
    for (size_t rank = 0; t->text_states && rank < ranks_count(t->ranks); rank++) {
        const struct index_range photos = photos_of(t, t->options->batch_size, rank);
        if (!ranks_broadcast(t->ranks, rank, t->text_states + photos.begin * width,
                             (photos.end - photos.begin) * width * sizeof *t->text_states, error)) {
            return false;
        }
    }
    return true;
}
