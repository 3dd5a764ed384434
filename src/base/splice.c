#include "base/splice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool splices_add(struct splices *splices, size_t begin, size_t end, const void *bytes, size_t size,
                 caption_error *error) {
    if (!memory_grow(&splices->items, &splices->capacity, splices->count + 1,
                     sizeof *splices->items, "parts of a file", error))
        return false;
    struct splice splice = {.begin = begin, .end = end, .size = size, .number = splices->count};
    splice.bytes = memory_uninitialised(size, 1, "parts of a file", error);
    if (!splice.bytes) return false;
    if (size > 0) memcpy(splice.bytes, bytes, size);
    splices->items[splices->count++] = splice;
    return true;
}

static int compare(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b) {
    const struct splice *x = a, *y = b;
    int order = compare(x->begin, y->begin);
    if (order == 0) order = compare(x->end, y->end);
    return order ? order : compare(x->number, y->number);
}

static bool size_after(const struct splices *splices, size_t size, size_t *out) {
    *out = size;
    for (size_t i = 0; i < splices->count; i++) {
        const struct splice *splice = &splices->items[i];
        if (!size_add(*out - (splice->end - splice->begin), splice->size, out)) return false;
    }
    return true;
}

bool splices_apply(struct splices *splices, const void *bytes, size_t size, struct file_bytes *out,
                   caption_error *error) {
    if (splices->count > 0) qsort(splices->items, splices->count, sizeof *splices->items, by_place);
    size_t all, capacity;
    if (!size_after(splices, size, &all) || !size_add(all, 1, &capacity))
        return error_memory(error, "a changed file");
    *out = (struct file_bytes){memory_uninitialised(capacity, 1, "a changed file", error), all};
    if (!out->data) return false;
    const uint8_t *from = bytes;
    uint8_t *to = out->data;
    size_t at = 0;
    for (size_t i = 0; i < splices->count; i++) {
        const struct splice *splice = &splices->items[i];
        memcpy(to, from + at, splice->begin - at);
        to += splice->begin - at;
        memcpy(to, splice->bytes, splice->size);
        to += splice->size;
        at = splice->end;
    }
    memcpy(to, from + at, size - at);
    out->data[all] = 0;
    return true;
}

void splices_free(struct splices *splices) {
    for (size_t i = 0; i < splices->count; i++) free(splices->items[i].bytes);
    free(splices->items);
    *splices = (struct splices){0};
}
