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

/* Showings of every photo. */
static size_t whole_times(const struct epoch_share *share) {
    return (size_t)share->repeat;
}

/* Photos that are shown once more. */
static size_t extra_photos(const struct epoch_share *share) {
    const double rest = (double)share->repeat - (double)whole_times(share);
    if (rest <= 0 || share->count == 0) return 0;
    const size_t extra = (size_t)(rest * (double)share->count + 0.5);
    return extra > 0 ? extra : 1;
}

size_t epoch_plan_showings(const struct epoch_share *share) {
    return whole_times(share) * share->count + extra_photos(share);
}

void epoch_plan_turns(const struct epoch_share *share, struct random random, size_t *turns) {
    for (size_t i = 0; i < share->count; i++) turns[share->first + i] = share->first + i;
    random_shuffle(&random, turns + share->first, share->count);
}

size_t epoch_plan_fill(const struct epoch_share *share, const size_t *turns, size_t epoch,
                       size_t stride, size_t *showings) {
    const size_t times = whole_times(share), extra = extra_photos(share);
    size_t filled = 0;
    for (size_t copy = 0; copy < times; copy++) {
        for (size_t i = 0; i < share->count; i++) {
            showings[filled++] = copy * stride + share->first + i;
        }
    }
    for (size_t i = 0; i < extra; i++) {
        const size_t turn = (epoch % share->count * extra + i) % share->count;
        showings[filled++] = times * stride + turns[share->first + turn];
    }
    return filled;
}

void epoch_plan_shuffle(struct random *random, size_t *showings, size_t count, size_t buffer) {
    for (size_t i = 0; i < count; i++) {
        const size_t left = count - i;
        const size_t j = i + random_below(random, left < buffer ? left : buffer);
        const size_t drawn = showings[j];
        showings[j] = showings[i];
        showings[i] = drawn;
    }
}
