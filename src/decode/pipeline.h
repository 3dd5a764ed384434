/* Photos in, captions out, over threads, for any number of photos in the same memory.
 *
 *     next ->  [ read, decode, encode ]  ->  encoded photos  ->  [ decode words ]  ->  done
 *                 one photo a thread           of the ring        a batch a thread      in order
 *
 * Each thread takes whatever there is to do: a batch of encoded photos once there are enough, else
 * the next photo. What is between its stages lies in a ring of slots, one a photo, in the order of
 * the input; results leave it in that order. The caller's thread is one of the threads: it alone
 * asks for photos and hands out results, and works in between. Where there are fewer photos than
 * threads, several threads encode a photo together. A photo's caption does not depend on the
 * threads, nor on the photos that it shares a batch with. Where features are what is wanted, words
 * are not decoded. */
#ifndef CAPTION_DECODE_PIPELINE_H
#define CAPTION_DECODE_PIPELINE_H

#include "base/file.h"
#include "decode/decode.h"
#include "image/image.h"

/* The caller's side. `next` and `result` are called on its thread. */
struct pipeline_ends {
    /* Gives the next photo; false when there is none. What it points to must stay until the photo's
     * result was taken. */
    bool (*next)(void *context, caption_photo *photo);
    /* Takes the result of a photo, in the order in which they were given: captions, or a count of 0
     * and why. False ends the run, with the error that it set, else CAPTION_ERROR_INTERRUPTED. */
    bool (*result)(void *context, const caption_photo *photo, const struct decode_result *decoded,
                   const caption_error *problem, caption_error *error);
    /* See caption_stream; NULL: never. */
    bool (*stop)(void *context);
    void *context;
    size_t thumbnail; /* see caption_stream */

    /* In place of `result`, where features are wanted and no words: takes those of a photo, (F,),
     * or NULL and why, or NULL without a reason where they were not asked for. */
    bool (*features)(void *context, const caption_photo *photo, const float *features,
                     const caption_error *problem, caption_error *error);
    /* Unless NULL, looks at the file of a photo before it is decoded, on any thread, and returns
     * whether its features are asked for. */
    bool (*asks)(void *context, const caption_photo *photo, const struct file_bytes *file);
};

/* Threads and working memory, kept between runs: a second run with as many photos allocates only
 * what photos decode to and results. */
struct pipeline;

/* Runs on `threads` threads (at least 1), the caller's being one. Holds on to `prepared`. NULL with
 * `error` set when memory is short. */
struct pipeline *pipeline_new(const struct prepared *prepared, size_t threads,
                              caption_error *error);
void pipeline_free(struct pipeline *pipeline);

/* Captions all photos. False with `error` set when `result` asked for it or nothing could be done
 * at all, as from within a function of `ends`; another run may follow. Times are added to `times`
 * (NULL: not wanted). */
bool pipeline_run(struct pipeline *pipeline, const struct pipeline_ends *ends, caption_times *times,
                  caption_error *error);

/* Whether a photo has at most `most` pixels, by its first bytes; what has none that are understood
 * passes. Else an error that names the path. */
bool pipeline_check_pixels(const struct image_file *file, size_t most, caption_error *error);

#endif
