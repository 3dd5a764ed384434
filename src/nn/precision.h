/* The number types that inference computes its large products in. Sums are float in all of them. */
#ifndef CAPTION_NN_PRECISION_H
#define CAPTION_NN_PRECISION_H

enum precision {
    PRECISION_F32,
    PRECISION_BF16, /* bfloat16, the upper half of a float */
    PRECISION_INT8  /* bytes where activations lie behind ReLU6, bfloat16 elsewhere */
};

/* The fastest on this processor whose captions nobody can tell from those of F32. */
enum precision precision_best(void);

#endif
