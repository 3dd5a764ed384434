#include "train/schedule.h"

#include <math.h>

float schedule_factor(size_t step, size_t steps, float warmup) {
    /* In float: 0.1F of 100 steps are 10, though 0.1F is a little more than a tenth. */
    double rising = (double)ceilf(warmup * (float)steps);
    double position = (double)step + 1; /* neither the first nor the last rate is 0 */
    if (position <= rising) return (float)(position / rising);
    double falling = ((double)step - rising) / ((double)steps - rising);
    return (float)(0.5 * (1 + cos(3.14159265358979323846 * falling)));
}
