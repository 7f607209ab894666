/**
 * Pictures of every page (`npm run pictures`): both themes, as wide as a desk and as a phone, and in Chinese. They are
 * written to `e2e/pictures`, to be looked at; a few small ones go into the documentation (`docs/pictures`).
 * `PICTURES=docs` takes these alone. Of a dock that has just been made they are the same, byte by byte, each time.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "@playwright/test";
import { address, signIn, type Person } from "./dock";
import { expect, test } from "./fixtures";
import { inChinese, PAGES, settled, type Shown } from "./pages";
import { standStill } from "./still";

const FOLDER = fileURLToPath(new URL("pictures", import.meta.url));
const DOCUMENTATION = fileURLToPath(new URL("../../docs/pictures", import.meta.url));
const TALLEST = 4_000;
const DOCUMENTED_BYTES = 70_000;
/** Which pages the documentation shows, in both themes, and under which name. */
const DOCUMENTED: Readonly<Record<string, string>> = {
  home: "home",
  explore: "explore",
  "search-specification": "search",
  results: "results",
  "learnware-used": "learnware",
  "learnware-images": "images",
  "learnware-texts": "texts",
  "learnware-tried": "try",
  "learnware-tried-texts": "try-texts",
  "submit-package": "submit",
  "mine-failed": "verification",
  mine: "mine",
  world: "world",
  admin: "admin",
};
/** The heading that a picture for the documentation begins with, where it is not the first one. */
const BEGIN: Readonly<Record<string, string>> = {
  "learnware-images": "Statistical specification: whitened images",
  "learnware-texts": "Statistical specification",
  "learnware-tried": "Predictions",
  "learnware-tried-texts": "Predictions",
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
const forDocumentation = process.env["PICTURES"] === "docs";

function isDocumented(look: (typeof LOOKS)[number], { name }: Shown): boolean {
  return look.width === 1280 && !look.name.startsWith("zh") && DOCUMENTED[name] !== undefined;
}

async function open(
  browser: Browser,
  look: (typeof LOOKS)[number],
  language: "zh-CN" | "en-GB",
  who: Person | undefined,
): Promise<Page> {
  const options: BrowserContextOptions = {
    baseURL: address(),
    viewport: { width: 1280, height: look.height },
    colorScheme: look.theme,
    reducedMotion: "reduce",
    locale: language,
    timezoneId: "UTC",
  };
  const context = await browser.newContext(options);
  await standStill(context);
  const page = await context.newPage();
  if (who) await signIn(page, who);
  return page;
}

/** What is small enough for a repository: WebP, made by the browser itself. */
async function small(browser: Browser, picture: Buffer): Promise<Buffer> {
  const page = await browser.newPage();
  for (const quality of [0.7, 0.55, 0.4]) {
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
  const chinese = look.name.startsWith("zh");
  // What is done on the page first is written down in English words.
  const page = await open(browser, look, chinese && !shown.then ? "zh-CN" : "en-GB", shown.who);
  await page.goto(shown.path);
  await shown.then?.(page);
  await settled(page);
  if (chinese && shown.then) await inChinese(page);
  await page.setViewportSize({ width: look.width, height: look.height });
  await page.waitForLoadState("networkidle");
  await page.mouse.move(0, 0);
  await settled(page);
  // What stays at the top of the window is drawn where the window is.
  await page.evaluate(() => scrollTo(0, 0));
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const path = join(FOLDER, `${shown.name}-${look.name}.png`);
  await page.screenshot({
    path,
    fullPage: true,
    animations: "disabled",
    clip: { x: 0, y: 0, width: look.width, height: Math.min(height, TALLEST) },
  });
  if (isDocumented(look, shown)) {
    const [name, begin] = [DOCUMENTED[shown.name] ?? "", BEGIN[shown.name]];
    if (begin) {
      await page.getByRole("heading", { name: begin }).evaluate((heading) => {
        // The head of the page stays where it is.
        scrollBy(0, heading.getBoundingClientRect().top - 110);
      });
    }
    const picture = await small(browser, await page.screenshot({ animations: "disabled" }));
    expect(picture.length, name).toBeLessThan(DOCUMENTED_BYTES);
    writeFileSync(join(DOCUMENTATION, `${name}-${look.theme}.webp`), picture);
  }
  await page.context().close();
}

/** Some use, so that charts and counts have something to show. */
async function use(page: Page): Promise<void> {
  const downloads = async (): Promise<number> => {
    const answer = (await (await page.request.get("/api/v1/overview")).json()) as { downloads: number };
    return answer.downloads;
  };
  const before = await downloads();
  let fetched = 0;
  for (const [who, ids] of [
    ["uma", [4, 4, 6, 8, 8, 9, 14]],
    ["root", [4, 8, 11]],
  ] as const) {
    await signIn(page, who);
    for (const id of ids) {
      await page.request.get(`/api/v1/learnwares/${String(id).padStart(8, "0")}/package`);
      fetched += 1;
    }
  }
  const headers = { Origin: address() };
  await page.request.post("/api/v1/admin/sensitive-words", { data: { word: "confidential" }, headers });
  await signIn(page, "dora");
  for (const id of [5, 8, 11]) {
    await page.request.put(`/api/v1/favourites/${String(id).padStart(8, "0")}`, { headers });
  }
  // They are counted a little later.
  await expect.poll(downloads).toBe(before + fetched);
}

test.beforeAll(async ({ browser }) => {
  if (!only && !looks) rmSync(FOLDER, { recursive: true, force: true });
  for (const folder of [FOLDER, DOCUMENTATION]) mkdirSync(folder, { recursive: true });
  const context = await browser.newContext({ baseURL: address() });
  await use(await context.newPage());
  await context.close();
});

// First those that change nothing that others show.
for (const counts of [false, true]) {
  for (const look of LOOKS.filter(({ name }) => !looks || name === looks)) {
    const pages = PAGES.filter((one) => (one.counts ?? false) === counts && (!only || one.name === only));
    for (const shown of pages.filter((one) => !forDocumentation || isDocumented(look, one))) {
      test(`${shown.name}, ${look.name}`, async ({ browser }) => {
        await take(browser, look, shown);
      });
    }
  }
}
