/* What a sampled caption is worth in self-critical training: CIDEr-D against the captions of its
 * photo, with the document frequencies of all photos learned from (Rennie et al., Self-critical
 * sequence training for image captioning, 2017), and BLEU-4, as much as is asked for.
 *
 * <end> counts as a word, in the captions and in what is said. Without it nothing speaks against a
 * caption that breaks off ("a man on a"), and training finds out.
 */
#ifndef CAPTION_TRAIN_REWARD_H
#define CAPTION_TRAIN_REWARD_H

#include "text/vocabulary.h"
#include "train/captions.h"

struct reward;

/* For what is said of photos[count]: CIDEr-D and `bleu` times BLEU-4, each 1 where coco-caption
 * says 1. An <unk> that is said is a word like no other. The vocabulary must stay. NULL with
 * `error` set. Read-only afterwards, so threads may share it. */
struct reward *reward_new(const struct captions_part *photos, size_t count,
                          const struct vocabulary *vocabulary, double bleu, caption_error *error);
void reward_free(struct reward *reward);

/* Scratch of a thread, for captions of at most `longest` words. */
struct reward_room;
struct reward_room *reward_room_new(size_t longest, caption_error *error);
void reward_room_free(struct reward_room *room);

/* The reward of words[count], with or without <end>, for the photo at place `photo` of the list. */
double reward_of(const struct reward *reward, size_t photo, const int32_t *words, size_t count,
                 bool ended, struct reward_room *room);

#endif
