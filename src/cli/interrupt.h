/* Ctrl-C: the first one asks the command to stop at the next good place, a second one ends the
 * program at once. */
#ifndef CAPTION_CLI_INTERRUPT_H
#define CAPTION_CLI_INTERRUPT_H

#include <stdbool.h>

/* Starts to listen for SIGINT, SIGTERM and, unless it is ignored, SIGHUP. */
void interrupt_listen(void);

/* True once one of them has come. */
bool interrupt_came(void);

#endif
