#include "cli/set_lists.h"

bool set_lists_check(const struct options_list *list, const char *flag, size_t sets,
                     bool one_for_all, caption_error *error) {
    if (list->count == 0 || list->count == sets || (one_for_all && list->count == 1)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--%s: expected %s%zu value%s, one for each data set, found %zu", flag,
                     one_for_all && sets > 1 ? "1 or " : "", sets, sets == 1 ? "" : "s",
                     list->count);
}

const char *set_lists_value(const struct options_list *list, size_t set) {
    if (list->count == 0) return NULL;
    return list->items[list->count == 1 ? 0 : set];
}
