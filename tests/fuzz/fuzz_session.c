/* What callers of the library hand over: options, and sentences to begin, complete, score or search
 * for. The first bytes choose the options, the first line is the prefix, the rest the sentence. */
#include <math.h>

#include "caption.h"
#include "fuzz.h"
#include "infer/inference_search.h"
#include "model/confidence.h"
#include "model/model.h"
#include "text/tokenizer.h"

enum { CHOICES = 20, MOST_SUGGESTIONS = 7, MOST_SIZE = 24 };

static const char known[] =
    "a on of the with and two red man woman boy dog dogs cat running läuft standing next to";

static const uint8_t photo[] = "P6\n4 4\n255\n0123456789012345678901234567890123456789abcdefgh";

static struct vocabulary new_vocabulary(void) {
    struct vocabulary vocabulary;
    struct tokens names;
    caption_error error;
    FUZZ_MUST(vocabulary_init(&vocabulary, &error) && tokenize(known, &names, &error));
    for (size_t i = 0; i < names.count; i++)
        FUZZ_MUST(vocabulary_count(&vocabulary, names.words[i], 100 - i, &error));
    tokens_free(&names);
    return vocabulary;
}

/* A model of random numbers that has all that one can have. */
static void make_model(struct model *model) {
    const struct model_design design = {.encoder = "stem_c8 head_c8",
                                        .size = 16,
                                        .cell = "gru",
                                        .embedding = 4,
                                        .hidden = 6,
                                        .image_input = "every",
                                        .tags = "dog\ncat\nred\n",
                                        .styles = "one\ntwo\n",
                                        .search_size = 5,
                                        .search_hidden = 4};
    struct vocabulary vocabulary = new_vocabulary();
    struct random random = random_seeded(7, 0);
    caption_error error;
    FUZZ_MUST(model_new(model, &design, &vocabulary, &error));
    encoder_randomise(&model->encoder, &model->parameters, &random);
    decoder_randomise(&model->decoder, &model->parameters, &random);
    search_randomise(&model->search, &model->parameters, &random);
    FUZZ_MUST(confidence_parse(&model->confidence,
                               "{\"bias\":0.1,\"logprob\":1,\"length\":0,\"rarity\":0.1,"
                               "\"agreement\":1,\"coverage\":1,\"styles\":{\"two\":0.3}}",
                               "confidence", &error));
    model->rerank = (struct rerank){.agreement = 0.1, .coverage = 1};
}

/* Both ways to have it. */
static const caption_model *open_model(struct model *model) {
    caption_error error;
    make_model(model);
    const char *path = fuzz_output();
    FUZZ_MUST(model_write(model, NULL, SAFETENSORS_F16, path, &error));
    const caption_model *opened = caption_model_open(path, &error);
    FUZZ_MUST(opened != NULL);
    unlink(path);
    return opened;
}

static float number(uint8_t choice) {
    static const float numbers[] = {1, 0.5F, 0, 0.9F, 1.5F, 1e-30F, 1e30F, -1, NAN, INFINITY};
    return numbers[choice % (sizeof numbers / sizeof *numbers)];
}

/* Larger ones than these are right, and slow, or as wrong as the largest. */
static size_t size(uint8_t choice) {
    return choice == UINT8_MAX ? SIZE_MAX : choice % MOST_SIZE;
}

static caption_options choose(const uint8_t *choices, const char *prefix) {
    static const char *const styles[] = {NULL, "one", "two", "none", "other"};
    const uint8_t flags = choices[0];
    caption_options options = caption_options_default();
    options.threads = 1;
    options.repeat_words = (flags & 1) != 0;
    options.sample = (flags & 2) != 0;
    options.neutral = (flags & 4) != 0;
    options.prefix = flags & 8 ? prefix : NULL;
    options.unsure = flags & 16 ? CAPTION_UNSURE_HEDGE : CAPTION_UNSURE_SKIP;
    options.beam_size = size(choices[1]);
    options.top = size(choices[2]);
    options.max_length = size(choices[3]);
    options.min_length = size(choices[4]);
    options.no_repeat_ngram = size(choices[5]);
    options.length_penalty = number(choices[6]);
    options.temperature = number(choices[7]);
    options.top_k = size(choices[8]);
    options.top_p = number(choices[9]);
    options.seed = choices[10];
    options.first_photo = size(choices[11]);
    options.style = styles[choices[12] % 5];
    options.memory = size(choices[13]);
    options.precision = (caption_precision)(choices[14] % (CAPTION_PRECISION_INT16 + 2));
    options.tags = size(choices[15]);
    options.tag_confidence = number(choices[16]);
    options.min_confidence = number(choices[17]);
    return options;
}

static bool is_share(double share) {
    return share >= 0 && share <= 1;
}

static size_t count_words(const char *text) {
    struct tokens tokens;
    caption_error error;
    FUZZ_MUST(tokens_split(text, &tokens, &error));
    const size_t count = tokens.count;
    tokens_free(&tokens);
    return count;
}

static void check_result(const caption_options *options, const caption_result *result) {
    FUZZ_MUST(result->count > 0 && result->count <= options->top);
    for (size_t i = 0; i < result->count; i++) {
        const caption_text *caption = &result->captions[i];
        if (!options->neutral && options->unsure == CAPTION_UNSURE_SKIP)
            FUZZ_MUST(count_words(caption->text) <= options->max_length);
        FUZZ_MUST(caption->logprob <= 0 && isfinite(caption->logprob));
        FUZZ_MUST(is_share(caption->confidence));
    }
    FUZZ_MUST(result->tag_count <= options->tags);
    for (size_t i = 0; i < result->tag_count; i++) {
        FUZZ_MUST(is_share(result->tags[i].confidence));
        FUZZ_MUST(result->tags[i].confidence >= (double)options->tag_confidence);
    }
}

/* The same twice: what a session did before does not count. */
static void caption(caption_session *session, const caption_options *options) {
    caption_result results[2];
    caption_error error = {0};
    for (size_t i = 0; i < 2; i++) {
        FUZZ_MUST(caption_session_bytes(session, photo, sizeof photo - 1, &results[i], &error));
        check_result(options, &results[i]);
    }
    FUZZ_MUST(results[0].count == results[1].count);
    for (size_t i = 0; i < results[0].count; i++)
        FUZZ_MUST(strcmp(results[0].captions[i].text, results[1].captions[i].text) == 0);
    caption_results_free(results, 2);
}

static void complete(caption_session *session, const caption_options *options,
                     const char *sentence) {
    caption_result result;
    caption_error error = {0};
    if (!caption_session_complete(session, sentence, &result, &error)) {
        fuzz_check_error(&error);
        return;
    }
    check_result(options, &result);
    FUZZ_MUST(result.tag_count == 0);
    caption_results_free(&result, 1);
}

static void check_words(const caption_words *words) {
    for (size_t i = 0; i < words->count; i++)
        FUZZ_MUST(words->words[i].text[0] && words->words[i].logprob <= 0);
}

static void suggest(caption_session *session, const char *sentence, size_t most) {
    caption_words words;
    caption_error error = {0};
    if (!caption_session_suggest(session, sentence, most, &words, &error)) {
        FUZZ_MUST(most == 0);
        fuzz_check_error(&error);
        return;
    }
    check_words(&words);
    FUZZ_MUST(words.count <= most && words.begun <= strlen(sentence));
    for (size_t i = 1; i < words.count; i++)
        FUZZ_MUST(words.words[i].logprob <= words.words[i - 1].logprob);
    caption_words_free(&words);
}

static void score(caption_session *session, const char *sentence) {
    caption_words words;
    caption_error error = {0};
    FUZZ_MUST(caption_session_score(session, sentence, &words, &error));
    check_words(&words);
    FUZZ_MUST(words.count > 0 && strcmp(words.words[words.count - 1].text, ".") == 0);
    caption_words_free(&words);
}

static void use(const caption_captioner *captioner, const caption_options *options,
                const uint8_t *choices, const char *sentence) {
    caption_error error = {0};
    caption_session *session = caption_session_new(captioner, &error);
    FUZZ_MUST(session != NULL);
    caption(session, options);
    if (choices[18] & 1)
        FUZZ_MUST(caption_session_look_bytes(session, photo, sizeof photo - 1, &error));
    complete(session, options, sentence);
    suggest(session, sentence, choices[19] % MOST_SUGGESTIONS);
    score(session, sentence);
    caption_session_free(session);
}

static void search(const struct model *model, const char *sentence) {
    static struct search_sentences *sentences;
    caption_error error = {0};
    float vector[8];
    FUZZ_MUST(model->search.size <= 8);
    if (!sentences) sentences = search_sentences_new(model, &error);
    FUZZ_MUST(sentences != NULL);
    if (!search_sentence_vector(sentences, sentence, vector, &error)) fuzz_check_error(&error);
}

static void take(const caption_model *model, const uint8_t *choices, const char *prefix,
                 const char *sentence) {
    const caption_options options = choose(choices, prefix);
    caption_error error = {0};
    caption_captioner *captioner = caption_captioner_new(model, &options, &error);
    if (!captioner) {
        fuzz_check_error(&error);
        return;
    }
    use(captioner, &options, choices, sentence);
    caption_captioner_free(captioner);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct model model;
    static const caption_model *opened;
    if (size < CHOICES) return 0;
    if (!opened) opened = open_model(&model);
    char *prefix = fuzz_text(bytes + CHOICES, size - CHOICES);
    char *end = strchr(prefix, '\n');
    if (end) *end++ = '\0';
    const char *sentence = end ? end : "";
    search(&model, sentence);
    take(opened, bytes, prefix, sentence);
    free(prefix);
    return 0;
}
