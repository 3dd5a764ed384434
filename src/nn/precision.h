/* The number types that inference computes its large products in. Sums are float in all of them. */
#ifndef CAPTION_NN_PRECISION_H
#define CAPTION_NN_PRECISION_H

#include <stdbool.h>

enum precision {
    PRECISION_F32,
    PRECISION_BF16, /* bfloat16, the upper half of a float */
    PRECISION_INT8  /* bytes with a scale */
};

/* The fastest on this processor whose captions can hardly be told from those of float: bfloat16 or
 * float, never bytes, with which a caption in nine is another one (as good by its scores). */
enum precision precision_best(void);

#endif
