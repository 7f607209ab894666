import { describe, expect, it } from "vitest";
import { ownHtml, strangersHtml } from "./markdown";

// What is cleaned away is for a real browser to show: here there is none.
it("has headings of strangers below those of the page", () => {
  expect(strangersHtml("# One\n\n## Two\n\n##### Five")).toBe("<h3>One</h3>\n<h4>Two</h4>\n<h6>Five</h6>\n");
  expect(strangersHtml("## One\n\n### Two")).toBe("<h3>One</h3>\n<h4>Two</h4>\n");
});

describe("texts of the app", () => {
  const link = (href: string) => (href === "gone.md" ? null : `/help/${href}`);

  it("lead to its pages, or are plain where there is none", () => {
    expect(ownHtml("[a](b.md)", { link })).toBe('<p><a href="/help/b.md">a</a></p>\n');
    expect(ownHtml("[a](gone.md) and [b](c)", { link })).toBe(
      '<p><a>a</a> and <a href="/help/c">b</a></p>\n',
    );
  });

  it("have headings that can be linked to, as the documentation links to them", () => {
    const found = ownHtml("## Fit and `privacy`: how?\n\n### 规约 two\n", { link, headings: true });
    expect(found).toContain('id="fit-and-privacy-how"');
    expect(found).toContain('id="规约-two"');
    expect(ownHtml("# Title", { link })).toBe("<h1>Title</h1>\n");
  });

  it("show raw HTML as it was written", () => {
    expect(ownHtml("<script>x</script>", { link })).toBe("<p>&lt;script&gt;x&lt;/script&gt;</p>\n");
  });
});
