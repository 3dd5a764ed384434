/* caption eval --calibrate: writes the model again, with how sure it is. */
#ifndef CAPTION_CLI_CALIBRATE_H
#define CAPTION_CLI_CALIBRATE_H

#include "eval/calibration.h"

/* Reads the model whole, to be written again, and forgets what its file tells of how sure it is
 * and how it re-ranks captions. */
bool calibrate_open(struct model *model, const char *path, caption_error *error);

/* Fits the model, which was read from `path`, to the photos and writes `output`. Prints on stdout
 * what the cross-validated fits score, as tables or, `json`, as one object each. */
bool calibrate_write(struct model *model, const char *path, const struct calibration_photos *photos,
                     const char *output, bool json, caption_error *error);

/* Prints how good confidences[photos->count] are, by part and in all, on stdout; each name followed
 * by `note`. `parts` false: in all only. */
bool calibrate_print(const struct calibration_photos *photos, const double *confidences,
                     const char *note, bool parts, bool json, caption_error *error);

#endif
