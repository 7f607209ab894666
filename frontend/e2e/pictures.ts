/**
 * Pictures of every page (`npm run pictures`): both themes, as wide as a desk and as a phone, some in Chinese. They are
 * written to `e2e/pictures`, to be looked at; a few small ones go into the documentation (`docs/pictures`).
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "@playwright/test";
import { address, signIn, type Person } from "./dock";
import { expect, test } from "./fixtures";
import { PAGES, settled, type Shown } from "./pages";

const FOLDER = fileURLToPath(new URL("pictures", import.meta.url));
const DOCUMENTATION = fileURLToPath(new URL("../../docs/pictures", import.meta.url));
const TALLEST = 4_000;
const DOCUMENTED_BYTES = 80_000;
/** Which pages the documentation shows, in both themes, and under which name. */
const DOCUMENTED: Readonly<Record<string, string>> = {
  home: "home",
  explore: "explore",
  "search-specification": "search",
  results: "results",
  "learnware-about": "learnware",
  "learnware-tried": "try",
  "submit-package": "submit",
  "mine-failed": "verification",
  mine: "mine",
  world: "world",
  admin: "admin",
};

const LOOKS = [
  { name: "light-1280", theme: "light", width: 1280, height: 900 },
  { name: "dark-1280", theme: "dark", width: 1280, height: 900 },
  { name: "light-390", theme: "light", width: 390, height: 844 },
  { name: "dark-390", theme: "dark", width: 390, height: 844 },
  { name: "zh-1280", theme: "light", width: 1280, height: 900 },
  { name: "zh-390", theme: "light", width: 390, height: 844 },
] as const;
const only = process.env["PAGE"];
const looks = process.env["LOOK"];

async function open(browser: Browser, look: (typeof LOOKS)[number], who: Person | undefined): Promise<Page> {
  const options: BrowserContextOptions = {
    baseURL: address(),
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    reducedMotion: "reduce",
    locale: look.name.startsWith("zh") ? "zh-CN" : "en-GB",
    timezoneId: "UTC",
  };
  const page = await (await browser.newContext(options)).newPage();
  if (who) await signIn(page, who);
  return page;
}

/** What is small enough for a repository: WebP, made by the browser itself. */
async function small(browser: Browser, picture: Buffer): Promise<Buffer> {
  const page = await browser.newPage();
  for (const quality of [0.85, 0.7, 0.55, 0.4]) {
    const text = await page.evaluate(
      async ([data, wanted]) => {
        const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
        canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
        return canvas.toDataURL("image/webp", wanted).split(",")[1] ?? "";
      },
      [picture.toString("base64"), quality] as const,
    );
    const made = Buffer.from(text, "base64");
    if (made.length < DOCUMENTED_BYTES || quality === 0.4) {
      await page.close();
      return made;
    }
  }
  throw new Error("no picture was made");
}

async function take(browser: Browser, look: (typeof LOOKS)[number], shown: Shown): Promise<void> {
  const page = await open(browser, look, shown.who);
  await page.goto(shown.path);
  await shown.then?.(page);
  await settled(page);
  await page.waitForLoadState("networkidle");
  await page.mouse.move(0, 0);
  // What stays at the top of the window is drawn where the window is.
  await page.evaluate(() => scrollTo(0, 0));
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const path = join(FOLDER, `${shown.name}-${look.name}.png`);
  await page.screenshot({
    path,
    fullPage: true,
    clip: { x: 0, y: 0, width: look.width, height: Math.min(height, TALLEST) },
  });
  const documented = DOCUMENTED[shown.name];
  if (look.width === 1280 && !look.name.startsWith("zh") && documented !== undefined) {
    const picture = await small(browser, await page.screenshot());
    expect(picture.length, documented).toBeLessThan(DOCUMENTED_BYTES);
    writeFileSync(join(DOCUMENTATION, `${documented}-${look.theme}.webp`), picture);
  }
  await page.context().close();
}

/** Some use, so that charts and counts have something to show. */
async function use(page: Page): Promise<void> {
  for (const [who, ids] of [
    ["uma", [1, 1, 3, 5, 6]],
    ["root", [1, 3, 8]],
  ] as const) {
    await signIn(page, who);
    for (const id of ids) {
      await page.request.get(`/api/v1/learnwares/${String(id).padStart(8, "0")}/package`);
    }
  }
  const headers = { Origin: address() };
  await page.request.post("/api/v1/admin/sensitive-words", { data: { word: "confidential" }, headers });
  await signIn(page, "dora");
  for (const id of [2, 5, 8]) {
    await page.request.put(`/api/v1/favourites/${String(id).padStart(8, "0")}`, { headers });
  }
}

test.beforeAll(async ({ browser }) => {
  if (!only) rmSync(FOLDER, { recursive: true, force: true });
  for (const folder of [FOLDER, DOCUMENTATION]) mkdirSync(folder, { recursive: true });
  const context = await browser.newContext({ baseURL: address() });
  await use(await context.newPage());
  await context.close();
});

for (const look of LOOKS.filter(({ name }) => !looks || name === looks)) {
  for (const shown of PAGES.filter(({ name }) => !only || name === only)) {
    // What is done on the page first is written down in English words.
    if (look.name.startsWith("zh") && shown.then) continue;
    test(`${shown.name}, ${look.name}`, async ({ browser }) => {
      await take(browser, look, shown);
    });
  }
}
