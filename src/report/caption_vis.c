#include "report/caption_vis.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/json_text.h"

struct caption_vis {
    struct caption_output output;
    struct file_writer writer;
    size_t count;
};

static bool put_row(cJSON *object, const struct caption_row *row, caption_error *error) {
    char id[32];
    snprintf(id, sizeof id, "%zu", row->number + 1);
    return json_put(object, "image_id", json_text(id, error), error) &&
           json_put(object, "caption", json_text(row->result->captions[0].text, error), error) &&
           json_put(object, "file_name", json_text(row->path, error), error);
}

static bool add_row(struct caption_output *output, const struct caption_row *row,
                    caption_error *error) {
    struct caption_vis *vis = (struct caption_vis *)output;
    if (row->result->count == 0 || row->result->captions[0].text[0] == '\0') return true;
    cJSON *object = cJSON_CreateObject();
    if (!object) return error_memory(error, "a row of captions");
    FILE *stream = vis->writer.stream;
    fputc(vis->count++ == 0 ? '[' : ',', stream);
    const bool ok = put_row(object, row, error) && json_write_line(object, stream, error);
    cJSON_Delete(object);
    return ok && file_writer_is_whole(&vis->writer, error);
}

static bool end_file(struct caption_output *output, caption_error *error) {
    struct caption_vis *vis = (struct caption_vis *)output;
    fputs(vis->count == 0 ? "[]\n" : "]\n", vis->writer.stream);
    return file_writer_commit(&vis->writer, error);
}

static void free_vis(struct caption_output *output) {
    struct caption_vis *vis = (struct caption_vis *)output;
    file_writer_abandon(&vis->writer);
    free(vis);
}

struct caption_output *caption_vis_new(const char *path, caption_error *error) {
    struct caption_vis *vis = memory_zeroed(1, sizeof *vis, "an output", error);
    if (!vis) return NULL;
    vis->output = (struct caption_output){.row = add_row, .end = end_file, .free = free_vis};
    if (file_writer_open(&vis->writer, path, error)) return &vis->output;
    free(vis);
    return NULL;
}

/* More than a row has. */
static const size_t largest_row = (size_t)1 << 16;

/* A row of this file, or of eval --results with confidences. */
static bool is_row(const cJSON *object) {
    static const char *const keys[] = {"image_id", "caption", "file_name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(object, keys[i]))) return false;
    const bool sure = cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(object, "confidence"));
    return cJSON_GetArraySize(object) == (int)(sizeof keys / sizeof *keys) + sure;
}

bool caption_vis_recognise(const char *path) {
    struct file_bytes beginning;
    if (!file_read_beginning(path, largest_row, &beginning)) return false;
    const char *text = (const char *)beginning.data;
    bool ours = strcmp(text, "[]\n") == 0;
    if (text[0] == '[' && !ours) {
        cJSON *row = cJSON_ParseWithLengthOpts(text + 1, beginning.size - 1, NULL, false);
        ours = is_row(row);
        cJSON_Delete(row);
    }
    file_bytes_free(&beginning);
    return ours;
}
