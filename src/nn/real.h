/* The number type of the layers. The program computes in float; the gradient tests compile the very
 * same layers a second time in double (-DCAPTION_DOUBLE) and compare them with finite differences,
 * which float is too coarse for. */
#ifndef CAPTION_NN_REAL_H
#define CAPTION_NN_REAL_H

#ifdef CAPTION_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
