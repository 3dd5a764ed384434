/* Arguments that stand for no photo because something else was meant. */
#ifndef CAPTION_CLI_ARGUMENTS_H
#define CAPTION_CLI_ARGUMENTS_H

#include "base/error.h"

/* False with `error` set where one of the arguments of `caption PATH...`, of which there is no
 * file, is the name of a command, or the first is nearly one ("trian"). */
bool arguments_check(char *const *arguments, int count, caption_error *error);

#endif
