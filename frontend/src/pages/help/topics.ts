/** The short guides, each in both languages, and the long ones of the documentation. */
import { language } from "@/i18n";

/** The short guides in the order in which they are read; each is a part of the help page, and an anchor in it. */
export const TOPICS = ["learnware", "find", "combine", "submit", "verify", "privacy"] as const;
export type Topic = (typeof TOPICS)[number];

/** Pages of the documentation that users and developers of learnwares read. */
export const GUIDES = [
  "specifications",
  "packages",
  "market",
  "reuse",
  "solve",
  "runtime",
  "client",
  "cli",
  "api",
  "migrating",
  "dock",
] as const;
export type Guide = (typeof GUIDES)[number];

const topics = import.meta.glob<string>("./topics/*.md", { query: "?raw", import: "default" });
const guides = import.meta.glob<string>("../../../../docs/*.md", { query: "?raw", import: "default" });

/** Fetch a short guide in the language that is spoken. */
export function topicText(topic: Topic): Promise<string> {
  return read(topics, `./topics/${topic}.${language()}.md`);
}

/** Fetch a page of the documentation. */
export function guideText(guide: Guide): Promise<string> {
  return read(guides, `../../../../docs/${guide}.md`);
}

/** Whether there is such a page. */
export function isGuide(name: string): name is Guide {
  return GUIDES.some((one) => one === name);
}

/** Return where a link of the documentation leads in the app; null for what is not here. */
export function guideLink(href: string): string | null {
  if (/^(https?:|mailto:|#)/.test(href) || href.startsWith("/")) return href;
  const [, name = "", anchor = ""] = /^(?:\.\/)?([\w-]+)\.md(#.*)?$/.exec(href) ?? [];
  if (isGuide(name)) return `/help/guides/${name}${anchor}`;
  return href === "openapi.json" ? "/api-reference" : null;
}

async function read(files: Record<string, () => Promise<string>>, path: string): Promise<string> {
  const load = files[path];
  if (load === undefined) throw new Error(`there is no text at ${path}`);
  return load();
}
