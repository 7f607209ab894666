import { expect, it } from "vitest";
import { i18n } from "@/i18n";
import { languageName, languageNames } from "./names";

it("names languages in the language of the app, and leaves other codes as they are", () => {
  expect(["de", "zh-cn", "zh-tw", "not a code"].map(languageName)).toEqual([
    "German",
    "Chinese (China)",
    "Chinese (Taiwan)",
    "not a code",
  ]);
  i18n.global.locale.value = "zh";
  expect(languageName("de")).toBe("德语");
  i18n.global.locale.value = "en";
});

it("sorts names and leaves out what is there twice", () => {
  expect(languageNames(["fr", "en", "de", "en"])).toEqual(["English", "French", "German"]);
});
