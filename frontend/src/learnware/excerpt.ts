/** What a description says at its beginning, as plain text: cards have no room for headings, tables and links. */

/** Longer than any card shows. */
const MOST = 600;
/** So much of a description is looked at; they may be long, and lists have many. */
const LOOKED_AT = 4 * MOST;

/** Return the first sentences of a Markdown text without its marks. Tables are left out where there is other text. */
export function excerptOf(markdown: string): string {
  const lines = markdown
    .slice(0, LOOKED_AT)
    .split("\n")
    .filter((line) => !/^\s*(```|~~~|-{3,}\s*$|={3,}\s*$|\*{3,}\s*$)/.test(line));
  const isRow = (line: string) => /^\s*\|/.test(line);
  const text = lines.filter((line) => !isRow(line));
  const kept = text.some((line) => line.trim() !== "")
    ? text
    : lines.filter((line) => !/^[\s|:-]+$/.test(line)).map((line) => line.replace(/\|/g, " "));
  return kept.map(plain).join(" ").replace(/\s+/g, " ").trim().slice(0, MOST);
}

function plain(line: string): string {
  return (
    line
      // Headings, quotes, lists.
      .replace(/^\s*(?:#{1,6}\s+|>\s?|[-*+]\s+|\d{1,9}[.)]\s+)/, "")
      .replace(/!?\[([^\]]*)\]\([^()]*\)/g, "$1")
      .replace(/(\*\*|__|~~|`+)(?=\S)(.+?)(?<=\S)\1/g, "$2")
      .replace(/(?<![\p{L}\p{N}*_])([*_])(?=\S)([^*_]+?)(?<=\S)\1(?![\p{L}\p{N}*_])/gu, "$2")
      .replace(/\\([!-/:-@[-`{-~])/g, "$1")
  );
}
