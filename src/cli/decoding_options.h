/* The flags that say how captions are made: the same for every command that makes some. */
#ifndef CAPTION_CLI_DECODING_OPTIONS_H
#define CAPTION_CLI_DECODING_OPTIONS_H

#include "caption.h"
#include "cli/options.h"

enum { DECODING_OPTIONS_ROWS = 20 };

struct decoding_options {
    const char *model; /* NULL: the shipped one */
    const char *precision, *repeat_words, *unsure;
    caption_options caption;
    bool beam_size_given;
    struct options_row rows[DECODING_OPTIONS_ROWS];
};

/* Sets the defaults and the rows. The rows point into `options`, which must stay where it is. */
void decoding_options_init(struct decoding_options *options);

/* For use as a group of an options_command. */
struct options_group decoding_options_group(const struct decoding_options *options);

/* The rows of a command that encodes photos and makes no captions: model, precision, threads. */
enum { DECODING_OPTIONS_ENCODING = 3 };
void decoding_options_encoding(struct decoding_options *options,
                               struct options_row out[DECODING_OPTIONS_ENCODING]);

/* After parsing: a beam as wide as the captions asked for, unless a width was given; the
 * precision by its name. */
void decoding_options_settle(struct decoding_options *options);

#endif
