#!/bin/sh
# The tutorial on memory: the sentences are what it says they are, and a tiny run ends in a page.
. "$(dirname "$0")/lib.sh"

programs=$(dirname "$(realpath "$program")")
[ -x "$programs/memory_sentences" ] || {
    fail "no program memory_sentences beside the program"
    finish
}
"$programs/memory_sentences" "$work/m" --train 500 --test 3 || fail "sentences are written"
"$programs/memory_sentences" "$work/again" --train 500 --test 3
cmp -s "$work/m/train.txt" "$work/again/train.txt" || fail "the same seed writes the same"
"$programs/memory_sentences" "$work/again" --train 500 --test 3 --seed 2
cmp -s "$work/m/train.txt" "$work/again/train.txt" && fail "another seed writes others"
"$programs/memory_sentences" "$work/again" --shortest 61 2>"$err" && fail "a gap that is none is refused"
"$programs/memory_sentences" "$work/again" --train many 2>"$err" && fail "a number that is none is refused"

# The second word tells the last one; the object comes before it and nowhere else; gaps are 2 to 60.
hangs='BEGIN { last["habe"] = "gespielt"; last["wollte"] = "spielen"; last["gab"] = "auf"; last["zog"] = "vor" }
    { if ($NF != last[$2] || $(NF - 1) != "fussball" || $3 != "ich") exit 1
      for (i = 1; i < NF - 1; i++) if ($i == "fussball") exit 1
      if (NF - 3 < 2 || NF - 3 > 60) exit 1
      seen[NF - 3]++; pairs[$2]++ }'
awk "$hangs"' END { for (pair in last) if (pairs[pair] < 80) exit 1 }' "$work/m/train.txt" ||
    fail "sentences to learn from: the last word hangs on the second, all four as often"
awk "$hangs"' END { for (gap = 2; gap <= 60; gap++) if (seen[gap] != 3) exit 1 }' "$work/m/test.txt" ||
    fail "three sentences to test of every gap"

PROGRAMS=$programs CELLS="rnn lstm" CUTS=4 EPOCHS=1 TRAIN=40 TEST=1 sh "$source_tree/samples/memory/memory.sh" \
    "$work/run" >"$out" 2>"$err" || {
    fail "a tiny run"
    status=1 && explain
}
expect_lines "$out" 4
expect_in "$out" "| t_p | cell |" "| 4 | lstm |"
expect_lines "$work/run/accuracy.tsv" 118
expect_in "$work/run/page.html" "<svg" 'class="rnn"' 'class="lstm"' "</html>"
finish
