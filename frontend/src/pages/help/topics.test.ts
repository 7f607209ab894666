import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guideLink, GUIDES, TOPICS } from "./topics";

const text = (topic: string, language: string) =>
  readFileSync(join(import.meta.dirname, "topics", `${topic}.${language}.md`), "utf8");
const links = (markdown: string) => [...markdown.matchAll(/\]\((.*?)\)/g)].map(([, href]) => href);
const items = (markdown: string) => markdown.match(/^(- |\d+\. )/gm)?.length ?? 0;

describe.each(TOPICS)("%s", (topic) => {
  it("says the same in both languages: the same links, as many points", () => {
    expect(links(text(topic, "zh"))).toEqual(links(text(topic, "en")));
    expect(items(text(topic, "zh"))).toBe(items(text(topic, "en")));
  });

  it("leads to guides that there are", () => {
    const named = links(text(topic, "en")).flatMap(
      (href) => /\/help\/guides\/(\w+)/.exec(href ?? "")?.[1] ?? [],
    );
    for (const name of named) expect(GUIDES).toContain(name);
  });
});

it("has every guide in the documentation", () => {
  for (const guide of GUIDES) {
    expect(existsSync(join(import.meta.dirname, "../../../../docs", `${guide}.md`)), guide).toBe(true);
  }
});

it.each([
  ["reuse.md", "/help/guides/reuse"],
  ["./api.md#search", "/help/guides/api#search"],
  ["openapi.json", "/api-reference"],
  ["https://example.org/a.md", "https://example.org/a.md"],
  ["#trials", "#trials"],
  ["/explore", "/explore"],
  ["../CONTRIBUTING.md", null],
  ["architecture.md", null],
])("leads from %s to %s", (href, target) => {
  expect(guideLink(href)).toBe(target);
});
