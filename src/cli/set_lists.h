/* Lists of flags that belong to data sets in their order: one value each, or one for all. */
#ifndef CAPTION_CLI_SET_LISTS_H
#define CAPTION_CLI_SET_LISTS_H

#include "base/error.h"
#include "cli/options.h"

/* Whether --`flag` has a value for each of `sets` data sets, or none, or, `one_for_all`, just one;
 * the error names the flag. */
bool set_lists_check(const struct options_list *list, const char *flag, size_t sets,
                     bool one_for_all, caption_error *error);

/* The value of a data set, or NULL. */
const char *set_lists_value(const struct options_list *list, size_t set);

#endif
