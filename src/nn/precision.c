#include "nn/precision.h"

#include "nn/packed_narrow.h"

enum precision precision_best(void) {
    return packed_narrow_fast(PRECISION_INT8) ? PRECISION_INT8 : PRECISION_F32;
}
