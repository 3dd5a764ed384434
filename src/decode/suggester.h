/* Words for a sentence that is on its way, about a photo or about none: the unroll many to many, a
 * distribution over the next word after every word that is read. Without a photo the decoder is a
 * language model; it then sees the mean of the features that it learned from. */
#ifndef CAPTION_DECODE_SUGGESTER_H
#define CAPTION_DECODE_SUGGESTER_H

#include "base/file.h"
#include "decode/decode.h"

/* What the end of a sentence is called where words are: no word is. */
#define SUGGESTER_END "."

/* The working memory of one caller. What a photo or a completion needs is made by the first of its
 * kind; later calls allocate their result and a text's words alone. Holds on to `prepared`. NULL
 * with `error` set when memory is short. */
struct suggester;
struct suggester *suggester_new(const struct prepared *prepared, caption_error *error);
void suggester_free(struct suggester *suggester);

/* What sentences are about from now on: a photo (the bytes of its file; messages begin with `name`)
 * or, as at the start, none (NULL). After a failure it is none. */
bool suggester_look(struct suggester *suggester, const struct file_bytes *photo, const char *name,
                    caption_error *error);

/* The features of the photo that was looked at, (F,); NULL: none was. */
const float *suggester_features(const struct suggester *suggester);

/* Looks again at a photo, whose features are copied. False with `error` set when memory is short.
 */
bool suggester_recall(struct suggester *suggester, const float *features, caption_error *error);

/* The `most` words most likely to come next; see caption_session_suggest, also for the others. */
bool suggester_suggest(struct suggester *suggester, const char *text, size_t most,
                       caption_words *words, caption_error *error);
bool suggester_score(struct suggester *suggester, const char *sentence, caption_words *words,
                     caption_error *error);

/* The sentences that begin with the text. Freed with decode_results_free. */
bool suggester_complete(struct suggester *suggester, const char *text, struct decode_result *result,
                        caption_error *error);

#endif
