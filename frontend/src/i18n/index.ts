/** The two languages: which one is spoken, and the words of each part of the app, fetched when a page needs them. */
import { createI18n } from "vue-i18n";
import en from "@/messages/en.json";

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;
type Messages = Record<string, unknown>;

const STORED = "language";
/** `../pages/explore/messages/zh.json`, `../messages/zh.json`, … each a chunk of its own. */
const files = import.meta.glob<Messages>("../**/messages/{en,zh}.json", { import: "default" });

export const i18n = createI18n<false>({
  legacy: false,
  locale: "en",
  fallbackLocale: "en",
  messages: { en },
});
const loaded = new Map<string, Promise<void>>([["../messages/en.json", Promise.resolve()]]);

/** Return the language to begin with: the one chosen before, else the browser's, else English. */
export function initialLanguage(): Language {
  const wished = [readStored(), ...(globalThis.navigator?.languages ?? [])];
  for (const one of wished) {
    const short = one?.toLowerCase().split("-")[0];
    if (short === "en" || short === "zh") return short;
  }
  return "en";
}

/** The language that is spoken now. */
export function language(): Language {
  return i18n.global.locale.value as Language;
}

/** Speak a language from now on, on this machine also next time. Parts that were fetched in the other are fetched. */
export async function speak(next: Language): Promise<void> {
  const parts = [...loaded.keys()].map((path) => path.replace(/(en|zh)\.json$/, `${next}.json`));
  await Promise.all(parts.map((path) => load(path, next)));
  i18n.global.locale.value = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem(STORED, next);
  } catch (error) {
    void error; // storage may be forbidden: the choice holds until the page is closed
  }
}

/**
 * Fetch the words of a part of the app in the language that is spoken.
 *
 * @param part - the folder below `src`: `pages/explore`, `specification`, …
 */
export async function loadMessages(part: string): Promise<void> {
  await load(`../${part}/messages/${language()}.json`, language());
}

async function load(path: string, into: Language): Promise<void> {
  const fetchWords = files[path];
  if (fetchWords === undefined) throw new Error(`there are no words at ${path}`);
  let pending = loaded.get(path);
  if (pending === undefined) {
    pending = fetchWords().then((words) => i18n.global.mergeLocaleMessage(into, words));
    loaded.set(path, pending);
    // A chunk that did not arrive is asked for again next time.
    pending.catch(() => loaded.delete(path));
  }
  await pending;
}

function readStored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch (error) {
    void error;
    return null;
  }
}
