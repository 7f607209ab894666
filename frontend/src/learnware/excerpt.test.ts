import { describe, expect, it } from "vitest";
import { excerptOf } from "./excerpt";

describe("excerptOf", () => {
  it.each([
    ["Plain text stays, 3 * 4 * 5 and snake_case_names too.", undefined],
    ["# Penguins\n\nTells **three species** apart.", "Penguins Tells three species apart."],
    ["- one\n- *two*\n1. `three`", "one two three"],
    ["> See [the islands](https://example.org/a) and ![a map](map.png).", "See the islands and a map."],
    ["Before.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nAfter.", "Before. After."],
    ["| a | b |\n| :-- | --: |\n| 1 | 2 |", "a b 1 2"],
    ["```python\nprint(1)\n```", "print(1)"],
    ["Title\n===\n~~old~~ new\\_name", "Title old new_name"],
    ["", ""],
    ["**中文**说明，_第一_。", "中文说明，第一。"],
  ])("reads %j", (markdown, text) => {
    expect(excerptOf(markdown)).toBe(text ?? markdown);
  });

  it("ends at some length, in a time that does not depend on the text", () => {
    expect(excerptOf("word ".repeat(10_000))).toHaveLength(600);
    expect(excerptOf("*".repeat(100_000)).length).toBeLessThanOrEqual(600);
    expect(excerptOf(`${"[".repeat(50_000)}${"(".repeat(50_000)}`).length).toBeLessThanOrEqual(600);
  });
});
