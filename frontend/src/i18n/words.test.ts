/** Every word is there in both languages, and every key that the app names is there. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "..");
const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" });
const folders = files
  .filter((path) => /(^|\/)messages\/en\.json$/.test(path))
  .map((path) => path.slice(0, -7));

type Words = { [key: string]: string | Words };

function flat(words: Words, before = ""): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === "string" ? [[before + key, value] as const] : [...flat(value, `${before}${key}.`)],
    ),
  );
}

const read = (path: string) => flat(JSON.parse(readFileSync(join(SOURCE, path), "utf8")) as Words);
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
const all = new Map(folders.flatMap((folder) => [...read(`${folder}en.json`)]));

describe.each(folders)("%s", (folder) => {
  const [en, zh] = [read(`${folder}en.json`), read(`${folder}zh.json`)];

  it("has the same keys in both languages", () => {
    expect([...zh.keys()].sort()).toEqual([...en.keys()].sort());
  });

  it("has the same values to fill in, and no empty text", () => {
    for (const [key, text] of en) {
      expect(placeholders(zh.get(key) ?? ""), key).toEqual(placeholders(text));
      expect(text.trim() && zh.get(key)?.trim(), key).toBeTruthy();
    }
  });
});

it("has one place for each key", () => {
  const count = folders.reduce((sum, folder) => sum + read(`${folder}en.json`).size, 0);
  expect(all.size).toBe(count);
});

it("has every key that is named in the source, and no other", () => {
  const used = new Set<string>();
  const prefixes = new Set<string>();
  for (const path of files.filter((one) => /\.(vue|ts)$/.test(one) && !/\.test\.ts$/.test(one))) {
    const text = readFileSync(join(SOURCE, path), "utf8");
    // Every string that looks like a key may be one: t("a.b"), title: "a.b", keypath="a.b".
    for (const [, key] of text.matchAll(/["'`]([a-z]\w*(?:\.[\w-]+)+)["'`]/gi)) if (key) used.add(key);
    // t(`state.${status}`): all keys that begin so are in use.
    for (const [, prefix] of text.matchAll(/`([a-z]\w*(?:\.[\w-]+)*\.)\$\{/gi))
      if (prefix) prefixes.add(prefix);
    for (const [, key] of text.matchAll(/(?:\$t|\bt)\(\s*["'`]([^"'`$]+)["'`]/g)) {
      expect(all.has(key ?? ""), `${relative(SOURCE, path)} names ${key}`).toBe(true);
    }
  }
  const idle = [...all.keys()].filter(
    (key) => !used.has(key) && ![...prefixes].some((one) => key.startsWith(one)),
  );
  expect(idle).toEqual([]);
});
