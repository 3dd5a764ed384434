/* caption eval DATASET: captions a data set's photos and scores the captions. */
#include <stdlib.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/dataset_choice.h"
#include "cli/decoding_options.h"
#include "eval/evaluate.h"
#include "report/json_text.h"
#include "report/score_table.h"

static const char name[] = "caption eval";

struct eval_options {
    struct dataset_choice_options data;
    const char *missing, *results;
    bool json;
    size_t swaps;
    const struct decoding_options *decoding;
};

static bool put_row(cJSON *row, const struct dataset_photo *photo, const char *caption,
                    caption_error *error) {
    return json_put(row, "image_id", json_text(photo->id, error), error) &&
           json_put(row, "file_name", json_text(photo->name, error), error) &&
           json_put(row, "caption", json_text(caption, error), error);
}

static cJSON *results_array(const struct dataset_choice *choice,
                            const struct evaluation *evaluation, caption_error *error) {
    cJSON *array = cJSON_CreateArray();
    bool done = array != NULL;
    for (size_t i = 0; done && i < evaluation->count; i++) {
        cJSON *row = cJSON_CreateObject();
        done = row && cJSON_AddItemToArray(array, row);
        if (!done) {
            cJSON_Delete(row);
            break;
        }
        const struct dataset_photo *photo = &choice->dataset.photos[choice->photos[i]];
        if (!put_row(row, photo, evaluation->captions[i], error)) {
            cJSON_Delete(array);
            return NULL;
        }
    }
    if (done) return array;
    cJSON_Delete(array);
    error_memory(error, "the results");
    return NULL;
}

static bool write_results(const struct eval_options *options, const struct dataset_choice *choice,
                          const struct evaluation *evaluation, caption_error *error) {
    if (!options->results) return true;
    cJSON *array = results_array(choice, evaluation, error);
    if (!array) return false;
    struct file_writer writer;
    bool done = file_writer_open(&writer, options->results, error);
    if (done) {
        done = json_write_line(array, writer.stream, error);
        if (done)
            done = file_writer_commit(&writer, error);
        else
            file_writer_abandon(&writer);
    }
    cJSON_Delete(array);
    return done;
}

static bool report(const struct eval_options *options, const struct dataset_choice *choice,
                   const struct evaluation *evaluation, caption_error *error) {
    const struct score_table table = {
        .photos = evaluation->count,
        .references = choice->references,
        .distinct = evaluation->distinct,
        .scores = evaluation->scores,
        .perplexity = evaluation->perplexity,
        .swaps = evaluation->swaps,
        .tags = evaluation->tags,
    };
    return write_results(options, choice, evaluation, error) &&
           score_table_write(&table, options->json, stdout, error);
}

static bool check_photos(const struct eval_options *options, struct dataset_choice *choice,
                         struct threads *threads, caption_error *error) {
    struct photo_check check;
    if (!dataset_choice_check(choice, photo_missing_parse(options->missing), threads, stderr,
                              &check, error)) {
        return false;
    }
    char left_out[sizeof error->message + 128];
    if (photo_check_message(&check, left_out, sizeof left_out)) {
        fprintf(stderr, "%s: %s: %s\n", name, choice->dataset.name, left_out);
    }
    return true;
}

static bool evaluate(const struct eval_options *options, const struct model *model,
                     struct dataset_choice *choice, caption_error *error) {
    const caption_options *caption = &options->decoding->caption;
    struct threads *threads = threads_new(caption->threads, error);
    if (!threads) return false;
    struct evaluation evaluation;
    bool done = check_photos(options, choice, threads, error) &&
                evaluate_photos(model, &choice->dataset, choice->photos, choice->count, caption,
                                options->swaps, threads, stderr, &evaluation, error);
    threads_free(threads);
    if (!done) return false;
    done = report(options, choice, &evaluation, error);
    evaluation_free(&evaluation);
    return done;
}

static bool run(const struct eval_options *options, caption_error *error) {
    struct dataset_choice choice;
    if (!dataset_choice_open(&choice, &options->data, error)) return false;
    dataset_choice_tell(&choice, &options->data, name, stderr);
    struct model model;
    bool done = model_open(&model, model_path(options->decoding->model), error);
    if (done) {
        done = evaluate(options, &model, &choice, error);
        model_free(&model);
    }
    dataset_choice_free(&choice);
    return done;
}

int command_eval(int argc, char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    struct eval_options options = {
        .data = {.split = "val", .seed = 1}, .missing = "skip", .decoding = &decoding};
    const struct options_row rows[] = {
        {0, "images", OPTIONS_STRING, &options.data.images, "DIR", 0, 0,
         "folder of the photos (default: beside the data set)", NULL},
        {0, "split", OPTIONS_CHOICE, &options.data.split, "train|val|test|all", 0, 0,
         "which photos are scored", NULL},
        {0, "split-seed", OPTIONS_SEED, &options.data.seed, "N", 0, 0,
         "chooses a tenth of the photos as val where the data set names none", NULL},
        {0, "missing", OPTIONS_CHOICE, &options.missing, "skip|fail", 0, 0,
         "what becomes of photos that are missing or broken", NULL},
        {0, "results", OPTIONS_STRING, &options.results, "FILE", 0, 0,
         "write the captions as JSON: [{\"image_id\", \"file_name\", \"caption\"}]", NULL},
        {0, "swaps", OPTIONS_SIZE, &options.swaps, "N", 0, 1000000,
         "show the model another photo, N times, and count how often what is said of a photo "
         "becomes less likely: its caption as drawn, and the mean of its references; 0: never",
         NULL},
        {0, "json", OPTIONS_ON, &options.json, NULL, 0, 0,
         "one JSON object, scores as fractions, instead of the table (x 100)", NULL},
    };
    const struct options_group groups[] = {
        {"What is scored", rows, sizeof rows / sizeof *rows},
        decoding_options_group(&decoding),
    };
    const struct options_command command = {
        name, "[OPTIONS] DATASET",
        "Captions the photos of a data set and scores the captions: BLEU-1..4, ROUGE-L, CIDEr,\n"
        "different captions, and the perplexity of the references; of a model that tells tags\n"
        "their mean average precision, how many are right of those told with 0.9 or more, and\n"
        "their calibration error.\n" DATASET_CHOICE_FORMATS,
        groups, sizeof groups / sizeof *groups};
    int first, status;
    if (!command_begin(&command, argc, argv, 1, 1, &first, &status)) return status;
    decoding_options_settle(&decoding);
    options.data.path = argv[first];
    caption_error error;
    status = run(&options, &error) ? COMMAND_DONE : command_error(&command, &error);
    return command_finish(&command, status);
}
