/** Names of languages and shapes, as people read them. */
import { language } from "@/i18n";

/** Return the name of a language of texts in the language of the app; its code where it has none: `zh-cn`, `pt`. */
export function languageName(code: string): string {
  try {
    return (
      new Intl.DisplayNames([language() === "zh" ? "zh-CN" : "en-GB"], { type: "language" }).of(code) ?? code
    );
  } catch (error) {
    void error; // it is no code of a language
    return code;
  }
}

/** Return the names of languages in the order of the alphabet, each once. */
export function languageNames(codes: readonly string[]): string[] {
  return [...new Set(codes.map(languageName))].sort((one, other) => one.localeCompare(other, language()));
}
