/** Markdown of strangers as safe HTML. */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: false });
const purify = DOMPurify(window);

purify.addHook("afterSanitizeAttributes", (node) => {
  // What stays in the app opens where one is.
  if (node.tagName !== "A" || /^[/#]/.test(node.getAttribute("href") ?? "")) return;
  // The page behind the link learns nothing of this one and cannot reach back to it.
  node.setAttribute("rel", "noopener noreferrer nofollow ugc");
  node.setAttribute("target", "_blank");
});

/** How the app's own texts differ from those of strangers. */
export interface OwnText {
  /** Where a link leads; null for a link that is left out. */
  link: (href: string) => string | null;
  /** Whether headings can be linked to. */
  headings?: boolean;
}

const FORBIDDEN = ["img", "style", "form", "input", "button", "iframe", "audio", "video", "svg", "math"];

/**
 * Return safe HTML of a Markdown text.
 *
 * Raw HTML in the text is shown as it was written. Images are left out: an address elsewhere would tell somebody who
 * looks at the page. Headings are below those of the page.
 */
export function renderMarkdown(text: string): string {
  return reachable(
    purify.sanitize(strangersHtml(text), {
      FORBID_TAGS: FORBIDDEN,
      FORBID_ATTR: ["style", "class", "id", "name"],
      ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
    }),
  );
}

/** Return HTML of a text of the app itself: its links may lead to pages of the app, its headings have names. */
export function renderOwnMarkdown(text: string, own: OwnText): string {
  return reachable(
    purify.sanitize(ownHtml(text, own), {
      FORBID_TAGS: FORBIDDEN,
      FORBID_ATTR: ["style", "class", "name"],
      ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#|\/(?!\/))/i,
    }),
  );
}

/** Return HTML of a text, before it is cleaned. */
export function strangersHtml(text: string): string {
  const tokens = markdown.parse(text, {});
  const headings = tokens.filter((token) => token.type.startsWith("heading_"));
  const highest = Math.min(...headings.map((token) => Number(token.tag[1])));
  for (const token of headings) token.tag = `h${String(Math.min(6, Number(token.tag[1]) - highest + 3))}`;
  return markdown.renderer.render(tokens, markdown.options, {});
}

/** Return HTML of a text of the app itself, before it is cleaned. */
export function ownHtml(text: string, { link, headings = false }: OwnText): string {
  const tokens = markdown.parse(text, {});
  for (const [at, token] of tokens.entries()) {
    if (headings && token.type === "heading_open") token.attrSet("id", slug(tokens[at + 1]?.content ?? ""));
    for (const one of token.children ?? []) {
      if (one.type !== "link_open") continue;
      const target = link(String(one.attrGet("href") ?? ""));
      // Without an address it is text like any other.
      if (target === null) one.attrs = null;
      else one.attrSet("href", target);
    }
  }
  return markdown.renderer.render(tokens, markdown.options, {});
}

/** Let keys reach what scrolls sideways. No text has such a tag: raw HTML is escaped. */
function reachable(html: string): string {
  return html.replaceAll("<pre>", '<pre tabindex="0">').replaceAll("<table>", '<table tabindex="0">');
}

/** The name of a heading, as links in the documentation have it. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}
