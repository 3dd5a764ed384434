/* A model written is the model read; a file that lies is refused, by name and field. */
#include "model_fixture.h"

#include <math.h>

#include "data/table.h"
#include "model/model.h"

/* One whose encoder learns from scratch. */
static struct model learning_model(void) {
    struct model_design design = small_design();
    design.batch_norm = true;
    return random_model(&design);
}

static struct model read_back(const char *path) {
    struct model model;
    caption_error error = {0};
    if (!model_read(&model, path, &error)) fail_msg("%s", error.message);
    return model;
}

static void assert_close(const struct model *a, const struct model *b, double tolerance) {
    assert_int_equal(a->parameters.tensor_count, b->parameters.tensor_count);
    for (size_t i = 0; i < a->parameters.tensor_count; i++) {
        const struct parameter *tensor = &a->parameters.tensors[i];
        assert_string_equal(tensor->name, b->parameters.tensors[i].name);
        const real *x = parameters_at_const(&a->parameters, a->parameters.values, i);
        const real *y = parameters_at_const(&b->parameters, b->parameters.values, i);
        for (size_t j = 0; j < tensor->count; j++) {
            const double difference = fabs((double)x[j] - (double)y[j]);
            if (difference > tolerance * fabs((double)x[j]) + tolerance * 1e-4) {
                fail_msg("%s[%zu]: %g and %g", tensor->name, j, (double)x[j], (double)y[j]);
            }
        }
    }
}

static void a_learning_model_is_folded_before_it_is_written(void **state) {
    (void)state;
    struct model learning = learning_model(), folded;
    char *path = temporary_file_new();
    caption_error error = {0};
    assert_false(model_write(&learning, NULL, SAFETENSORS_F32, path, &error));
    assert_non_null(strstr(error.message, "fold it first"));
    free(path);

    assert_true(model_folded(&learning, learning.parameters.values, &folded, &error));
    path = written(&folded, SAFETENSORS_F32);
    struct model read = read_back(path);
    struct model plain = small_model();
    assert_close(&folded, &read, 0);
    assert_int_equal(read.parameters.tensor_count, plain.parameters.tensor_count);
    for (size_t i = 0; i < read.parameters.tensor_count; i++) {
        assert_string_equal(read.parameters.tensors[i].name, plain.parameters.tensors[i].name);
        assert_int_equal(read.parameters.tensors[i].group, plain.parameters.tensors[i].group);
    }
    assert_true(read.preprocessing.mean[1] == 123.675F);
    const cJSON *note = cJSON_GetObjectItem(read.provenance, "data");
    assert_string_equal(note->valuestring, "seven dogs");
    assert_string_equal(read.vocabulary.words[VOCABULARY_SPECIALS + 2], "läuft");
    model_free(&learning);
    model_free(&folded);
    model_free(&read);
    model_free(&plain);
    temporary_file_free(path);
}

static void without_batch_norm_a_folded_model_is_a_copy_with_the_values_given(void **state) {
    (void)state;
    struct model model = small_model(), folded;
    real *values = calloc(model.parameters.count, sizeof *values);
    for (size_t i = 0; i < model.parameters.count; i++) values[i] = model.parameters.values[i] / 2;
    assert_true(model_folded(&model, values, &folded, NULL));
    memcpy(model.parameters.values, values, model.parameters.count * sizeof *values);
    assert_close(&model, &folded, 0);
    model_free(&model);
    model_free(&folded);
    free(values);
}

static void a_model_written_is_the_model_read(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    struct model again = read_back(path);
    assert_close(&model, &again, 0);
    assert_string_equal(again.encoder.architecture, small_encoder);
    assert_int_equal(again.encoder.size, 32);
    assert_memory_equal(&again.preprocessing, &model.preprocessing, sizeof model.preprocessing);
    assert_ptr_equal(again.decoder.cell, &cell_gru);
    assert_int_equal(again.decoder.embedding, 6);
    assert_int_equal(again.decoder.hidden, 10);
    assert_int_equal(again.vocabulary.count, model.vocabulary.count);
    for (size_t i = 0; i < model.vocabulary.count; i++) {
        assert_string_equal(again.vocabulary.words[i], model.vocabulary.words[i]);
        assert_int_equal(again.vocabulary.counts[i], model.vocabulary.counts[i]);
    }
    assert_true(cJSON_Compare(again.provenance, model.provenance, true));
    model_free(&again);
    model_free(&model);
    temporary_file_free(path);
}

static void sixteen_bits_keep_what_they_can_and_constants_all(void **state) {
    (void)state;
    struct model model = small_model();
    real *scale =
        parameters_at(&model.parameters, model.parameters.values, model.decoder.image_scale);
    scale[3] = 1234567; /* more than F16 holds */
    const struct {
        enum safetensors_type type;
        double tolerance;
    } cases[] = {{SAFETENSORS_F16, 1.0 / 2048}, {SAFETENSORS_BF16, 1.0 / 256}};
    for (size_t i = 0; i < 2; i++) {
        char *path = written(&model, cases[i].type);
        struct model again = read_back(path);
        assert_close(&model, &again, cases[i].tolerance);
        const real *read_scale = parameters_at_const(&again.parameters, again.parameters.values,
                                                     again.decoder.image_scale);
        assert_memory_equal(read_scale, scale, model.decoder.features * sizeof *scale);
        model_free(&again);
        temporary_file_free(path);
    }
    model_free(&model);
}

static void the_same_model_gives_the_same_bytes(void **state) {
    (void)state;
    struct model model = small_model();
    char *paths[2];
    paths[0] = written(&model, SAFETENSORS_F16);
    model_free(&model);
    model = read_back(paths[0]);
    paths[1] = written(&model, SAFETENSORS_F16); /* once more through memory */
    struct file_bytes bytes[2];
    for (size_t i = 0; i < 2; i++) assert_true(file_read(paths[i], 1 << 24, &bytes[i], NULL));
    assert_int_equal(bytes[0].size, bytes[1].size);
    assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].size);
    for (size_t i = 0; i < 2; i++) {
        file_bytes_free(&bytes[i]);
        temporary_file_free(paths[i]);
    }
    model_free(&model);
}

static void other_values_of_the_same_layout_can_be_written(void **state) {
    (void)state;
    struct model model = small_model();
    real *average = calloc(model.parameters.count, sizeof *average);
    assert_non_null(average);
    for (size_t i = 0; i < model.parameters.count; i++) average[i] = model.parameters.values[i] / 2;
    char *path = temporary_file_new();
    assert_true(model_write(&model, average, SAFETENSORS_F32, path, NULL));
    struct model again = read_back(path);
    for (size_t i = 0; i < model.parameters.count; i++) model.parameters.values[i] /= 2;
    assert_close(&model, &again, 0);
    free(average);
    model_free(&again);
    model_free(&model);
    temporary_file_free(path);
}

/* What a forger changes when copying a model file. */
struct forgery {
    const char *key, *value; /* metadata: another value, NULL leaves it out */
    const char *tensor;      /* left out, or of ... */
    const size_t *shape;     /* ... another shape */
    size_t dimensions;
    const char *added; /* a tensor more */
};

static void copy_tensor(struct safetensors_writer *writer, const struct safetensors *file,
                        const struct safetensors_tensor *tensor, const struct forgery *forgery) {
    float *numbers = calloc(tensor->count, sizeof *numbers);
    assert_non_null(numbers);
    assert_true(safetensors_floats(file, tensor, numbers, NULL));
    const bool forged = forgery->tensor && strcmp(forgery->tensor, tensor->name) == 0;
    if (!forged || forgery->shape) {
        assert_true(safetensors_writer_tensor(
            writer,
            &(struct new_tensor){tensor->name, SAFETENSORS_F32,
                                 forged ? forgery->shape : tensor->shape,
                                 forged ? forgery->dimensions : tensor->dimensions, numbers},
            NULL));
    }
    free(numbers);
}

/* A copy of the file with the forgery in it. */
static char *forge(const char *path, const struct forgery *forgery) {
    struct safetensors file;
    assert_true(safetensors_open(&file, path, NULL));
    char *copy = temporary_file_new();
    struct safetensors_writer *writer = safetensors_writer_new(copy, NULL);
    assert_non_null(writer);
    const cJSON *item, *metadata = cJSON_GetObjectItem(file.header, "__metadata__");
    cJSON_ArrayForEach(item, metadata) {
        const bool forged = forgery->key && strcmp(forgery->key, item->string) == 0;
        const char *value = forged ? forgery->value : item->valuestring;
        if (value) assert_true(safetensors_writer_metadata(writer, item->string, value, NULL));
    }
    for (size_t i = 0; i < file.tensor_count; i++) {
        copy_tensor(writer, &file, &file.tensors[i], forgery);
    }
    if (forgery->added) {
        assert_true(safetensors_writer_tensor(
            writer,
            &(struct new_tensor){forgery->added, SAFETENSORS_F32, (size_t[]){1}, 1, (float[]){0}},
            NULL));
    }
    assert_true(safetensors_writer_finish(writer, NULL));
    safetensors_close(&file);
    return copy;
}

typedef bool model_opener(struct model *model, const char *path, caption_error *error);

static void assert_refused_by(model_opener *open, const char *path, const char *message) {
    struct model model;
    caption_error error = {0};
    if (open(&model, path, &error)) fail_msg("accepted in spite of: %s", message);
    assert_memory_equal(error.message, path, strlen(path));
    assert_memory_equal(error.message + strlen(path), ": ", 2);
    const char *found = error.message + strlen(path) + 2;
    if (strncmp(found, message, strlen(message)) != 0) {
        fail_msg("expected \"%s\", found \"%s\"", message, found);
    }
    assert_null(model.parameters.values); /* nothing is left to free */
    assert_null(model.vocabulary.words);
    assert_null(model.file.header);
}

static void assert_refused(const char *path, const char *message) {
    assert_refused_by(model_read, path, message);
    assert_refused_by(model_open, path, message);
}

static void a_lying_field_is_an_error_that_names_it(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"format", NULL,
         "no model of caption: __metadata__: format: expected \"caption\", found nothing"},
        {"format", "pt",
         "no model of caption: __metadata__: format: expected \"caption\", found \"pt\""},
        {"version", NULL, "__metadata__: version: missing"},
        {"version", "2", "__metadata__: version: expected \"1\", found \"2\""},
        {"encoder", NULL, "__metadata__: encoder: missing"},
        {"encoder", "stem_c8 xx_c3", "encoder architecture: word \"xx_c3\""},
        {"encoder", "", "encoder architecture: it is empty"},
        {"cell", "transformer", "cell: expected rnn, gru or lstm, found \"transformer\""},
        {"cell", NULL, "__metadata__: cell: missing"},
        {"image_input", "never", "image_input: expected first or every, found \"never\""},
        {"image_input", "", "image_input: expected first or every, found \"\""},
        {"image_size", NULL, "__metadata__: image_size: missing"},
        {"image_size", "-32",
         "__metadata__: image_size: expected a whole number of at most 9 digits, found \"-32\""},
        {"image_size", "32x32", "__metadata__: image_size: expected a whole number"},
        {"image_size", "1000000", "encoder: side of the photo: expected 16 to 1024 pixels"},
        {"embedding", "0", "embedding: expected 1 to 16384, found 0"},
        {"embedding", "99999999999999999999", "__metadata__: embedding: expected a whole number"},
        {"embedding", "16384",
         "tensor \"decoder.image.weight\": expected shape [16384, 16], found "
         "[6, 16]"},
        {"hidden", "16385", "hidden: expected 1 to 16384, found 16385"},
        {"hidden", "11",
         "tensor \"decoder.cell.weight_ih\": expected shape [33, 6], found [30, 6]"},
        {"mean", NULL, "__metadata__: mean: missing"},
        {"mean", "[1,2]", "__metadata__: mean: expected 3 numbers from -10000 to 10000"},
        {"mean", "[1,2,1e999]", "__metadata__: mean: expected 3 numbers"},
        {"mean", "[1,2,\"3\"]", "__metadata__: mean: expected 3 numbers"},
        {"mean", "[1,2,3", "__metadata__: mean: expected 3 numbers"},
        {"std", "[1,0,1]",
         "__metadata__: std: expected 3 numbers from 0.001 to 10000 as in "
         "[1,2,3], found \"[1,0,1]\""},
        {"vocabulary", NULL, "__metadata__: vocabulary: missing"},
        {"vocabulary", "", "vocabulary: words, the special ones included: expected 5 to 1000000"},
        {"vocabulary", "a\t3\na\t2\n", "vocabulary: line 2: \"a\" for a second time"},
        {"vocabulary", "a\t3\n",
         "tensor \"decoder.embedding.weight\": expected shape [5, 6], "
         "found [8, 6]"},
        {"provenance", NULL, "__metadata__: provenance: missing"},
        {"provenance", "[]", "__metadata__: provenance: expected an object, found an array"},
        {"provenance", "{", "provenance: not valid JSON"},
        {"provenance", "{\"data\":3}",
         "__metadata__: provenance: data: expected a string, found a number"},
    };
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = forge(path, &(struct forgery){.key = cases[i].key, .value = cases[i].value});
        assert_refused(copy, cases[i].message);
        temporary_file_free(copy);
    }
    model_free(&model);
    temporary_file_free(path);
}

static void a_lying_search_part_is_an_error_that_names_it(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *tensor, *message;
    } cases[] = {
        {"search_size", NULL, NULL, "search_size: expected 1 to 4096, found 0"},
        {"search_size", "4097", NULL, "search_size: expected 1 to 4096, found 4097"},
        {"search_size", "-7", NULL,
         "__metadata__: search_size: expected a whole number of at most 9 digits, found \"-7\""},
        {"search_size", "8", NULL,
         "tensor \"search.sentence.weight\": expected shape [8, 5], found [7, 5]"},
        {"search_hidden", NULL, NULL, "search_hidden: expected 1 to 16384, found 0"},
        {"search_hidden", "999999999", NULL, "search_hidden: expected 1 to 16384"},
        {"search_hidden", "6", NULL,
         "tensor \"search.cell.weight_ih\": expected shape [18, 6], found [15, 6]"},
        {NULL, NULL, "search.photo.bias", "tensor \"search.photo.bias\""},
    };
    struct model_design design = small_design();
    design.search_size = 7;
    design.search_hidden = 5;
    struct model model = random_model(&design);
    char *path = written(&model, SAFETENSORS_F32);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = forge(path, &(struct forgery){.key = cases[i].key,
                                                   .value = cases[i].value,
                                                   .tensor = cases[i].tensor});
        assert_refused(copy, cases[i].message);
        temporary_file_free(copy);
    }
    model_free(&model);
    temporary_file_free(path);
}

static void how_often_the_image_is_seen_stays_with_a_model(void **state) {
    (void)state;
    struct model_design design = small_design();
    design.image_input = "every";
    struct model model = random_model(&design);
    char *path = written(&model, SAFETENSORS_F32);
    model_free(&model);
    model = read_back(path);
    assert_string_equal(decoder_image_input(&model.decoder), "every");
    struct model folded;
    assert_true(model_folded(&model, model.parameters.values, &folded, NULL));
    assert_true(folded.decoder.image_every);
    model_free(&folded);
    struct vocabulary words = new_vocabulary();
    struct random random = random_seeded(1, 0);
    struct model other;
    assert_true(model_with_words(&other, &model, 64, &words, &random, NULL));
    assert_true(other.decoder.image_every);
    assert_int_equal(other.preprocessing.size, 64);
    assert_int_equal(other.encoder.size, 64);
    model_free(&other);
    model_free(&model);

    /* Files from before there was a choice are silent on it. */
    char *silent = forge(path, &(struct forgery){.key = "image_input"});
    model = read_back(silent);
    assert_string_equal(decoder_image_input(&model.decoder), "first");
    model_free(&model);
    temporary_file_free(silent);
    temporary_file_free(path);
}

static void a_tensor_that_does_not_fit_is_an_error_that_names_it(void **state) {
    (void)state;
    static const size_t turned[] = {16, 6}, flat[] = {6 * 16};
    static const struct {
        struct forgery forgery;
        const char *message;
    } cases[] = {
        {{.tensor = "decoder.output.bias"}, "tensor \"decoder.output.bias\": missing"},
        {{.tensor = "encoder.conv_stem.weight"}, "tensor \"encoder.conv_stem.weight\": missing"},
        {{.tensor = "decoder.image.weight", .shape = turned, .dimensions = 2},
         "tensor \"decoder.image.weight\": expected shape [6, 16], found [16, 6]"},
        {{.tensor = "decoder.image.weight", .shape = flat, .dimensions = 1},
         "tensor \"decoder.image.weight\": expected shape [6, 16], found [96]"},
        {{.added = "decoder.secret"},
         "tensor \"decoder.secret\": the model's architecture has no such tensor"},
    };
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = forge(path, &cases[i].forgery);
        assert_refused(copy, cases[i].message);
        temporary_file_free(copy);
    }
    model_free(&model);
    temporary_file_free(path);
}

/* The file of a small model, and its bytes. */
static char *written_bytes(struct file_bytes *bytes) {
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F32);
    model_free(&model);
    assert_true(file_read(path, 1 << 24, bytes, NULL));
    return path;
}

static void a_number_that_is_not_finite_is_an_error_that_names_its_tensor(void **state) {
    (void)state;
    struct file_bytes bytes;
    char *path = written_bytes(&bytes);
    struct safetensors file;
    assert_true(safetensors_open(&file, path, NULL));
    const struct safetensors_tensor *tensor = safetensors_find(&file, "encoder.conv_stem.weight");
    const size_t place = tensor->offset + 4 * 5;
    safetensors_close(&file);
    memcpy(bytes.data + place, "\0\0\xc0\x7f", 4);
    temporary_file_write(path, bytes.data, bytes.size);
    assert_refused_by(model_read, path, "tensor \"encoder.conv_stem.weight\": number 5 is nan");
    file_bytes_free(&bytes);
    temporary_file_free(path);
}

static void a_model_cut_short_is_an_error(void **state) {
    (void)state;
    struct file_bytes bytes;
    char *path = written_bytes(&bytes);
    for (size_t size = 0; size < bytes.size; size += 997) {
        temporary_file_write(path, bytes.data, size);
        assert_refused(path, "");
    }
    file_bytes_free(&bytes);
    temporary_file_free(path);
}

static void an_impossible_design_is_an_error(void **state) {
    (void)state;
    struct model_design designs[6];
    for (size_t i = 0; i < 6; i++) designs[i] = small_design();
    designs[0].encoder = "resnet50";
    designs[1].size = 4;
    designs[2].cell = "";
    designs[3].embedding = 0;
    designs[4].hidden = SIZE_MAX;
    designs[5].image_input = "last";
    for (size_t i = 0; i < 6; i++) {
        struct model model;
        caption_error error = {0};
        assert_false(make_model(&model, &designs[i], &error));
        assert_int_not_equal(error.status, CAPTION_OK);
        assert_null(model.encoder.layers);
    }
    struct vocabulary empty;
    assert_true(vocabulary_init(&empty, NULL));
    const struct model_design design = small_design();
    struct model model;
    caption_error error = {0};
    assert_false(model_new(&model, &design, &empty, &error));
    assert_message_has(&error, "vocabulary: words, the special ones included: expected 5");
}

static void a_preset_is_known_by_its_name(void **state) {
    (void)state;
    struct model_design design = small_design();
    design.encoder = "tiny";
    struct model model;
    assert_true(make_model(&model, &design, NULL));
    assert_string_equal(model.encoder.architecture, encoder_architecture("tiny"));
    model_free(&model);
}

static const real *tensor_values(const struct model *model, const char *name, size_t *count) {
    size_t index;
    assert_true(parameters_find(&model->parameters, name, &index));
    *count = model->parameters.tensors[index].count;
    return parameters_at_const(&model->parameters, model->parameters.values, index);
}

static void assert_same_encoder(const struct model *a, const struct model *b) {
    for (size_t i = 0; i < a->parameters.tensor_count; i++) {
        const char *name = a->parameters.tensors[i].name;
        if (strncmp(name, "encoder.", 8) != 0) continue;
        size_t count;
        const real *x = tensor_values(a, name, &count), *y = tensor_values(b, name, &count);
        assert_memory_equal(x, y, count * sizeof *x);
    }
}

/* The encoder's tensors alone, with timm's names, and a classifier beside them. */
static char *written_encoder(const struct model *model) {
    char *whole = written(model, SAFETENSORS_F32), *path = temporary_file_new();
    struct safetensors file;
    assert_true(safetensors_open(&file, whole, NULL));
    struct safetensors_writer *writer = safetensors_writer_new(path, NULL);
    assert_non_null(writer);
    for (size_t i = 0; i < file.tensor_count; i++) {
        struct safetensors_tensor tensor = file.tensors[i];
        if (strncmp(tensor.name, "encoder.", 8) != 0) continue;
        tensor.name += 8;
        copy_tensor(writer, &file, &tensor, &(struct forgery){0});
    }
    assert_true(safetensors_writer_tensor(
        writer,
        &(struct new_tensor){"classifier.bias", SAFETENSORS_F32, (size_t[]){2}, 1, (float[]){1, 2}},
        NULL));
    assert_true(safetensors_writer_finish(writer, NULL));
    safetensors_close(&file);
    temporary_file_free(whole);
    return path;
}

static bool read_encoder(struct model *model, const char *path, caption_error *error) {
    struct encoder_import import;
    if (!encoder_import_open(&import, path, model->encoder.architecture, error)) return false;
    const bool ok = model_import_encoder(model, &import, error);
    encoder_import_close(&import);
    return ok;
}

static void an_encoder_is_read_with_or_without_prefix_and_nothing_else(void **state) {
    (void)state;
    struct model model = small_model();
    char *paths[2] = {written(&model, SAFETENSORS_F32), written_encoder(&model)};
    for (size_t i = 0; i < 2; i++) {
        const struct model_design design = small_design();
        struct model fresh;
        assert_true(make_model(&fresh, &design, NULL));
        caption_error error = {0};
        if (!read_encoder(&fresh, paths[i], &error)) fail_msg("%s", error.message);
        assert_same_encoder(&model, &fresh);
        size_t count;
        const real *embedding = tensor_values(&fresh, "decoder.embedding.weight", &count);
        for (size_t j = 0; j < count; j++) assert_true(embedding[j] == 0);
        /* The whole model has its preprocessing, the bare encoder does not. */
        assert_true(fresh.preprocessing.mean[1] == (i == 0 ? 123.675F : 127));
        assert_true(fresh.preprocessing.std[2] == (i == 0 ? 57.375F : 128));
        model_free(&fresh);
        temporary_file_free(paths[i]);
    }
    model_free(&model);
}

static void an_encoder_of_another_architecture_is_an_error_and_changes_nothing(void **state) {
    (void)state;
    static const struct {
        const char *architecture, *message;
    } cases[] = {
        {"stem_c8 ds_r1_k3_s1_e1_c8 ir_r1_k5_s2_e2_c12 head_c24",
         "tensor \"conv_head.weight\": expected shape [24, 12, 1, 1], found [16, 12, 1, 1]"},
        {"stem_c8 ds_r1_k3_s1_e1_c8 ir_r2_k5_s2_e2_c12 head_c16",
         "tensor \"blocks.1.1.conv_pw.weight\": missing"},
        {"stem_c8 ds_r1_k3_s1_e1_c12 head_c16", "tensor \"blocks.0.0.conv_pw.weight\": expected"},
        {"stem_c8 ir_r1_k3_s1_e2_c12 head_c16", "tensor \"blocks.0.0.conv_pw.weight\": expected"},
    };
    struct model model = small_model();
    char *path = written_encoder(&model);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model_design design = small_design();
        design.encoder = cases[i].architecture;
        struct model other;
        assert_true(make_model(&other, &design, NULL));
        caption_error error = {0};
        assert_false(read_encoder(&other, path, &error));
        assert_message_has(&error, cases[i].message);
        for (size_t j = 0; j < other.parameters.count; j++) {
            assert_true(other.parameters.values[j] == 0);
        }
        model_free(&other);
    }
    model_free(&model);
    temporary_file_free(path);
}

/* A chain that would go on without the file's last block. */
static void a_block_too_many_in_the_file_is_an_error(void **state) {
    (void)state;
    struct model_design design = small_design();
    design.encoder = "stem_c8 ds_r1_k3_s1_e1_c8 ir_r2_k3_s1_e2_c8 head_c16";
    struct model longer, shorter;
    assert_true(make_model(&longer, &design, NULL));
    char *path = written(&longer, SAFETENSORS_F32);
    design.encoder = "stem_c8 ds_r1_k3_s1_e1_c8 ir_r1_k3_s1_e2_c8 head_c16";
    assert_true(make_model(&shorter, &design, NULL));
    caption_error error = {0};
    assert_false(read_encoder(&shorter, path, &error));
    assert_message_has(&error, "tensor \"encoder.blocks.1.1.conv_dw.bias\": the encoder's "
                               "architecture has no such tensor");
    model_free(&longer);
    model_free(&shorter);
    temporary_file_free(path);
}

static void the_shared_encoder_is_read_in_timm_s_order(void **state) {
    (void)state;
    char *path = shared_file("encoder/efficientnet_lite0.safetensors");
    const struct model_design design = {
        .encoder = "efficientnet_lite0", .size = 224, .cell = "gru", .embedding = 4, .hidden = 4};
    struct model model;
    caption_error error = {0};
    assert_true(make_model(&model, &design, &error));
    if (!read_encoder(&model, path, &error)) fail_msg("%s", error.message);
    struct safetensors file;
    assert_true(safetensors_open(&file, path, &error));
    const struct safetensors_tensor *tensor = safetensors_find(&file, "conv_stem.weight");
    float weights[32 * 3 * 3 * 3];
    assert_int_equal(tensor->count, sizeof weights / sizeof *weights);
    assert_true(safetensors_floats(&file, tensor, weights, &error));
    size_t count;
    const real *memory = tensor_values(&model, "encoder.conv_stem.weight", &count);
    /* The file's (out, in, tap) is memory's (tap, in, out). */
    for (size_t out = 0; out < 32; out++) {
        for (size_t in = 0; in < 3; in++) {
            for (size_t tap = 0; tap < 9; tap++) {
                assert_true(memory[(tap * 3 + in) * 32 + out] == weights[(out * 3 + in) * 9 + tap]);
            }
        }
    }
    safetensors_close(&file);
    model_free(&model);
    free(path);
}

static void a_note_replaces_the_one_before_and_is_always_utf8(void **state) {
    (void)state;
    struct model model = small_model();
    assert_true(model_note(&model, "data", "caf\xe9 \xc3\xa9", NULL));
    assert_int_equal(cJSON_GetArraySize(model.provenance), 2);
    assert_string_equal(
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(model.provenance, "data")),
        "caf\xef\xbf\xbd \xc3\xa9");
    model_free(&model);
}

static void a_named_model_goes_before_the_environment_s(void **state) {
    (void)state;
    char *kept = getenv("CAPTION_MODEL");
    kept = kept ? strdup(kept) : NULL;
    struct model_place place;
    caption_error error;
    setenv("CAPTION_MODEL", "/dev/null", 1);
    assert_string_equal(model_path("named", &place, NULL), "named");
    assert_string_equal(model_path(NULL, &place, &error), "/dev/null");
    setenv("CAPTION_MODEL", "of/the/environment", 1);
    assert_null(model_path(NULL, &place, &error));
    assert_non_null(strstr(error.message, "$CAPTION_MODEL: of/the/environment"));
    setenv("CAPTION_MODEL", "", 1);
    assert_non_null(strstr(model_path(NULL, &place, &error), "caption.safetensors"));
    unsetenv("CAPTION_MODEL");
    assert_non_null(strstr(model_path(NULL, &place, &error), "caption.safetensors"));
    if (kept) setenv("CAPTION_MODEL", kept, 1);
    free(kept);
}

static void info_tells_what_a_model_is(void **state) {
    (void)state;
    struct model model = small_model();
    assert_true(model_note(&model, "note", "two\nlines \x1b[31m", NULL));
    char *path = written(&model, SAFETENSORS_F16);
    caption_error error = {0};
    char *text = model_info(&model, path, &error);
    assert_non_null(text);
    static const char *const parts[] = {
        "numbers F16",      "numbers F32",
        small_encoder,      "gru, embedding 6, hidden 10, image input first",
        "32 x 32",          "mean 127 123.675 127",
        "4 words: a dog l", "seven dogs",
        "two lines ?[31m\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(text, parts[i])) fail_msg("expected \"%s\" in:\n%s", parts[i], text);
    }
    free(text);
    text = model_info(&model, NULL, &error); /* not from a file */
    assert_non_null(text);
    assert_null(strstr(text, "F16"));
    free(text);
    assert_null(model_info(&model, "no/such/file", &error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
    model_free(&model);
    temporary_file_free(path);
}

/* Whatever bytes the file and its notes have. */
static void info_as_json_is_utf_8(void **state) {
    (void)state;
    struct model model = small_model();
    caption_error error;
    assert_true(model_note(&model, "data\xff", "caf\xe9", &error));
    cJSON *info = model_info_json(&model, NULL, &error);
    char *text = cJSON_PrintUnformatted(info);
    assert_non_null(text);
    struct text_faults faults = {0};
    text_faults_count(&faults, text, strlen(text));
    assert_int_equal(faults.foreign, 0);
    assert_non_null(strstr(text, "\"data\xef\xbf\xbd\":\"caf\xef\xbf\xbd\""));
    free(text);
    cJSON_Delete(info);
    model_free(&model);
}

static double number(const cJSON *object, const char *key) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void info_as_json_has_every_size(void **state) {
    (void)state;
    struct model model = small_model();
    char *path = written(&model, SAFETENSORS_F16);
    cJSON *info = model_info_json(&model, path, NULL);
    assert_non_null(info);
    size_t numbers = 0;
    for (size_t i = 0; i < model.parameters.tensor_count; i++) {
        numbers += model.parameters.tensors[i].count;
    }
    const cJSON *types = cJSON_GetObjectItem(info, "types");
    assert_true(number(types, "F32") == 2 * 16); /* shift and scale */
    assert_true(number(types, "F16") + number(types, "F32") == (double)numbers);
    const cJSON *halves = cJSON_GetObjectItem(info, "parameters");
    assert_true(number(halves, "encoder") + number(halves, "decoder") == (double)numbers);
    assert_true(number(info, "embedding") == 6 && number(info, "hidden") == 10);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(info, "image_input")), "first");
    assert_true(number(info, "words") == 4 && number(info, "image_size") == 32);
    const cJSON *provenance = cJSON_GetObjectItem(info, "provenance");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(provenance, "data")),
                        "seven dogs");
    cJSON_Delete(info);
    model_free(&model);
    temporary_file_free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_written_is_the_model_read),
        cmocka_unit_test(a_learning_model_is_folded_before_it_is_written),
        cmocka_unit_test(without_batch_norm_a_folded_model_is_a_copy_with_the_values_given),
        cmocka_unit_test(sixteen_bits_keep_what_they_can_and_constants_all),
        cmocka_unit_test(the_same_model_gives_the_same_bytes),
        cmocka_unit_test(other_values_of_the_same_layout_can_be_written),
        cmocka_unit_test(a_lying_field_is_an_error_that_names_it),
        cmocka_unit_test(a_lying_search_part_is_an_error_that_names_it),
        cmocka_unit_test(how_often_the_image_is_seen_stays_with_a_model),
        cmocka_unit_test(a_tensor_that_does_not_fit_is_an_error_that_names_it),
        cmocka_unit_test(a_number_that_is_not_finite_is_an_error_that_names_its_tensor),
        cmocka_unit_test(a_model_cut_short_is_an_error),
        cmocka_unit_test(an_impossible_design_is_an_error),
        cmocka_unit_test(a_preset_is_known_by_its_name),
        cmocka_unit_test(an_encoder_is_read_with_or_without_prefix_and_nothing_else),
        cmocka_unit_test(an_encoder_of_another_architecture_is_an_error_and_changes_nothing),
        cmocka_unit_test(a_block_too_many_in_the_file_is_an_error),
        cmocka_unit_test(the_shared_encoder_is_read_in_timm_s_order),
        cmocka_unit_test(a_note_replaces_the_one_before_and_is_always_utf8),
        cmocka_unit_test(a_named_model_goes_before_the_environment_s),
        cmocka_unit_test(info_tells_what_a_model_is),
        cmocka_unit_test(info_as_json_is_utf_8),
        cmocka_unit_test(info_as_json_has_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
