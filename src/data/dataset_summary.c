/* A summary of a data set in one line. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/text_stream.h"
#include "data/dataset.h"

static void write_count(FILE *stream, const char *before, size_t count, const char *what) {
    fprintf(stream, "%s%zu %s%s", before, count, what, count == 1 ? "" : "s");
}

static void write_splits(FILE *stream, const struct dataset *dataset) {
    static const char *const names[] = {"train", "val", "test", "other splits", "no split"};
    size_t counts[sizeof names / sizeof *names] = {0};
    for (size_t i = 0; i < dataset->photo_count; i++) counts[dataset->photos[i].split]++;
    const char *before = " (";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (counts[i] == 0) continue;
        fprintf(stream, "%s%s %zu", before, names[i], counts[i]);
        before = ", ";
    }
    fputc(')', stream);
}

static void write_left_out(FILE *stream, const struct dataset *dataset) {
    size_t uncaptioned = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) uncaptioned += dataset->photos[i].count == 0;
    if (uncaptioned) write_count(stream, "; without captions: ", uncaptioned, "photo");
    if (dataset->without_text) {
        write_count(stream, "; no captions beside it: ", dataset->without_text, "photo");
    }
    if (dataset->without_photo) {
        write_count(stream, "; left out, without a photo: ", dataset->without_photo, "row");
    }
    if (dataset->orphans) {
        write_count(stream, "; left out, of no photo: ", dataset->orphans, "annotation");
    }
    if (dataset->failed) write_count(stream, "; left out, with an error: ", dataset->failed, "row");
    if (dataset->not_plain) {
        write_count(stream, "; passed over, no plain file: ", dataset->not_plain, "member");
    }
    if (dataset->wordless) {
        write_count(stream, "; left out, without words: ", dataset->wordless, "caption");
    }
    if (dataset->faults.foreign) {
        write_count(stream, "; not in UTF-8: ", dataset->faults.foreign, "line");
    }
    if (dataset->faults.zeros) {
        write_count(stream, "; cut at a 0 byte: ", dataset->faults.zeros, "text");
    }
}

char *dataset_summary(const struct dataset *dataset, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "a summary", error)) return NULL;
    FILE *stream = text.stream;
    fprintf(stream, "%s (%s): ", dataset->name, dataset->format);
    write_count(stream, "", dataset->photo_count, "photo");
    write_splits(stream, dataset);
    write_count(stream, ", ", dataset->caption_count, "caption");
    write_left_out(stream, dataset);
    return text_stream_close(&text, error);
}
