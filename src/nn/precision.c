#include "nn/precision.h"

/* bfloat16 and bytes are faster, but change a caption in ten: not what nobody can tell. */
enum precision precision_best(void) {
    return PRECISION_F32;
}
