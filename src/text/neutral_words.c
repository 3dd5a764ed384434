#include "text/neutral_words.h"

#include <string.h>

/* Roles that clothes show without a guess (queen, nun, santa), words for no person (snowman,
 * batman) and names are left unchanged. */
static const struct neutral_noun nouns[] = {
    {"person", "people", NULL, "person", "people"},
    {"man", "men", NULL, "person", "people"},
    {"woman", "women", NULL, "person", "people"},
    {"guy", "guys", NULL, "person", "people"},
    {"lady", "ladies", NULL, "person", "people"},
    {"gentleman", "gentlemen", NULL, "person", "people"},
    {"male", "males", NULL, "person", "people"},
    {"female", "females", NULL, "person", "people"},
    {"dude", "dudes", NULL, "person", "people"},
    {"fellow", "fellows", NULL, "person", "people"},
    {"bloke", "blokes", NULL, "person", "people"},
    {"gal", "gals", NULL, "person", "people"},
    {"teenager", "teenagers", NULL, "person", "people"},
    {"teen", "teens", NULL, "person", "people"},

    {"child", "children", NULL, "child", "children"},
    {"boy", "boys", NULL, "child", "children"},
    {"girl", "girls", NULL, "child", "children"},
    {"lad", "lads", NULL, "child", "children"},
    {"lass", "lasses", NULL, "child", "children"},
    {"youngster", "youngsters", NULL, "child", "children"},
    {"schoolboy", "schoolboys", NULL, "schoolchild", "schoolchildren"},
    {"schoolgirl", "schoolgirls", NULL, "schoolchild", "schoolchildren"},

    {"son", "sons", NULL, "child", "children"},
    {"daughter", "daughters", NULL, "child", "children"},
    {"parent", "parents", NULL, "parent", "parents"},
    {"mother", "mothers", NULL, "parent", "parents"},
    {"father", "fathers", NULL, "parent", "parents"},
    {"mom", "moms", NULL, "parent", "parents"},
    {"mum", "mums", NULL, "parent", "parents"},
    {"mommy", "mommies", NULL, "parent", "parents"},
    {"dad", "dads", NULL, "parent", "parents"},
    {"daddy", "daddies", NULL, "parent", "parents"},
    {"grandmother", "grandmothers", NULL, "grandparent", "grandparents"},
    {"grandfather", "grandfathers", NULL, "grandparent", "grandparents"},
    {"grandma", "grandmas", NULL, "grandparent", "grandparents"},
    {"grandpa", "grandpas", NULL, "grandparent", "grandparents"},
    {"brother", "brothers", NULL, "sibling", "siblings"},
    {"sister", "sisters", NULL, "sibling", "siblings"},
    {"uncle", "uncles", NULL, "relative", "relatives"},
    {"aunt", "aunts", NULL, "relative", "relatives"},
    {"nephew", "nephews", NULL, "relative", "relatives"},
    {"niece", "nieces", NULL, "relative", "relatives"},
    {"husband", "husbands", NULL, "spouse", "spouses"},
    {"wife", "wives", NULL, "spouse", "spouses"},
    {"boyfriend", "boyfriends", NULL, "partner", "partners"},
    {"girlfriend", "girlfriends", NULL, "partner", "partners"},
    {"bride", "brides", NULL, "newlywed", "newlyweds"},
    {"groom", "grooms", NULL, "newlywed", "newlyweds"},
    {"bridegroom", "bridegrooms", NULL, "newlywed", "newlyweds"},
    {"bridesmaid", "bridesmaids", "wedding", "attendant", "attendants"},

    {"actress", "actresses", NULL, "actor", "actors"},
    {"ballerina", "ballerinas", "ballet", "dancer", "dancers"},
    {"cowboy", "cowboys", NULL, "cowhand", "cowhands"},
    {"cowgirl", "cowgirls", NULL, "cowhand", "cowhands"},
    {"hostess", "hostesses", NULL, "host", "hosts"},
    {"showgirl", "showgirls", NULL, "dancer", "dancers"},
    {"stewardess", "stewardesses", "flight", "attendant", "attendants"},
    {"waiter", "waiters", NULL, "server", "servers"},
    {"waitress", "waitresses", NULL, "server", "servers"},
};

/* Prefixes of -man, -woman, -men or -women. The plural is unused here. */
static const struct neutral_noun compounds[] = {
    {"base", "", "base", "player", "players"},
    {"bats", "", NULL, "batter", "batters"},
    {"business", "", NULL, "businessperson", "businesspeople"},
    {"camera", "", "camera", "operator", "operators"},
    {"crafts", "", NULL, "artisan", "artisans"},
    {"crew", "", "crew", "member", "members"},
    {"fire", "", NULL, "firefighter", "firefighters"},
    {"fisher", "", NULL, "fisher", "fishers"},
    {"grooms", "", "wedding", "attendant", "attendants"},
    {"gun", "", NULL, "shooter", "shooters"},
    {"handy", "", NULL, "repairer", "repairers"},
    {"horse", "", NULL, "rider", "riders"},
    {"mail", "", "mail", "carrier", "carriers"},
    {"oars", "", NULL, "rower", "rowers"},
    {"police", "", "police", "officer", "officers"},
    {"post", "", "mail", "carrier", "carriers"},
    {"repair", "", NULL, "repairer", "repairers"},
    {"sales", "", NULL, "salesperson", "salespeople"},
    {"service", "", "service", "member", "members"},
    {"sport", "", NULL, "athlete", "athletes"},
    {"sports", "", NULL, "athlete", "athletes"},
    {"stunt", "", "stunt", "performer", "performers"},
    {"swords", "", "sword", "fighter", "fighters"},
    {"work", "", NULL, "worker", "workers"},
};

static const struct neutral_pronoun pronouns[] = {
    {"he", "they", "it"},
    {"she", "they", "it"},
    {"him", "them", "it"},
    {"his", "their", "its"},
    {"her", "their", "its"},
    {"hers", "theirs", "its"},
    {"himself", "themselves", "itself"},
    {"herself", "themselves", "itself"},
};

static const struct {
    const char *word, *to;
} others[] = {
    {"man-made", "artificial"},
    {"manmade", "artificial"},
    {"mankind", "humankind"},
};

static const char *const ages[] = {
    "young", "younger", "youngest", "old",  "older",    "oldest",     "elder",       "elderly",
    "aged",  "teenage", "teenaged", "teen", "youthful", "adolescent", "middle-aged", NULL};

static const char *const babies[] = {"baby", "toddler", "infant", "kid", NULL};

static const char *const people[] = {"adult",         "adults",        "kid",
                                     "kids",          "couple",        "couples",
                                     "baby",          "babies",        "toddler",
                                     "toddlers",      "artist",        "artists",
                                     "athlete",       "athletes",      "bicyclist",
                                     "bicyclists",    "biker",         "bikers",
                                     "boxer",         "boxers",        "catcher",
                                     "catchers",      "cheerleader",   "cheerleaders",
                                     "climber",       "climbers",      "cyclist",
                                     "cyclists",      "dancer",        "dancers",
                                     "golfer",        "golfers",       "gymnast",
                                     "gymnasts",      "hiker",         "hikers",
                                     "hunter",        "hunters",       "jogger",
                                     "joggers",       "kayaker",       "kayakers",
                                     "motorcyclist",  "motorcyclists", "musician",
                                     "musicians",     "officer",       "officers",
                                     "owner",         "owners",        "performer",
                                     "performers",    "photographer",  "photographers",
                                     "pitcher",       "pitchers",      "player",
                                     "players",       "racer",         "racers",
                                     "rider",         "riders",        "rollerblader",
                                     "rollerbladers", "runner",        "runners",
                                     "scout",         "scouts",        "singer",
                                     "singers",       "skateboarder",  "skateboarders",
                                     "skater",        "skaters",       "skier",
                                     "skiers",        "snowboarder",   "snowboarders",
                                     "soldier",       "soldiers",      "surfer",
                                     "surfers",       "swimmer",       "swimmers",
                                     "student",       "students",      "teammate",
                                     "teammates",     "archer",        "archers",
                                     "tourist",       "tourists",      "trainer",
                                     "trainers",      "worker",        "workers",
                                     "wrestler",      "wrestlers",     NULL};

static const char *const sports[] = {"baseball", "basketball", "football", "gymnastics", "hockey",
                                     "lacrosse", "rugby",      "soccer",   "softball",   "team",
                                     "teams",    "tennis",     "track",    "volleyball", NULL};

static const char *const animals[] = {
    "animal",    "bear",       "beagle",    "bird",     "birds",     "bull",     "bulldog",
    "camel",     "cat",        "cats",      "collie",   "cow",       "deer",     "dalmatian",
    "doberman",  "dog",        "dogs",      "donkey",   "duck",      "ducks",    "elephant",
    "fox",       "goat",       "goats",     "goose",    "greyhound", "horse",    "horses",
    "husky",     "kitten",     "lab",       "labrador", "lamb",      "lion",     "monkey",
    "pig",       "pony",       "poodle",    "pug",      "puppies",   "puppy",    "rabbit",
    "retriever", "rottweiler", "schnauzer", "seagull",  "sheep",     "shepherd", "spaniel",
    "squirrel",  "swan",       "terrier",   "tiger",    "wolf",      NULL};

static const char *const functions[] = {
    "a",       "about",   "above",   "across",  "after",      "against", "along",   "also",
    "among",   "an",      "and",     "another", "are",        "around",  "as",      "at",
    "away",    "because", "before",  "behind",  "being",      "below",   "beneath", "beside",
    "besides", "between", "both",    "but",     "by",         "down",    "during",  "for",
    "from",    "had",     "has",     "have",    "her",        "his",     "if",      "in",
    "inside",  "into",    "is",      "it",      "its",        "like",    "near",    "nearby",
    "next",    "of",      "off",     "on",      "onto",       "or",      "out",     "outside",
    "over",    "past",    "so",      "than",    "that",       "the",     "their",   "them",
    "then",    "these",   "they",    "this",    "those",      "through", "to",      "together",
    "too",     "toward",  "towards", "under",   "underneath", "until",   "up",      "was",
    "were",    "when",    "where",   "which",   "while",      "whilst",  "who",     "whose",
    "with",    "without", NULL};

static const char *const verbs[] = {
    "climb",  "climbing", "doing",   "fall",    "falling", "go",       "going",    "holding",
    "holds",  "jump",     "jumping", "kiss",    "looking", "looks",    "playing",  "plays",
    "riding", "running",  "sit",     "sitting", "smiling", "stand",    "standing", "swim",
    "taking", "talking",  "walk",    "walking", "watch",   "watching", "wearing",  NULL};

static const char *const costumes[] = {"attire", "boots", "clothes", "clothing", "costume", "gear",
                                       "hat",    "hats",  "outfit",  "outfits",  "suit",    NULL};

static const char *const *const sets[NEUTRAL_SETS] = {
    [NEUTRAL_AGES] = ages,     [NEUTRAL_BABIES] = babies,     [NEUTRAL_PEOPLE] = people,
    [NEUTRAL_SPORTS] = sports, [NEUTRAL_ANIMALS] = animals,   [NEUTRAL_FUNCTIONS] = functions,
    [NEUTRAL_VERBS] = verbs,   [NEUTRAL_COSTUMES] = costumes,
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

_Static_assert(COUNT(nouns) + COUNT(compounds) == NEUTRAL_NOUNS, "neutral_words.h counts them");

static bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

/* The length of the word without -man, -woman, -men or -women; 0 if it does not end so. */
static size_t stem_of(const char *word, bool *is_plural) {
    static const char *const endings[] = {"woman", "women", "man", "men"};
    const size_t length = strlen(word);
    for (size_t i = 0; i < COUNT(endings); i++) {
        const size_t ending = strlen(endings[i]);
        if (length <= ending || !is(word + length - ending, endings[i])) continue;
        *is_plural = i % 2 == 1;
        return length - ending;
    }
    return 0;
}

static const struct neutral_noun *find_compound(const char *word, bool *is_plural) {
    const size_t stem = stem_of(word, is_plural);
    for (size_t i = 0; stem > 0 && i < COUNT(compounds); i++) {
        const char *known = compounds[i].singular;
        if (strlen(known) == stem && memcmp(word, known, stem) == 0) return &compounds[i];
    }
    return NULL;
}

const struct neutral_noun *neutral_noun_find(const char *word, bool *is_plural) {
    for (size_t i = 0; i < COUNT(nouns); i++) {
        *is_plural = is(word, nouns[i].plural);
        if (*is_plural || is(word, nouns[i].singular)) return &nouns[i];
    }
    return find_compound(word, is_plural);
}

static const struct neutral_noun *said_of(const struct neutral_noun *table, size_t count,
                                          const char *word, bool *is_plural) {
    for (size_t i = 0; i < count; i++) {
        *is_plural = is(word, table[i].to_plural);
        if (*is_plural || is(word, table[i].to_singular)) return &table[i];
    }
    return NULL;
}

const struct neutral_noun *neutral_noun_of(const char *word, bool *is_plural) {
    const struct neutral_noun *noun = said_of(nouns, COUNT(nouns), word, is_plural);
    return noun ? noun : said_of(compounds, COUNT(compounds), word, is_plural);
}

const struct neutral_pronoun *neutral_pronoun_find(const char *word) {
    for (size_t i = 0; i < COUNT(pronouns); i++)
        if (is(word, pronouns[i].word)) return &pronouns[i];
    return NULL;
}

const char *neutral_other_word(const char *word) {
    for (size_t i = 0; i < COUNT(others); i++)
        if (is(word, others[i].word)) return others[i].to;
    return word;
}

bool neutral_is_in(enum neutral_set set, const char *word) {
    for (const char *const *known = sets[set]; *known; known++)
        if (is(word, *known)) return true;
    return false;
}
