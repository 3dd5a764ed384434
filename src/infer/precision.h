/* The number types of the large products of inference. Sums are float in all of them. */
#ifndef CAPTION_INFER_PRECISION_H
#define CAPTION_INFER_PRECISION_H

#include <stdbool.h>

enum precision {
    PRECISION_F32,
    PRECISION_BF16, /* bfloat16, the upper half of a float */
    PRECISION_INT8  /* int8 with a scale */
};

/* The fastest type on this processor with nearly the same captions as float: bfloat16 or float. It
 * is never int8, which changes one caption in nine (with equal scores). */
enum precision precision_best(void);

#endif
