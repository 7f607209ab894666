/**
 * How many of the user's columns a learnware describes alike. This is counted here, by words alone; the dock ranks by
 * data and tags.
 */
import { described, type Described } from "./requirement";

/** A column of the user and the one of the learnware that is described most alike. */
export interface ColumnMatch {
  wanted: Described;
  /** Place of the learnware's column, and its description. */
  offered: { place: number; text: string } | null;
}

// Words in common, as a share of those of the shorter description.
const ENOUGH = 0.5;
const IDLE = new Set(
  "a an and as at by column feature for from in is it of on or per the to value with".split(" "),
);

/** Pair the user's columns with those of a learnware, the most alike first; each is used once. */
export function matchColumns(
  wanted: readonly Described[],
  offered: ReadonlyMap<number, string>,
): ColumnMatch[] {
  const own = described(wanted);
  const ownWords = own.map(({ name, description }) => [wordsOf(name), wordsOf(description)] as const);
  const others = [...offered].map(([place, text]) => ({ place, text, words: wordsOf(text) }));
  const pairs = ownWords
    .flatMap(([name, description], at) =>
      others.map((other) => ({ at, other, likeness: likenessOf(name, description, other.words) })),
    )
    .filter((pair) => pair.likeness >= ENOUGH)
    .sort((one, other) => other.likeness - one.likeness);
  const found = new Map<number, ColumnMatch["offered"]>();
  const used = new Set<number>();
  for (const { at, other } of pairs) {
    if (found.has(at) || used.has(other.place)) continue;
    found.set(at, { place: other.place, text: other.text });
    used.add(other.place);
  }
  return own.map((one, at) => ({ wanted: one, offered: found.get(at) ?? null }));
}

/** Return how many of them have a counterpart. */
export function matchedCount(matches: readonly ColumnMatch[]): number {
  return matches.filter((match) => match.offered !== null).length;
}

/** In [0, 1]: the better of name and description, all of both counting where both are alike. */
function likenessOf(
  name: readonly string[],
  description: readonly string[],
  other: readonly string[],
): number {
  const both = overlap([...new Set([...name, ...description])], other);
  return Math.max(overlap(name, other), overlap(description, other), both);
}

function overlap(one: readonly string[], other: readonly string[]): number {
  const shorter = Math.min(one.length, other.length);
  if (shorter === 0) return 0;
  const there = new Set(other);
  const common = one.filter((word) => there.has(word)).length;
  // Equal descriptions come before those that one contains.
  return common / shorter - 0.01 * (1 - common / Math.max(one.length, other.length));
}

/** Words in one spelling, without those that say nothing; of scripts without blanks, pairs of signs. */
export function wordsOf(text: string): string[] {
  const parts = text
    .normalize("NFKC")
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .toLowerCase();
  const words = parts.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|[\p{L}\p{N}]+/gu) ?? [];
  const found = words.flatMap((word) =>
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word) ? pairsOf(word) : [stem(word)],
  );
  return [...new Set(found.filter((word) => !IDLE.has(word)))];
}

/** Plurals are the same word. */
function stem(word: string): string {
  return word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

function pairsOf(text: string): string[] {
  const signs = [...text];
  return signs.length === 1 ? signs : signs.slice(1).map((sign, at) => `${signs[at] ?? ""}${sign}`);
}
