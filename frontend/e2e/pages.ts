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
  /** What the dock answers with an error, because that is what the page shows. */
  refused?: { status: number; path: RegExp };
}

const LONG = "Antarctic_penguins_by_bill_flipper_and_body_weight";

async function openLong(page: Page): Promise<void> {
  await page.getByRole("list", { name: "Learnwares" }).getByRole("link", { name: LONG }).click();
  await expect(page.getByRole("tabpanel")).toBeVisible();
}

/** A part of the page of a learnware. */
function part(name: string, tab: string): Shown {
  return {
    name: `learnware-${name}`,
    path: "/explore?text=Antarctic",
    then: async (page) => {
      await openLong(page);
      await page.getByRole("tab", { name: tab }).click();
    },
  };
}

async function computeExample(page: Page, example: RegExp): Promise<void> {
  await page.getByRole("button", { name: example }).click();
  await expect(page.getByRole("heading", { name: /^Specification of/ })).toBeVisible({ timeout: 60_000 });
}

async function choose(page: Page, name: string, step?: string): Promise<void> {
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file(name));
  await expect(
    page.getByRole("status").filter({ hasText: /in order|mistakes? (was|were) found/ }),
  ).toBeVisible();
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
  {
    name: "results",
    path: "/search",
    then: async (page) => {
      await computeExample(page, /Air of a city/);
      await page.getByRole("button", { name: "Search" }).click();
      await expect(page.getByText("Recommended: a combination")).toBeVisible();
    },
  },
  { name: "results-nothing", path: "/search/results" },
  {
    name: "compare",
    // The first ones that the dock was given.
    path: "/compare?ids=00000001,00000002,00000003",
  },
  part("about", "About"),
  part("data", "Data"),
  part("use", "Use it"),
  part("files", "Files"),
  part("versions", "Versions"),
  part("verification", "Verification"),
  { ...part("try", "Try it"), who: "uma" },
  {
    ...part("tried", "Try it"),
    who: "uma",
    then: async (page) => {
      await openLong(page);
      await page.getByRole("tab", { name: "Try it" }).click();
      await page.getByLabel("Drop a CSV file, or choose one").setInputFiles(file("try.csv"));
      await page.getByRole("button", { name: "Predict" }).click();
      await expect(page.getByRole("table", { name: "Predictions" })).toBeVisible({ timeout: 90_000 });
    },
  },
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
