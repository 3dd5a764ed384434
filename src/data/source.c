#include "data/source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/table.h"
#include "data/tar.h"
#include "image/image.h"

static const size_t largest_file = (size_t)2 << 30;

/* Hugging Face's names for the captions of a folder of photos. */
static const char *const metadata_names[] = {"metadata.jsonl", "metadata.csv"};

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The file of captions in a folder, as newly allocated; *there: there is one. */
static char *find_metadata(const char *folder, bool *there, caption_error *error) {
    char *path = NULL;
    *there = false;
    for (size_t i = 0; !*there && i < sizeof metadata_names / sizeof *metadata_names; i++) {
        free(path);
        path = file_join(folder, metadata_names[i], error);
        if (!path) return NULL;
        *there = access(path, F_OK) == 0;
    }
    return path;
}

bool source_has_metadata(const char *folder) {
    bool there = false;
    free(find_metadata(folder, &there, NULL));
    return there;
}

/* Finds out what is read: a folder may stand for the file in it. */
static bool find_path(struct source *source, const char *path, caption_error *error) {
    source->folder = is_folder(path);
    if (!source->folder) {
        source->path = memory_string(path, error);
        source->beside = source->path ? file_directory(path, error) : NULL;
        return source->beside != NULL;
    }
    source->beside = memory_string(path, error);
    bool there;
    char *metadata = source->beside ? find_metadata(path, &there, error) : NULL;
    if (!metadata) return false;
    source->folder = !there;
    source->path = source->folder ? memory_string(path, error) : metadata;
    if (source->folder) free(metadata);
    return source->path != NULL;
}

static bool read_text(struct source *source, caption_error *error) {
    if (!file_read_unless(source->path, largest_file, source->how->stop, &source->file, error))
        return false;
    const char *text = (const char *)source->file.data;
    const size_t mark = utf8_mark(text, source->file.size);
    source->text = text + mark;
    source->size = source->file.size - mark;
    if (!text_faults_check(source->text, source->size, source->path, error)) return false;
    text_faults_count(&source->faults, source->text, source->size);
    return true;
}

/* Objects may follow each other, each on a line of its own; nothing may follow an array. */
static bool parse_first(struct source *source, caption_error *error) {
    struct lines lines = lines_start(source->text, source->size);
    const char *start, *end;
    size_t length;
    if (!lines_next(&lines, &start, &length) || (*start != '{' && *start != '[')) return true;
    if (*start == '{') {
        source->json = cJSON_ParseWithLengthOpts(source->text, source->size, &end, false);
    }
    if (source->json) {
        lines = lines_start(end, source->size - (size_t)(end - source->text));
        source->more = lines_next(&lines, &start, &length);
        if (!source->more || !cJSON_GetObjectItemCaseSensitive(source->json, "images")) return true;
        cJSON_Delete(source->json); /* what follows is not a row: an error */
    }
    source->json = json_parse(source->text, source->size, source->path, error);
    return source->json != NULL;
}

/* Archives may be large, and are recognised by their first bytes. */
static bool look_at_beginning(struct source *source, caption_error *error) {
    struct file_bytes bytes;
    if (!file_read_beginning(source->path, SOURCE_BEGINNING, &bytes)) return true;
    source->archive = tar_recognise(bytes.data, bytes.size);
    const bool ok = foreign_check(bytes.data, bytes.size, source->path, error);
    file_bytes_free(&bytes);
    return ok;
}

static bool read_file(struct source *source, caption_error *error) {
    return look_at_beginning(source, error) &&
           (source->archive || (read_text(source, error) && parse_first(source, error)));
}

bool source_open(struct source *source, const char *path, const struct dataset_reading *how,
                 caption_error *error) {
    *source = (struct source){.how = how};
    bool ok = find_path(source, path, error) && (source->folder || read_file(source, error));
    if (!ok) source_close(source);
    return ok;
}

void source_close(struct source *source) {
    cJSON_Delete(source->json);
    file_bytes_free(&source->file);
    free(source->path);
    free(source->beside);
    *source = (struct source){0};
}

enum { SHOWN = 32 };

/* The first bytes of the first line, where they are printable. */
static const char *beginning(const char *line, size_t length, char shown[SHOWN + 1]) {
    if (length > SHOWN) length = SHOWN;
    for (size_t i = 0; i < length; i++) {
        if (!isprint((unsigned char)line[i]) && line[i] != '\t') return NULL;
        shown[i] = line[i];
    }
    shown[length] = '\0';
    return shown;
}

static const char *json_found(const cJSON *json) {
    if (cJSON_IsObject(json)) return "an object with neither \"images\" nor a photo's file name";
    if (cJSON_IsObject(json->child)) return "an array whose first row has no photo's file name";
    return "an array of something else than rows";
}

/* The name of the photo's field may be another one, or a table have no names. */
static const char *way_out(const struct source *source, bool is_text) {
    if (source->how->photo_key) return " (--photo-key names a field that it does not have)";
    if (source->json) return " (--photo-key names the field with it)";
    return is_text ? " (the first line of a table names its columns, as file_name,caption does; "
                     "--photo-key gives the photos' column another name)"
                   : "";
}

bool source_refuse(const struct source *source, const char *formats, caption_error *error) {
    struct lines lines = lines_start(source->text, source->size);
    const char *line, *found;
    size_t length;
    char shown[SHOWN + 1];
    bool quoted = false;
    if (source->json) {
        found = json_found(source->json);
    } else if (!lines_next(&lines, &line, &length)) {
        found = "an empty file";
    } else if (image_recognise(source->file.data, source->file.size)) {
        found = "a photo";
    } else {
        found = beginning(line, length, shown);
        quoted = found != NULL;
        if (!found) found = "something else than text";
    }
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected a data set in a format that is read (%s), found %s%s%s%s",
                     source->path, formats, quoted ? "text that begins with \"" : "", found,
                     quoted ? "\"" : "", way_out(source, quoted));
}

static const char parquet[] =
    "a Parquet file, which is not read: python3 -c \"import pandas, sys; "
    "pandas.read_parquet(sys.argv[1]).to_json(sys.argv[2], orient='records', lines=True)\" "
    "FILE.parquet FILE.jsonl converts it (the training guide has a line for photos in it)";

bool foreign_check(const uint8_t *bytes, size_t size, const char *path, caption_error *error) {
    static const struct {
        const char *start, *found;
    } kinds[] = {
        {"PAR1", parquet},
        {"ARROW1", "an Arrow file, which is not read: expected JSON Lines or CSV of photos"},
        {"\x1F\x8B", "data compressed by gzip: gunzip it first"},
        {"\x28\xB5\x2F\xFD", "data compressed by zstd: unzstd it first"},
        {"\xFD"
         "7zXZ",
         "data compressed by xz: unxz it first"},
        {"BZh", "data compressed by bzip2: bunzip2 it first"},
        {"PK\3\4", "a zip archive: unzip it, and name its folder"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const size_t length = strlen(kinds[i].start);
        if (size < length || memcmp(bytes, kinds[i].start, length) != 0) continue;
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: is %s", path, kinds[i].found);
    }
    return true;
}
