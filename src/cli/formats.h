/* caption --formats: what this build reads, and by which libraries. */
#ifndef CAPTION_CLI_FORMATS_H
#define CAPTION_CLI_FORMATS_H

#include <stdio.h>

/* Writes a line for each: FORMAT<TAB>yes|no<TAB>LIBRARY, the library that reads it or that is
 * missing, with the reason where one is there and cannot be loaded. */
void formats_write(FILE *stream);

#endif
