/** Markdown of strangers as safe HTML. */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: false });
const purify = DOMPurify(window);

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  // The page behind the link learns nothing of this one and cannot reach back to it.
  node.setAttribute("rel", "noopener noreferrer nofollow ugc");
  node.setAttribute("target", "_blank");
});

/**
 * Return safe HTML of a Markdown text.
 *
 * Raw HTML in the text is shown as it was written. Images are left out: an address elsewhere would tell somebody who
 * looks at the page.
 */
export function renderMarkdown(text: string): string {
  return purify.sanitize(markdown.render(text), {
    FORBID_TAGS: ["img", "style", "form", "input", "button", "iframe", "audio", "video", "svg", "math"],
    FORBID_ATTR: ["style", "class", "id", "name"],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
  });
}
