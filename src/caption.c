#include "caption.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "decode/decode.h"
#include "decode/pipeline.h"
#include "decode/suggester.h"
#include "image/photo.h"
#include "model/model.h"
#include "text/neutral.h"

struct caption_model {
    struct model model;
};

struct caption_captioner {
    struct prepared prepared;
    size_t threads; /* of a session */
};

struct caption_session {
    const struct prepared *prepared;
    const struct decode_plan *plan;
    struct suggester *suggester; /* from the first suggestion, score or completion on */
    struct pipeline *pipeline;
};

caption_model *caption_model_open(const char *path, caption_error *error) {
    caption_model *opened = memory_zeroed(1, sizeof *opened, "a model", error);
    if (!opened) return NULL;
    struct model_place place;
    path = model_path(path, &place, error);
    if (path && model_open(&opened->model, path, error)) return opened;
    free(opened);
    return NULL;
}

bool caption_model_has_confidence(const caption_model *model) {
    return model->model.confidence.is_there;
}

void caption_model_close(caption_model *model) {
    if (!model) return;
    model_free(&model->model);
    free(model);
}

/* Whether one of the captions before is the same. Search never finds a sentence twice, so this
 * is for those that became the same; of samples every one counts. */
static bool is_repeated(const caption_options *options, const caption_result *result,
                        const char *text) {
    if (!options->neutral || options->sample) return false;
    for (size_t i = 0; i < result->count; i++)
        if (strcmp(result->captions[i].text, text) == 0) return true;
    return false;
}

/* Takes `text` over (NULL: memory was short) and puts "possibly: " before it. */
static char *hedged(char *text, caption_error *error) {
    static const char hedge[] = "possibly: ";
    if (!text) return NULL;
    const size_t size = strlen(text) + sizeof hedge;
    char *longer = memory_uninitialised(size, 1, "a caption", error);
    if (longer) snprintf(longer, size, "%s%s", hedge, text);
    free(text);
    return longer;
}

/* Adds a caption, unless it is to be left out or is there already. */
static bool add_caption(const struct decode_plan *plan, const struct decode_caption *caption,
                        caption_result *result, caption_error *error) {
    const caption_options *options = &plan->options;
    const bool unsure = caption->confidence < (double)options->min_confidence;
    if (unsure && options->unsure == CAPTION_UNSURE_SKIP) return true;
    char *text = decode_sentence(plan->model, options, caption, error);
    if (unsure) text = hedged(text, error);
    if (!text) return false;
    if (is_repeated(options, result, text))
        free(text);
    else
        result->captions[result->count++] = (caption_text){
            .text = text, .logprob = caption->logprob, .confidence = caption->confidence};
    return true;
}

/* The confidence of the best caption, all of them having been left out. */
static bool add_unsure(const struct decode_caption *best, caption_result *result,
                       caption_error *error) {
    char *text = memory_string("", error);
    if (!text) return false;
    result->captions[result->count++] =
        (caption_text){.text = text, .logprob = best->logprob, .confidence = best->confidence};
    return true;
}

/* The words of a decoded photo as text. */
static bool write_result(const struct decode_plan *plan, const struct decode_result *decoded,
                         caption_result *result, caption_error *error) {
    result->captions = memory_zeroed(decoded->count, sizeof *result->captions, "captions", error);
    if (!result->captions) return false;
    for (size_t i = 0; i < decoded->count; i++)
        if (!add_caption(plan, &decoded->captions[i], result, error)) return false;
    return result->count > 0 || add_unsure(&decoded->captions[0], result, error);
}

/* The tag's name in the wording that the options ask for; an age is none, given as "". */
static char *tag_name(const struct decode_plan *plan, const struct decode_tag *tag,
                      caption_error *error) {
    const char *word = plan->model->vocabulary.words[tag->word];
    if (!plan->options.neutral) return memory_string(word, error);
    if (neutral_is_in(NEUTRAL_AGES, word)) return memory_string("", error);
    return neutral_sentence(word, error);
}

static bool has_tag(const caption_result *result, const char *name) {
    for (size_t i = 0; i < result->tag_count; i++)
        if (strcmp(result->tags[i].name, name) == 0) return true;
    return false;
}

/* The surest tags. Those that became the same word are one, the surest of them. */
static bool write_tags(const struct decode_plan *plan, const struct decode_result *decoded,
                       caption_result *result, caption_error *error) {
    const size_t most = plan->options.tags;
    result->tags =
        memory_zeroed(size_smaller(most, decoded->tag_count), sizeof *result->tags, "tags", error);
    if (!result->tags) return false;
    for (size_t i = 0; i < decoded->tag_count && result->tag_count < most; i++) {
        char *name = tag_name(plan, &decoded->tags[i], error);
        if (!name) return false;
        if (!*name || has_tag(result, name))
            free(name);
        else
            result->tags[result->tag_count++] =
                (caption_tag){.name = name, .confidence = decoded->tags[i].confidence};
    }
    return true;
}

/* A run of the pipeline whose results become text. */
struct run {
    const struct decode_plan *plan;
    const caption_stream *stream;
};

static bool next_photo(void *context, caption_photo *photo) {
    const struct run *run = context;
    if (!run->stream->next(run->stream->context, photo)) return false;
    photo->number += run->plan->options.first_photo;
    return true;
}

static bool hand_out(void *context, const caption_photo *photo, const struct decode_result *decoded,
                     const caption_error *problem, caption_error *error) {
    const struct run *run = context;
    caption_result result = {.error = *problem};
    const bool done =
        (problem->status != CAPTION_OK || (write_result(run->plan, decoded, &result, error) &&
                                           write_tags(run->plan, decoded, &result, error))) &&
        run->stream->result(run->stream->context, photo, &result, error);
    caption_results_free(&result, 1);
    return done;
}

static size_t threads_of(const caption_options *options) {
    return options->threads ? options->threads : threads_processors();
}

caption_captioner *caption_captioner_new(const caption_model *model, const caption_options *options,
                                         caption_error *error) {
    caption_captioner *captioner = memory_zeroed(1, sizeof *captioner, "a captioner", error);
    if (!captioner) return NULL;
    captioner->threads = threads_of(options);
    if (prepared_init(&captioner->prepared, &model->model, options, captioner->threads, error))
        return captioner;
    free(captioner);
    return NULL;
}

caption_captioner *caption_captioner_with(const caption_captioner *base,
                                          const caption_options *options, caption_error *error) {
    caption_captioner *captioner = memory_zeroed(1, sizeof *captioner, "a captioner", error);
    if (!captioner) return NULL;
    captioner->threads = threads_of(options);
    if (prepared_with(&captioner->prepared, &base->prepared, options, error)) return captioner;
    free(captioner);
    return NULL;
}

void caption_captioner_free(caption_captioner *captioner) {
    if (!captioner) return;
    prepared_free(&captioner->prepared);
    free(captioner);
}

const struct prepared *prepared_of(const caption_captioner *captioner) {
    return &captioner->prepared;
}

caption_session *caption_session_new(const caption_captioner *captioner, caption_error *error) {
    caption_session *session = memory_zeroed(1, sizeof *session, "a session", error);
    if (!session) return NULL;
    session->prepared = &captioner->prepared;
    session->plan = captioner->prepared.plan;
    session->pipeline = pipeline_new(&captioner->prepared, captioner->threads, error);
    if (session->pipeline) return session;
    free(session);
    return NULL;
}

void caption_session_free(caption_session *session) {
    if (!session) return;
    pipeline_free(session->pipeline);
    suggester_free(session->suggester);
    free(session);
}

static bool is_stopped(void *context) {
    const struct run *run = context;
    return run->stream->stop(run->stream->context);
}

bool caption_session_stream(caption_session *session, const caption_stream *stream,
                            caption_times *times, caption_error *error) {
    if (stream->thumbnail > THUMBNAIL_LARGEST)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "thumbnails of %zu pixels, at most %d",
                         stream->thumbnail, THUMBNAIL_LARGEST);
    struct run run = {.plan = session->plan, .stream = stream};
    const struct pipeline_ends ends = {.next = next_photo,
                                       .result = hand_out,
                                       .stop = stream->stop ? is_stopped : NULL,
                                       .context = &run,
                                       .thumbnail = stream->thumbnail};
    if (times) *times = (caption_times){0};
    return pipeline_run(session->pipeline, &ends, times, error);
}

/* Photos and results as arrays. */
struct arrays {
    const char *const *paths; /* [count] */
    const void *bytes;        /* of the only photo, unless there are paths */
    size_t size;
    caption_result *results; /* [count] */
    size_t count, given, taken;
};

static bool next_of_arrays(void *context, caption_photo *photo) {
    struct arrays *arrays = context;
    if (arrays->given == arrays->count) return false;
    if (arrays->paths)
        photo->path = arrays->paths[arrays->given];
    else
        *photo = (caption_photo){.bytes = arrays->bytes, .size = arrays->size};
    photo->number = arrays->given++;
    return true;
}

/* Takes the captions over. */
static bool result_of_arrays(void *context, const caption_photo *photo,
                             const caption_result *result, caption_error *error) {
    (void)photo;
    (void)error;
    struct arrays *arrays = context;
    caption_result *moved = (caption_result *)(uintptr_t)result; /* ours: see hand_out */
    arrays->results[arrays->taken++] = *moved;
    *moved = (caption_result){0};
    return true;
}

static bool caption_arrays(caption_session *session, struct arrays *arrays, caption_error *error) {
    for (size_t i = 0; i < arrays->count; i++) arrays->results[i] = (caption_result){0};
    const caption_stream stream = {
        .next = next_of_arrays, .result = result_of_arrays, .context = arrays};
    if (caption_session_stream(session, &stream, NULL, error)) return true;
    caption_results_free(arrays->results, arrays->count);
    return false;
}

bool caption_session_photos(caption_session *session, const char *const *paths, size_t count,
                            caption_result *results, caption_error *error) {
    struct arrays arrays = {.paths = paths, .results = results, .count = count};
    return caption_arrays(session, &arrays, error);
}

bool caption_session_bytes(caption_session *session, const void *bytes, size_t size,
                           caption_result *result, caption_error *error) {
    struct arrays arrays = {
        .bytes = size > 0 ? bytes : "", .size = size, .results = result, .count = 1};
    return caption_arrays(session, &arrays, error);
}

static struct suggester *suggester_of(caption_session *session, caption_error *error) {
    if (!session->suggester) session->suggester = suggester_new(session->prepared, error);
    return session->suggester;
}

bool caption_session_look_bytes(caption_session *session, const void *bytes, size_t size,
                                caption_error *error) {
    struct suggester *suggester = suggester_of(session, error);
    const struct file_bytes photo = {.data = (uint8_t *)(uintptr_t)bytes, .size = size};
    return suggester && suggester_look(suggester, &photo, "the photo in memory", error);
}

bool caption_session_look(caption_session *session, const char *path, caption_error *error) {
    struct suggester *suggester = suggester_of(session, error);
    if (!suggester || !suggester_look(suggester, NULL, NULL, error)) return false;
    struct file_bytes photo;
    if (!path) return true;
    if (!file_read(path, PHOTO_MAX_BYTES, &photo, error)) return false;
    const bool seen = suggester_look(suggester, &photo, path, error);
    file_bytes_free(&photo);
    return seen;
}

bool caption_session_suggest(caption_session *session, const char *text, size_t most,
                             caption_words *words, caption_error *error) {
    *words = (caption_words){0};
    struct suggester *suggester = suggester_of(session, error);
    return suggester && suggester_suggest(suggester, text, most, words, error);
}

bool caption_session_score(caption_session *session, const char *sentence, caption_words *words,
                           caption_error *error) {
    *words = (caption_words){0};
    struct suggester *suggester = suggester_of(session, error);
    return suggester && suggester_score(suggester, sentence, words, error);
}

bool caption_session_complete(caption_session *session, const char *text, caption_result *result,
                              caption_error *error) {
    *result = (caption_result){0};
    struct suggester *suggester = suggester_of(session, error);
    struct decode_result decoded;
    if (!suggester || !suggester_complete(suggester, text, &decoded, error)) return false;
    const bool done = write_result(session->plan, &decoded, result, error);
    decode_results_free(&decoded, 1);
    if (!done) caption_results_free(result, 1);
    return done;
}

void caption_words_free(caption_words *words) {
    free(words->words);
    *words = (caption_words){0};
}

void caption_results_free(caption_result *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < results[i].count; c++) free(results[i].captions[c].text);
        free(results[i].captions);
        for (size_t t = 0; t < results[i].tag_count; t++) free(results[i].tags[t].name);
        free(results[i].tags);
        results[i] = (caption_result){0};
    }
}
