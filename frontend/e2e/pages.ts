/** Every page of the app, for what all of them are held to, and for their pictures. */
import { expect, type Page } from "@playwright/test";
import { file, type Person } from "./dock";

export interface Shown {
  /** For messages and names of files. */
  name: string;
  path: string;
  who?: Person;
  /** Bring it into the state that is looked at. */
  then?: (page: Page) => Promise<void>;
  /** Whether it is used on the way so that other pages show it: searches and trials are counted. */
  counts?: boolean;
  /** What the dock answers with an error, because that is what the page shows. */
  refused?: { status: number; path: RegExp };
}

const LONG = "Antarctic_penguins_by_bill_flipper_and_body_weight";

const IMAGES = "Digit images, mostly 0, 1, 2, 3, 4";
const TEXTS = "Languages: English or Chinese";

/** A part of the page of a learnware. */
function part(name: string, tab: string, learnware = LONG): Shown {
  return {
    name: `learnware-${name}`,
    path: `/explore?text=${encodeURIComponent(learnware)}`,
    then: async (page) => {
      await page
        .getByRole("list", { name: "Learnwares" })
        .getByRole("link", { name: learnware, exact: true })
        .click();
      await page.getByRole("tab", { name: tab }).click();
      await expect(page.getByRole("tabpanel")).toBeVisible();
    },
  };
}

/** A trial that was answered. */
function tried(name: string, learnware: string, give: (page: Page) => Promise<void>): Shown {
  const before = part(name, "Try it", learnware);
  return {
    ...before,
    who: "uma",
    counts: true,
    then: async (page) => {
      await before.then?.(page);
      await give(page);
      await page.getByRole("button", { name: "Predict" }).click();
      await expect(page.getByRole("table", { name: "Predictions" })).toBeVisible({ timeout: 90_000 });
    },
  };
}

async function computeExample(page: Page, example: RegExp): Promise<void> {
  await page.getByRole("button", { name: example }).click();
  await expect(page.getByRole("heading", { name: /^Specification of/ })).toBeVisible({ timeout: 60_000 });
}

/** What a search with an example finds. */
function results(name: string, example: RegExp, found: string): Shown {
  return {
    name,
    path: "/search",
    counts: true,
    then: async (page) => {
      await computeExample(page, example);
      await page.getByRole("button", { name: "Search" }).click();
      await expect(page.getByText(found)).toBeVisible();
    },
  };
}

async function choose(page: Page, name: string, step?: string): Promise<void> {
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file(name));
  await expect(
    page.getByRole("status").filter({ hasText: /in order|mistakes? (was|were) found/ }),
  ).toBeVisible();
  // What is in order is uploaded at once.
  if (name === "terns.zip")
    await expect(page.getByText(`${name} is uploaded`, { exact: true })).toBeVisible();
  if (step) await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: step }).click();
}

export const PAGES: readonly Shown[] = [
  { name: "home", path: "/" },
  { name: "explore", path: "/explore" },
  { name: "explore-nothing", path: "/explore?text=zebra&task_type=Regression" },
  { name: "search", path: "/search" },
  {
    name: "search-columns",
    path: "/search",
    then: async (page) => {
      await page.getByLabel("Drop a CSV file or a specification").setInputFiles(file("birds.csv"));
      await expect(page.getByText("4 of 5 columns are used.")).toBeVisible();
    },
  },
  { name: "search-specification", path: "/search", then: (page) => computeExample(page, /Iris flowers/) },
  { name: "search-images", path: "/search", then: (page) => computeExample(page, /Pictures of digits/) },
  { name: "search-texts", path: "/search", then: (page) => computeExample(page, /Python reference/) },
  results("results", /Air of a city/, "Recommended: a combination"),
  results("results-images", /Pictures of digits/, "Recommended: a combination"),
  results("results-texts", /Python reference/, "Recommended: a combination"),
  { name: "results-nothing", path: "/search/results" },
  {
    name: "compare",
    // Two for irises, one for digits.
    path: "/compare?ids=00000004,00000005,00000006",
  },
  part("about", "About"),
  part("used", "About", "City air: PM2.5 in summer"),
  part("data", "Data"),
  part("use", "Use it"),
  part("files", "Files"),
  part("versions", "Versions"),
  part("verification", "Verification"),
  { ...part("try", "Try it"), who: "uma" },
  tried("tried", LONG, (page) =>
    page.getByLabel("Drop a CSV file, or choose one").setInputFiles(file("try.csv")),
  ),
  part("images", "Data", IMAGES),
  part("texts", "Data", TEXTS),
  tried("tried-texts", TEXTS, (page) =>
    page
      .getByRole("textbox", { name: "Texts" })
      .fill("Tell me which language this is.\n你好，世界\nThree words more"),
  ),
  {
    name: "learnware-missing",
    path: "/learnwares/99999999",
    refused: { status: 404, path: /^\/api\/v1\/learnwares\/99999999/ },
  },
  { name: "world", path: "/world" },
  { name: "help", path: "/help" },
  { name: "api-reference", path: "/api-reference" },
  { name: "sign-in", path: "/sign-in" },
  { name: "register", path: "/register" },
  { name: "confirm", path: "/confirm-email" },
  { name: "forgot", path: "/forgot-password" },
  { name: "reset", path: "/reset-password" },
  { name: "not-found", path: "/no/such/page" },
  { name: "submit", path: "/submit", who: "dora" },
  { name: "submit-package", path: "/submit", who: "dora", then: (page) => choose(page, "terns.zip") },
  { name: "submit-mistakes", path: "/submit", who: "dora", then: (page) => choose(page, "notes.zip") },
  {
    name: "submit-description",
    path: "/submit",
    who: "dora",
    then: (page) => choose(page, "terns.zip", "Description"),
  },
  {
    name: "submit-columns",
    path: "/submit",
    who: "dora",
    then: (page) => choose(page, "terns.zip", "Inputs and outputs"),
  },
  { name: "submit-send", path: "/submit", who: "dora", then: (page) => choose(page, "terns.zip", "Submit") },
  { name: "mine", path: "/mine", who: "dora" },
  { name: "mine-nothing", path: "/mine", who: "uma" },
  {
    name: "mine-failed",
    path: "/mine?state=failed",
    who: "dora",
    then: async (page) => {
      await page.getByRole("link", { name: "Why it failed, and what to do" }).first().click();
      await expect(page.getByRole("heading", { name: "Traceback of the model" })).toBeVisible();
    },
  },
  { name: "favourites", path: "/mine/favourites", who: "dora" },
  { name: "notifications", path: "/mine/notifications", who: "dora" },
  { name: "account", path: "/account", who: "uma" },
  { name: "account-tokens", path: "/account?part=tokens", who: "uma" },
  { name: "account-security", path: "/account?part=security", who: "uma" },
  { name: "account-data", path: "/account?part=data", who: "uma" },
  { name: "change-email", path: "/change-email", who: "uma" },
  { name: "admin", path: "/admin", who: "root" },
  { name: "admin-users", path: "/admin/users", who: "root" },
  { name: "admin-user", path: "/admin/users/2", who: "root" },
  { name: "admin-learnwares", path: "/admin/learnwares", who: "root" },
  { name: "admin-queue", path: "/admin/queue", who: "root" },
  { name: "admin-datasets", path: "/admin/datasets", who: "root" },
  { name: "admin-words", path: "/admin/words", who: "root" },
  { name: "admin-audit", path: "/admin/audit", who: "root" },
  { name: "admin-system", path: "/admin/system", who: "root" },
];

/** Have a page as it is said in Chinese; it is as wide as a desk. */
export async function inChinese(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Language", exact: true }).click();
  await page.getByRole("menuitem", { name: "中文" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await settled(page);
}

/** Wait until a page shows what it has: nothing is being fetched or drawn any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
  await expect(page.locator("[data-skeleton], .animate-pulse")).toHaveCount(0);
  await page.evaluate(async () => {
    await document.fonts.ready;
    // Styles that have just changed are there with the next frame, and what moves to them begins then.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const finite = document
      .getAnimations()
      .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(finite.map((one) => one.finished));
  });
}
