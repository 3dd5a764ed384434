/* caption eval DATASET...: captions data sets' photos and scores the captions. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "data/dataset.h"
#include "eval/calibration.h"
#include "eval/evaluate.h"
#include "eval/scores.h"
#include "model/model.h"
#include "report/score_table.h"

static const char name[] = "caption eval";

struct eval_options {
    struct dataset_choice_options data; /* but for the paths */
    char **paths;                       /* [sets] */
    size_t sets;
    struct options_list images;
    bool by_source;
    const char *missing, *results, *html;
    const char *calibrate; /* the model that is written; or NULL */
    bool json, force;
    size_t swaps;
    bool next_word, search;
    const char *sandbox;
    const struct decoding_options *decoding;
};

static bool put_row(cJSON *row, const struct dataset_photo *photo, const char *caption,
                    double confidence, caption_error *error) {
    return json_put(row, "image_id", json_text(photo->id, error), error) &&
           json_put(row, "file_name", json_text(photo->name, error), error) &&
           json_put(row, "caption", json_text(caption, error), error) &&
           (isnan(confidence) || json_put(row, "confidence", json_logprob(confidence), error));
}

/* Adds what was said of photos to the rows of --results. */
static bool add_rows(cJSON *rows, const struct dataset *dataset, const size_t *photos,
                     const struct evaluation *evaluation, caption_error *error) {
    for (size_t i = 0; i < evaluation->count; i++) {
        cJSON *row = cJSON_CreateObject();
        if (!row || !cJSON_AddItemToArray(rows, row)) {
            cJSON_Delete(row);
            return error_memory(error, "the results");
        }
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        if (!put_row(row, photo, evaluation->captions[i], evaluation->confidences[i], error))
            return false;
    }
    return true;
}

/* The rows of all that was scored. */
static bool write_results(const struct eval_options *options, const cJSON *rows,
                          caption_error *error) {
    if (!options->results) return true;
    struct file_writer writer;
    if (!file_writer_open(&writer, options->results, error)) return false;
    if (json_write_line(rows, writer.stream, error)) return file_writer_commit(&writer, error);
    file_writer_abandon(&writer);
    return false;
}

/* What the data sets have in common while they are scored one after the other. */
struct scoring {
    const struct eval_options *options;
    const struct run_files *files;
    const struct model *model;
    struct threads *threads;
    cJSON *rows;             /* of --results */
    struct score_page *page; /* of --html; or NULL */
    struct calibration_photos *photos;
    struct rerank_photos *candidates; /* of fit_rerank */
};

static bool report(const struct scoring *scoring, const struct dataset *dataset,
                   const size_t *photos, const char *part, const struct evaluation *evaluation,
                   caption_error *error) {
    const struct eval_options *options = scoring->options;
    struct score_table table = {
        .name = part,
        .precision = options->decoding->precision,
        .photos = evaluation->count,
        .distinct = evaluation->distinct,
        .scores = evaluation->scores,
        .perplexity = evaluation->perplexity,
        .swaps = evaluation->swaps,
        .next_word = evaluation->next_word,
        .retrieval = evaluation->retrieval,
        .tags = evaluation->tags,
        .confidence = evaluation->confidence,
    };
    for (size_t i = 0; i < evaluation->count; i++) {
        table.references += dataset->photos[photos[i]].count;
    }
    return score_table_write(&table, options->json, stdout, error) &&
           (!scoring->page || score_page_add(scoring->page, &table, error));
}

static bool check_photos(const struct eval_options *options, struct dataset_choice *choice,
                         struct threads *threads, caption_error *error) {
    struct photo_check check;
    const struct photo_check_options how = {photo_missing_parse(options->missing), threads, stderr};
    if (!dataset_choice_check(choice, &how, &check, error)) return false;
    char left_out[sizeof error->message + 128];
    if (photo_check_message(&check, left_out, sizeof left_out)) {
        fprintf(stderr, "%s: ", name);
        plain_text_write_line(stderr, choice->dataset.name);
        fprintf(stderr, ": %s\n", left_out);
    }
    return true;
}

/* The options for a part: unless a style is asked for, its photos are described in that of their
 * source or data set, where the model has one. */
static caption_options options_of(const struct scoring *scoring,
                                  const struct dataset_choice *choice,
                                  const struct dataset_part *part) {
    caption_options caption = scoring->options->decoding->caption;
    if (!caption.style) {
        caption.style =
            evaluate_style(scoring->model, &choice->dataset, part, choice->photos + part->first);
    }
    return caption;
}

static struct evaluator evaluator_of(const struct scoring *scoring,
                                     const caption_options *options) {
    return (struct evaluator){.model = scoring->model,
                              .options = options,
                              .swaps = scoring->options->swaps,
                              .next_word = scoring->options->next_word,
                              .search = scoring->options->search,
                              .threads = scoring->threads,
                              .progress = stderr};
}

static struct dataset_selection photos_of(const struct dataset_choice *choice,
                                          const struct dataset_part *part) {
    return (struct dataset_selection){&choice->dataset, choice->photos + part->first, part->count};
}

static bool score_part(const struct scoring *scoring, const struct dataset_choice *choice,
                       const struct dataset_part *part, caption_error *error) {
    const struct eval_options *options = scoring->options;
    const struct dataset_selection photos = photos_of(choice, part);
    const caption_options caption = options_of(scoring, choice, part);
    const struct evaluator evaluator = evaluator_of(scoring, &caption);
    struct evaluation evaluation;
    if (!evaluate_photos(&evaluator, &photos, &evaluation, error)) return false;
    const bool several = options->sets > 1 || options->by_source;
    const bool done = add_rows(scoring->rows, photos.dataset, photos.photos, &evaluation, error) &&
                      report(scoring, photos.dataset, photos.photos, several ? part->name : NULL,
                             &evaluation, error) &&
                      calibration_add(scoring->photos, part->name, &evaluation, error);
    evaluation_free(&evaluation);
    return done;
}

/* What becomes of a part's photos. */
typedef bool part_work(const struct scoring *scoring, const struct dataset_choice *choice,
                       const struct dataset_part *part, caption_error *error);

static bool each_part_of_set(const struct scoring *scoring, struct dataset_choice *choice,
                             const char *set_name, part_work *work, caption_error *error) {
    struct dataset_parts parts = {0};
    bool done = scoring->options->by_source
                    ? dataset_parts_add_sources(&parts, &choice->dataset, choice->photos,
                                                choice->count, set_name, error)
                    : dataset_parts_add(&parts, choice->count, set_name, error);
    for (size_t i = 0; done && i < parts.count; i++)
        done = work(scoring, choice, &parts.items[i], error);
    dataset_parts_free(&parts);
    return done;
}

static bool each_part(const struct scoring *scoring, struct dataset_choice *choices, char **names,
                      part_work *work, caption_error *error) {
    for (size_t i = 0; i < scoring->options->sets; i++) {
        if (!each_part_of_set(scoring, &choices[i], names[i], work, error)) return false;
    }
    return true;
}

static bool gather_part(const struct scoring *scoring, const struct dataset_choice *choice,
                        const struct dataset_part *part, caption_error *error) {
    const caption_options caption = options_of(scoring, choice, part);
    const struct evaluator evaluator = evaluator_of(scoring, &caption);
    const struct dataset_selection photos = photos_of(choice, part);
    return rerank_fit_add(scoring->candidates, &evaluator, &photos, error);
}

/* Reads the model whole, to be written again, and forgets how sure it was and how it re-ranked
 * captions. */
static bool calibrate_open(struct model *model, const char *path, caption_error *error) {
    if (!model_read(model, path, error)) return false;
    confidence_free(&model->confidence);
    model->tag_calibration = (struct tag_calibration){0};
    model->rerank = (struct rerank){0};
    return true;
}

static bool print_confidence(const struct calibration_photos *photos,
                             const struct calibration_part *part, const double *confidences,
                             const char *note, bool json, caption_error *error) {
    struct confidence_scores scores;
    const size_t size = strlen(part->name) + strlen(note) + 1;
    char *title = memory_uninitialised(size, 1, "a title", error);
    if (!title) return false;
    snprintf(title, size, "%s%s", part->name, note);
    const bool done =
        confidence_scores_compute(confidences + part->first, photos->ciders + part->first,
                                  part->count, &scores, error) &&
        confidence_table_write(title, &scores, json, stdout, error);
    free(title);
    return done;
}

/* Prints how good confidences[photos->count] are, by part and in all, on stdout; each name followed
 * by `note`. `parts` false: in all only. */
static bool calibrate_print(const struct calibration_photos *photos, const double *confidences,
                            const char *note, bool parts, bool json, caption_error *error) {
    for (size_t i = 0; parts && i < photos->part_count; i++) {
        if (!print_confidence(photos, &photos->parts[i], confidences, note, json, error))
            return false;
    }
    const struct calibration_part all = {.name = "all", .count = photos->count};
    return photos->part_count == 1 ||
           print_confidence(photos, &all, confidences, note, json, error);
}

/* How the model's own confidences fare is printed from fits that did not see the photos. */
static bool calibrate_fit(struct model *model, const struct calibration_photos *photos, bool json,
                          caption_error *error) {
    double *probabilities =
        memory_zeroed(photos->count, sizeof *probabilities, "confidences", error);
    if (!probabilities) return false;
    const bool done =
        calibration_fit(photos, &model->confidence, probabilities, error) &&
        (model->tags.count == 0 || photo_tags_fit(&photos->tags, &model->tag_calibration, error)) &&
        calibrate_print(photos, probabilities, ", cross-validated", true, json, error);
    free(probabilities);
    return done;
}

/* Fits the model, which was read from `path`, to the photos and writes `output`. Prints on stdout
 * what the cross-validated fits score, as tables or, `json`, as one object each. */
static bool calibrate_write(struct model *model, const char *path,
                            const struct calibration_photos *photos, const char *output, bool json,
                            caption_error *error) {
    enum safetensors_type type;
    return calibrate_fit(model, photos, json, error) &&
           model_file_type(model, path, &type, error) &&
           model_write(model, NULL, type, output, error);
}

/* How a model that is calibrated re-ranks captions: before it is scored, for that changes what it
 * says. */
static bool fit_rerank(struct scoring *scoring, struct model *model, struct dataset_choice *choices,
                       char **names, caption_error *error) {
    const caption_options *caption = &scoring->options->decoding->caption;
    if (!scoring->options->calibrate || model->tags.count == 0 || caption->sample) return true;
    struct rerank_photos candidates = {0};
    scoring->candidates = &candidates;
    const bool done = each_part(scoring, choices, names, gather_part, error) &&
                      rerank_fit(&candidates, model, caption, &model->rerank, error);
    rerank_fit_free(&candidates);
    return done;
}

/* How sure the model is of the captions of all parts, or can be. */
static bool finish_confidence(const struct scoring *scoring, struct model *model, const char *path,
                              caption_error *error) {
    const struct eval_options *options = scoring->options;
    const struct calibration_photos *photos = scoring->photos;
    if (options->calibrate)
        return calibrate_write(model, path, photos, options->calibrate, options->json, error);
    return !model->confidence.is_there ||
           calibrate_print(photos, photos->confidences, "", false, options->json, error);
}

/* Photos that cannot be read leave the sets before the work begins: a calibration walks twice. */
static bool check_sets(const struct scoring *scoring, struct dataset_choice *choices,
                       caption_error *error) {
    for (size_t i = 0; i < scoring->options->sets; i++)
        if (!check_photos(scoring->options, &choices[i], scoring->threads, error)) return false;
    return true;
}

/* Whether the photos are enough to calibrate a model with; a message where they are few. */
static bool check_calibration(const struct eval_options *options,
                              const struct dataset_choice *choices, caption_error *error) {
    size_t photos = 0;
    if (!options->calibrate) return true;
    for (size_t i = 0; i < options->sets; i++) photos += choices[i].count;
    if (photos < CALIBRATION_FOLDS)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--calibrate: expected %d or more photos, found %zu: a fit is checked on "
                         "each tenth of them by one to the rest",
                         CALIBRATION_FOLDS, photos);
    if (photos < CALIBRATION_FEW)
        fprintf(stderr,
                "%s: --calibrate: a fit to %zu photos (fewer than %d) is mostly noise: more of "
                "them make it better\n",
                name, photos, CALIBRATION_FEW);
    return true;
}

static bool enter_sandbox(const struct scoring *scoring, const struct dataset_choice *choices,
                          caption_error *error) {
    struct run_sandbox sandbox;
    if (!run_sandbox_open(&sandbox, scoring->options->sandbox, error)) return false;
    run_sandbox_files(&sandbox, scoring->files);
    for (size_t i = 0; i < scoring->options->sets; i++)
        run_sandbox_dataset(&sandbox, &choices[i].dataset);
    return run_sandbox_enter(&sandbox, error);
}

static bool score_sets(struct scoring *scoring, struct dataset_choice *choices, char **names,
                       caption_error *error) {
    const struct eval_options *options = scoring->options;
    struct model_place place;
    const char *path = model_path(options->decoding->model, &place, error);
    struct model model;
    struct calibration_photos photos = {0};
    if (!path || !(options->calibrate ? calibrate_open : model_open)(&model, path, error))
        return false;
    scoring->model = &model;
    scoring->photos = &photos;
    scoring->rows = cJSON_CreateArray();
    bool done = (scoring->rows || error_memory(error, "the results")) &&
                enter_sandbox(scoring, choices, error) &&
                (scoring->threads = threads_new(options->decoding->caption.threads, error)) != NULL;
    if (done && options->html) {
        scoring->page = score_page_new(options->html, error);
        done = scoring->page != NULL;
    }
    done = done && (!options->search || model_check_search(&model, path, error)) &&
           check_sets(scoring, choices, error) && check_calibration(options, choices, error) &&
           fit_rerank(scoring, &model, choices, names, error) &&
           each_part(scoring, choices, names, score_part, error) &&
           write_results(options, scoring->rows, error) &&
           (!scoring->page || score_page_write(scoring->page, error)) &&
           finish_confidence(scoring, &model, path, error);
    score_page_free(scoring->page);
    cJSON_Delete(scoring->rows);
    threads_free(scoring->threads);
    calibration_free(&photos);
    model_free(&model);
    return done;
}

/* All data sets, before the work begins: a mistake in the last one is reported at once. */
static bool open_sets(const struct eval_options *options, struct dataset_choice *choices,
                      caption_error *error) {
    for (size_t i = 0; i < options->sets; i++) {
        struct dataset_choice_options data = options->data;
        data.path = options->paths[i];
        data.how.images = set_lists_value(&options->images, i);
        if (!dataset_choice_open(&choices[i], &data, error)) return false;
        dataset_choice_tell(&choices[i], &data, name, stderr);
    }
    return true;
}

/* `model`: its file; NULL: there is none, which is reported when it is opened. */
static bool check_files(const struct eval_options *options, const char *model,
                        struct run_files *files, caption_error *error) {
    bool ok = run_files_read(files, "model", model, error);
    for (size_t i = 0; ok && i < options->sets; i++)
        ok = run_files_read(files, "data set", options->paths[i], error);
    return ok && run_files_write(files, "results", options->results, &RUN_FILES_ROWS, error) &&
           run_files_write(files, "html", options->html, &RUN_FILES_SCORES, error) &&
           run_files_write(files, "calibrate", options->calibrate, &RUN_FILES_MODEL, error) &&
           run_files_check(files, error);
}

static bool run_sets(const struct eval_options *options, const struct run_files *files,
                     caption_error *error) {
    struct dataset_choice *choices =
        memory_zeroed(options->sets, sizeof *choices, "data sets", error);
    char **names =
        choices ? dataset_names((const char *const *)options->paths, options->sets, error) : NULL;
    struct scoring scoring = {.options = options, .files = files};
    const bool done =
        names && open_sets(options, choices, error) && score_sets(&scoring, choices, names, error);
    for (size_t i = 0; choices && i < options->sets; i++) dataset_choice_free(&choices[i]);
    free(choices);
    dataset_names_free(names, options->sets);
    return done;
}

static bool run(const struct eval_options *options, caption_error *error) {
    struct run_files files = {.force = options->force};
    struct model_place place;
    const char *model = model_path(options->decoding->model, &place, NULL);
    const bool done = set_lists_check(&options->images, "images", options->sets, true, error) &&
                      check_files(options, model, &files, error) &&
                      run_sets(options, &files, error);
    run_files_free(&files);
    return done;
}

enum { ROWS = 17 };

static void set_rows(struct eval_options *options, struct options_row *out) {
    const struct options_row rows[ROWS] = {
        {0, "images", OPTIONS_LIST, &options->images, "DIR...", 0, 0,
         "folder of the photos, one for each DATASET or one for all (default: beside the data set)",
         NULL},
        DATASET_CHOICE_FLAGS(options->data.how),
        {0, "by-source", OPTIONS_ON, &options->by_source, NULL, 0, 0,
         "score the photos of each \"source\" that Karpathy's format gives them by themselves",
         NULL},
        {0, "split", OPTIONS_CHOICE, &options->data.split, "train|val|test|all", 0, 0,
         "which photos are scored", NULL},
        {0, "split-seed", OPTIONS_SEED, &options->data.seed, "N", 0, 0,
         "chooses a tenth of the photos as val where the data set names none", NULL},
        {0, "missing", OPTIONS_CHOICE, &options->missing, "skip|fail", 0, 0,
         "what becomes of photos that are missing or broken", NULL},
        {0, "results", OPTIONS_FILE, &options->results, "FILE", 0, 0,
         "write the captions as JSON: [{\"image_id\", \"file_name\", \"caption\"}], with their "
         "\"confidence\" where the model has it",
         NULL},
        {0, "html", OPTIONS_FILE, &options->html, "FILE", 0, 0,
         "write the scores as a page, with a drawing of risk against coverage: how many captions "
         "are wrong if only the surest are shown",
         NULL},
        {0, "calibrate", OPTIONS_FILE, &options->calibrate, "FILE", 0, 0,
         "fit how the model re-ranks captions by its tags, and how sure it is of both, to these "
         "photos, 10 at least and better 100, which it must not have learned from, and write it "
         "with that; prints what fits to nine tenths score on the rest",
         NULL},
        {0, "force", OPTIONS_ON, &options->force, NULL, 0, 0, RUN_FILES_FORCE, NULL},
        {0, "swaps", OPTIONS_SIZE, &options->swaps, "N", 0, 1000000,
         "show the model another photo, N times, and count how often what is said of a photo "
         "becomes less likely: its caption as drawn, and the mean of its references; 0: never",
         NULL},
        {0, "next-word", OPTIONS_ON, &options->next_word, NULL, 0, 0,
         "how often a person's next word is the first of the model's suggestions, and how often "
         "one "
         "of five; with the photo and without it, as `caption suggest` makes them",
         NULL},
        {0, "search", OPTIONS_ON, &options->search, NULL, 0, 0,
         "how often a search for a person's caption finds its photo among the first 1, 5 and 10 "
         "(R@1, R@5, R@10), the median rank of the photo, and the same of captions by photos; of "
         "a model with a search part (`caption train --search`)",
         NULL},
        {0, "json", OPTIONS_ON, &options->json, NULL, 0, 0,
         "one JSON object for each table, scores as fractions, instead of it (x 100)", NULL},
        RUN_SANDBOX_FLAG(options->sandbox),
    };
    memcpy(out, rows, sizeof rows);
}

int command_eval(int argc, char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    decoding.precision = "f32";                /* as validation during training: the same scores */
    decoding_options_remove(&decoding, "top"); /* the best caption is scored, however unsure */
    decoding_options_remove(&decoding, "min-confidence");
    decoding_options_remove(&decoding, "unsure");
    struct eval_options options = {.data = {.split = "val", .seed = 1},
                                   .missing = "skip",
                                   .sandbox = "auto",
                                   .decoding = &decoding};
    struct options_row rows[ROWS];
    set_rows(&options, rows);
    const struct options_group groups[] = {
        {"What is scored", rows, ROWS},
        decoding_options_group(&decoding),
    };
    const struct options_command command = {
        name,
        "[OPTIONS] DATASET...",
        "Captions the photos of data sets, each by itself, and scores the captions: BLEU-1..4,\n"
        "ROUGE-L, CIDEr, distinct captions, and the perplexity of the references. Where the\n"
        "model has tags: their mean average precision, the share of right ones at 0.9 and above,\n"
        "and their calibration error. Where it has a confidence: the calibration error of that,\n"
        "and the CIDEr of the surest captions.\n" DATASET_CHOICE_FORMATS,
        groups,
        sizeof groups / sizeof *groups,
        "images by-source split results html calibrate swaps next-word search json model beam-size "
        "style "
        "neutral "
        "precision threads"};
    int status;
    const int first = command_begin(&command, argc, argv, 1, INT_MAX, &status);
    if (!first) {
        options_list_free(&options.images);
        return status;
    }
    decoding_options_settle(&decoding);
    options.paths = argv + first;
    options.sets = (size_t)(argc - first);
    caption_error error;
    status = run(&options, &error) ? COMMAND_DONE : command_error(&command, &error);
    options_list_free(&options.images);
    return command_finish(&command, status);
}

/* caption score RESULTS DATASET: scores captions made elsewhere. */

static const char score_name[] = "caption score";

struct score_options {
    struct dataset_choice_options data;
    const char *results;
    bool json;
};

static void tell_failed(const struct score_options *options, size_t count) {
    if (count == 0) return;
    fprintf(stderr, "%s: ", score_name);
    plain_text_write_line(stderr, options->results);
    fprintf(stderr, ": %zu photo%s with an error in place of a caption left out\n", count,
            count == 1 ? "" : "s");
}

static bool score(const struct score_options *options, struct dataset_choice *choice,
                  caption_error *error) {
    const size_t all = choice->count;
    struct tokens *candidates =
        memory_zeroed(choice->count, sizeof *candidates, "the captions", error);
    if (!candidates) return false;
    bool done = results_read(options->results, &choice->dataset, choice->photos, &choice->count,
                             candidates, error);
    if (done) {
        tell_failed(options, all - choice->count);
        dataset_choice_recount(choice);
        struct score_table table = {.photos = choice->count, .references = choice->references};
        const struct dataset_selection photos = {&choice->dataset, choice->photos, choice->count};
        done = photo_scores_compute(&photos, candidates, &table.scores, &table.distinct, NULL,
                                    error) &&
               score_table_write(&table, options->json, stdout, error);
        for (size_t i = 0; i < choice->count; i++) tokens_free(&candidates[i]);
    }
    free(candidates);
    return done;
}

static bool run_score(const struct score_options *options, caption_error *error) {
    struct dataset_choice choice;
    if (!dataset_choice_open(&choice, &options->data, error)) return false;
    dataset_choice_tell(&choice, &options->data, score_name, stderr);
    bool done = score(options, &choice, error);
    dataset_choice_free(&choice);
    return done;
}

int command_score(int argc, char **argv) {
    struct score_options options = {.data = {.split = "all", .seed = 1}};
    const struct options_row rows[] = {
        DATASET_CHOICE_FLAGS(options.data.how),
        {0, "split", OPTIONS_CHOICE, &options.data.split, "train|val|test|all", 0, 0,
         "which photos are scored; each needs a caption", NULL},
        {0, "split-seed", OPTIONS_SEED, &options.data.seed, "N", 0, 0,
         "chooses a tenth of the photos as val where the data set names none", NULL},
        {0, "json", OPTIONS_ON, &options.json, NULL, 0, 0,
         "one JSON object, scores as fractions, instead of the table (x 100)", NULL},
    };
    const struct options_group groups[] = {{"Options", rows, sizeof rows / sizeof *rows}};
    const struct options_command command = {
        score_name,
        "[OPTIONS] RESULTS DATASET",
        "Scores captions made elsewhere against the captions of a data set. RESULTS is a JSON\n"
        "array or JSON Lines of {\"image_id\" | \"file_name\" | \"path\", \"caption\"}, a CSV\n"
        "with such columns (or others that a DATASET may have), or what `caption` prints of\n"
        "photos.\n" DATASET_CHOICE_FORMATS,
        groups,
        1,
        NULL};
    int status;
    const int first = command_begin(&command, argc, argv, 2, 2, &status);
    if (!first) return status;
    options.results = argv[first];
    options.data.path = argv[first + 1];
    caption_error error;
    status = run_score(&options, &error) ? COMMAND_DONE : command_error(&command, &error);
    return command_finish(&command, status);
}
