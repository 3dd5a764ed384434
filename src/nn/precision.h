/* The number types that inference computes its large products in. Sums are float in all of them. */
#ifndef CAPTION_NN_PRECISION_H
#define CAPTION_NN_PRECISION_H

enum precision {
    PRECISION_F32,  /* float: on any processor */
    PRECISION_BF16, /* the upper half of a float, where the processor multiplies them (AVX512_BF16)
                     */
    PRECISION_INT8  /* bytes with a scale, where the processor multiplies them (AVX512_VNNI) */
};

#endif
