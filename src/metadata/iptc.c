#include "metadata/iptc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

enum {
    RESOURCE_IPTC = 0x0404,
    RESOURCE_DIGEST = 0x0425,
    MARKER = 0x1c, /* before each data set: record, number, size, data */
    HEAD = 5,
    RECORD_ENVELOPE = 1,
    ENVELOPE_CHARACTERS = 90,
    RECORD_APPLICATION = 2,
    APPLICATION_VERSION = 0,
    APPLICATION_KEYWORD = 25,
    APPLICATION_DESCRIPTION = 120,
    APPLICATION_WRITER = 122,
    LONGEST_KEYWORD = 64, /* bytes */
    LONGEST_DESCRIPTION = 2000,
    LONGEST_WRITER = 32,
};

static const uint8_t utf8_escape[] = {0x1b, '%', 'G'};

/* One text of IPTC, such as a keyword; places in the resources. */
struct data_set {
    unsigned record, number;
    size_t begin, data, end;
};

static bool damaged(caption_error *error, const char *what) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "its %s are damaged: --write-xmp writes a sidecar", what);
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0) return false;
    return true;
}

/* The data set at *at, which becomes the place behind it. False at the end, or where there is none.
 */
static bool next_data_set(const struct iptc *iptc, size_t *at, struct data_set *set) {
    const uint8_t *bytes = iptc->resources;
    if (iptc->end - *at < HEAD || bytes[*at] != MARKER) return false;
    size_t data = *at + HEAD, size = bytes_big_16(bytes + *at + 3);
    if (size & 0x8000) { /* so many bytes of size follow */
        const size_t count = size & 0x7fff;
        if (count > 4 || count > iptc->end - data) return false;
        size = 0;
        for (size_t i = 0; i < count; i++) size = size << 8 | bytes[data + i];
        data += count;
    }
    if (size > iptc->end - data) return false;
    *set = (struct data_set){bytes[*at + 1], bytes[*at + 2], *at, data, data + size};
    *at = data + size;
    return true;
}

static bool is_set(const struct data_set *set, unsigned record, unsigned number) {
    return set->record == record && set->number == number;
}

/* The encoding is named once; of several, readers take the first or the last. */
static void read_encoding(struct iptc *iptc, const uint8_t *name, size_t size) {
    const bool is_utf8 =
        size == sizeof utf8_escape && memcmp(name, utf8_escape, sizeof utf8_escape) == 0;
    iptc->is_other |= !is_utf8;
    iptc->is_utf8 = !iptc->is_other;
}

static bool read_data_sets(struct iptc *iptc, caption_error *error) {
    size_t at = iptc->begin;
    struct data_set set;
    while (next_data_set(iptc, &at, &set)) {
        const uint8_t *data = iptc->resources + set.data;
        const size_t size = set.end - set.data;
        if (is_set(&set, RECORD_ENVELOPE, ENVELOPE_CHARACTERS))
            read_encoding(iptc, data, size);
        else if (set.record == RECORD_APPLICATION && set.number != APPLICATION_VERSION)
            for (size_t i = 0; i < size; i++) iptc->is_ascii &= data[i] < 0x80;
        iptc->has_description |= is_set(&set, RECORD_APPLICATION, APPLICATION_DESCRIPTION);
    }
    return is_zero(iptc->resources + at, iptc->end - at) || damaged(error, "texts of IPTC");
}

/* Signature, number, name of an even size, size of the data, data of an even size. */
static bool next_resource(struct iptc *iptc, size_t *at, caption_error *error) {
    static const char *const signatures[] = {"8BIM", "PHUT", "DCSR", "AgHg", "MeSa"};
    const uint8_t *bytes = iptc->resources + *at;
    const size_t left = iptc->size - *at;
    bool is_known = false;
    for (size_t i = 0; left >= 12 && i < sizeof signatures / sizeof *signatures; i++)
        is_known |= memcmp(bytes, signatures[i], 4) == 0;
    const size_t name = is_known ? 1 + (size_t)bytes[6] : 0, head = 6 + name + (name & 1) + 4;
    if (!is_known || head > left) return damaged(error, "image resources");
    const size_t size = bytes_big_32(bytes + head - 4);
    if (size > left - head) return damaged(error, "image resources");
    const size_t padded = size + (size & 1 && size < left - head);
    const unsigned number = bytes_big_16(bytes + 4);
    if (number == RESOURCE_IPTC && iptc->begin == 0) {
        iptc->resource = *at;
        iptc->resource_end = *at + head + padded;
        iptc->begin = *at + head;
        iptc->end = iptc->begin + size;
    } else if (number == RESOURCE_DIGEST && size == MD5_SIZE) {
        iptc->digest = *at + head;
    }
    *at += head + padded;
    return true;
}

bool iptc_read(const uint8_t *resources, size_t size, struct iptc *iptc, caption_error *error) {
    *iptc = (struct iptc){.resources = resources, .size = size, .is_ascii = true};
    size_t at = 0;
    while (at < size && !is_zero(resources + at, size - at))
        if (!next_resource(iptc, &at, error)) return false;
    if (iptc->begin == 0) iptc->resource = iptc->resource_end = at;
    return iptc->begin == 0 || read_data_sets(iptc, error);
}

/* A data set with other data, in the place of the set. */
static bool put(const struct iptc *iptc, const struct data_set *place, struct file_bytes data,
                struct splices *splices, caption_error *error) {
    uint8_t set[HEAD + LONGEST_DESCRIPTION] = {MARKER, (uint8_t)place->record,
                                               (uint8_t)place->number, (uint8_t)(data.size >> 8),
                                               (uint8_t)data.size};
    memcpy(set + HEAD, data.data, data.size);
    return splices_add(splices, place->begin - iptc->begin, place->end - iptc->begin, set,
                       HEAD + data.size, error);
}

static struct file_bytes as_bytes(const char *text, size_t size) {
    return (struct file_bytes){(uint8_t *)(uintptr_t)text, size};
}

/* What is to be put in, and where. */
struct iptc_edit {
    const struct iptc *iptc;
    const char *description; /* NULL: none, or one that is there stays */
    struct splices splices;
    size_t envelope, application; /* the ends of the two records */
    bool puts_description, puts_writer;
};

/* A data set that is not there yet, at the end of its record. */
static struct data_set at_end(const struct iptc_edit *edit, unsigned record, unsigned number) {
    const size_t end = record == RECORD_ENVELOPE ? edit->envelope : edit->application;
    return (struct data_set){record, number, end, end, end};
}

static bool put_text(struct iptc_edit *edit, const struct data_set *place, const char *text,
                     size_t most, caption_error *error) {
    return put(edit->iptc, place, as_bytes(text, utf8_cut(text, most)), &edit->splices, error);
}

/* Replaces the description that is there, and the name of its writer. */
static bool replace_texts(struct iptc_edit *edit, caption_error *error) {
    size_t at = edit->iptc->begin;
    struct data_set set;
    while (next_data_set(edit->iptc, &at, &set)) {
        if (set.record == RECORD_ENVELOPE) edit->envelope = set.end;
        if (set.record <= RECORD_APPLICATION) edit->application = set.end;
        if (!edit->description) continue;
        if (edit->puts_description && is_set(&set, RECORD_APPLICATION, APPLICATION_DESCRIPTION)) {
            edit->puts_description = false;
            if (!put_text(edit, &set, edit->description, LONGEST_DESCRIPTION, error)) return false;
        }
        if (edit->puts_writer && is_set(&set, RECORD_APPLICATION, APPLICATION_WRITER)) {
            edit->puts_writer = false;
            if (!put_text(edit, &set, XMP_WRITER_NAME, LONGEST_WRITER, error)) return false;
        }
    }
    return true;
}

static bool has_keyword(const struct iptc *iptc, const char *keyword, size_t length) {
    size_t at = iptc->begin;
    struct data_set set;
    while (next_data_set(iptc, &at, &set))
        if (is_set(&set, RECORD_APPLICATION, APPLICATION_KEYWORD) && set.end - set.data == length &&
            strncasecmp((const char *)iptc->resources + set.data, keyword, length) == 0)
            return true;
    return false;
}

/* Whether tag `number` is, as far as a keyword has space, one before it. */
static bool is_repeated(const struct xmp_content *content, size_t number) {
    const char *keyword = content->tags[number].name;
    const size_t length = utf8_cut(keyword, LONGEST_KEYWORD);
    for (size_t i = 0; i < number; i++)
        if (utf8_cut(content->tags[i].name, LONGEST_KEYWORD) == length &&
            strncasecmp(content->tags[i].name, keyword, length) == 0)
            return true;
    return false;
}

static bool add_texts(struct iptc_edit *edit, const struct xmp_content *content,
                      caption_error *error) {
    const struct data_set description = at_end(edit, RECORD_APPLICATION, APPLICATION_DESCRIPTION),
                          writer = at_end(edit, RECORD_APPLICATION, APPLICATION_WRITER),
                          tag = at_end(edit, RECORD_APPLICATION, APPLICATION_KEYWORD);
    if (edit->puts_description &&
        !put_text(edit, &description, edit->description, LONGEST_DESCRIPTION, error))
        return false;
    if (edit->puts_writer && !put_text(edit, &writer, XMP_WRITER_NAME, LONGEST_WRITER, error))
        return false;
    for (size_t i = 0; i < content->tag_count; i++) {
        const char *keyword = content->tags[i].name;
        if (!is_repeated(content, i) &&
            !has_keyword(edit->iptc, keyword, utf8_cut(keyword, LONGEST_KEYWORD)) &&
            !put_text(edit, &tag, keyword, LONGEST_KEYWORD, error))
            return false;
    }
    return true;
}

static bool is_ascii(const char *text) {
    for (; text && *text; text++)
        if ((unsigned char)*text >= 0x80) return false;
    return true;
}

static bool are_ascii(const struct iptc_edit *edit, const struct xmp_content *content) {
    for (size_t i = 0; i < content->tag_count; i++)
        if (!is_ascii(content->tags[i].name)) return false;
    return is_ascii(edit->description);
}

/* Texts are of the encoding that the envelope names: UTF-8 in new IPTC. */
static bool add_envelope(struct iptc_edit *edit, const struct xmp_content *content,
                         caption_error *error) {
    const struct iptc *iptc = edit->iptc;
    const bool is_new = iptc->begin == iptc->end;
    const bool has_texts = edit->description || content->tag_count > 0;
    if (!has_texts || iptc->is_utf8 || (!is_new && are_ascii(edit, content))) return true;
    if (!iptc->is_ascii || iptc->is_other)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "its texts of IPTC are of an unknown encoding, which the new ones may not "
                         "fit: --write-xmp writes a sidecar");
    static const uint8_t version[] = {0, 4};
    const struct data_set characters = at_end(edit, RECORD_ENVELOPE, ENVELOPE_CHARACTERS),
                          first = at_end(edit, RECORD_APPLICATION, APPLICATION_VERSION);
    if (!put(iptc, &characters, as_bytes((const char *)utf8_escape, sizeof utf8_escape),
             &edit->splices, error))
        return false;
    return !is_new || put(iptc, &first, as_bytes((const char *)version, sizeof version),
                          &edit->splices, error);
}

/* Photoshop's MD5 of the old data becomes that of the new; one that was wrong stays. */
static bool put_digest(const struct iptc *iptc, const struct file_bytes *data,
                       struct splices *splices, caption_error *error) {
    uint8_t digest[MD5_SIZE];
    if (iptc->digest == 0) return true;
    md5(iptc->resources + iptc->begin, iptc->end - iptc->begin, digest);
    if (memcmp(digest, iptc->resources + iptc->digest, MD5_SIZE) != 0) return true;
    md5(data->data, data->size, digest);
    return splices_add(splices, iptc->digest, iptc->digest + MD5_SIZE, digest, MD5_SIZE, error);
}

static bool put_resource(const struct iptc *iptc, const struct file_bytes *data,
                         struct file_bytes *out, caption_error *error) {
    static const uint8_t new_head[12] = {
        '8', 'B', 'I', 'M', RESOURCE_IPTC >> 8, RESOURCE_IPTC & 255};
    const bool is_new = iptc->begin == 0;
    const uint8_t *head = is_new ? new_head : iptc->resources + iptc->resource;
    const size_t head_size = is_new ? sizeof new_head : iptc->begin - iptc->resource;
    /* Resources begin at even places: before a new one the last may lack its padding. */
    const size_t padding = is_new ? iptc->resource & 1 : 0;
    const size_t size = padding + head_size + data->size + (data->size & 1);
    uint8_t *resource = memory_zeroed(size, 1, "an image resource", error);
    if (!resource) return false;
    uint8_t *at = resource + padding;
    memcpy(at, head, head_size);
    for (size_t i = 0; i < 4; i++) at[head_size - 4 + i] = (uint8_t)(data->size >> (24 - 8 * i));
    memcpy(at + head_size, data->data, data->size);
    struct splices splices = {0};
    const bool ok =
        splices_add(&splices, iptc->resource, iptc->resource_end, resource, size, error) &&
        put_digest(iptc, data, &splices, error) &&
        splices_apply(&splices, iptc->resources, iptc->size, out, error);
    splices_free(&splices);
    free(resource);
    return ok;
}

static bool apply(struct iptc_edit *edit, struct file_bytes *out, caption_error *error) {
    const struct iptc *iptc = edit->iptc;
    if (edit->splices.count == 0)
        return splices_apply(&edit->splices, iptc->resources, iptc->size, out, error);
    struct file_bytes data;
    if (!splices_apply(&edit->splices, iptc->resources + iptc->begin, iptc->end - iptc->begin,
                       &data, error))
        return false;
    const bool ok = put_resource(iptc, &data, out, error);
    file_bytes_free(&data);
    return ok;
}

bool iptc_put(const struct iptc *iptc, const struct xmp_content *content, bool overwrite,
              struct file_bytes *out, caption_error *error) {
    struct iptc old = *iptc;
    if (!old.resources) old.resources = (const uint8_t *)"";
    const char *description = content->texts[XMP_DESCRIPTION];
    if (iptc->has_description && !overwrite) description = NULL;
    struct iptc_edit edit = {.iptc = &old,
                             .description = description,
                             .envelope = iptc->begin,
                             .application = iptc->begin,
                             .puts_description = description != NULL,
                             .puts_writer = description != NULL};
    const bool ok = replace_texts(&edit, error) && add_envelope(&edit, content, error) &&
                    add_texts(&edit, content, error) && apply(&edit, out, error);
    splices_free(&edit.splices);
    return ok;
}
