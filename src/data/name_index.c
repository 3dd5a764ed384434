#include "data/name_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_SLOTS = 64 };

void name_index_free(struct name_index *index) {
    free(index->slots);
    *index = (struct name_index){0};
}

/* The slot of the name, or the free one where it belongs. */
static struct name_index_slot *slot_of(const struct name_index *index, const char *name) {
    size_t at = (size_t)siphash_string(index->key, name) & (index->slot_count - 1);
    while (index->slots[at].name && strcmp(index->slots[at].name, name) != 0) {
        at = (at + 1) & (index->slot_count - 1);
    }
    return &index->slots[at];
}

size_t name_index_find(const struct name_index *index, const char *name) {
    if (index->count == 0) return NAME_INDEX_NONE;
    const struct name_index_slot *slot = slot_of(index, name);
    return slot->name ? slot->photo : NAME_INDEX_NONE;
}

static bool grow(struct name_index *index, caption_error *error) {
    struct name_index larger = {
        .slot_count = FIRST_SLOTS, .count = index->count, .key = siphash_key_new()};
    if (index->slot_count && !size_multiply(index->slot_count, 2, &larger.slot_count)) {
        return error_memory(error, "an index of photos");
    }
    larger.slots =
        memory_zeroed(larger.slot_count, sizeof *larger.slots, "an index of photos", error);
    if (!larger.slots) return false;
    for (size_t i = 0; i < index->slot_count; i++) {
        if (index->slots[i].name) *slot_of(&larger, index->slots[i].name) = index->slots[i];
    }
    free(index->slots);
    *index = larger;
    return true;
}

bool name_index_add(struct name_index *index, const char *name, size_t photo,
                    caption_error *error) {
    /* At most half full, so that a search is short. */
    if (index->count >= index->slot_count / 2 && !grow(index, error)) return false;
    *slot_of(index, name) = (struct name_index_slot){name, photo};
    index->count++;
    return true;
}
