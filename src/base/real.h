/* The number type of the layers. The program computes in float; the gradient tests compile the same
 * layers in double (-DCAPTION_DOUBLE) and compare them with finite differences, for which float is
 * too coarse. */
#ifndef CAPTION_BASE_REAL_H
#define CAPTION_BASE_REAL_H

#ifdef CAPTION_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
