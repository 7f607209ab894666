/** Learnwares change: a new version, one that fails, what owners do. */
import type { Page } from "@playwright/test";
import { file, signIn } from "./dock";
import { expect, test } from "./fixtures";

const LATER = { timeout: 90_000 };

/** Submit a zip as it is; return the number of the learnware once it is decided. */
async function submit(page: Page, name: string, outcome: string): Promise<string> {
  await page.goto("/submit");
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file(name));
  await expect(page.getByText(`${name} is in order`)).toBeVisible();
  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Submit" }).click();
  // It can be told to go before the upload is done.
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(page.getByText(outcome)).toBeVisible(LATER);
  return /submit\/(\d+)\//.exec(page.url())?.[1] ?? "";
}

test("what fails says why, and a mended version takes its place", async ({ page }) => {
  await signIn(page, "dino");
  const id = await submit(page, "uncalibrated.zip", "It was not verified. The report says why.");
  await expect(page.getByText("One thing is wrong")).toBeVisible();
  await expect(page.getByText("the scales on the ice are not calibrated").first()).toBeVisible();
  await expect(page.getByRole("heading", { name: "Traceback of the model" })).toBeVisible();

  await page.goto("/mine/notifications");
  await expect(
    page.getByRole("link", { name: "Penguins on broken scales: version 1 did not pass the verification." }),
  ).toBeVisible();
  await page.goto("/mine?state=failed");
  await page.getByRole("link", { name: "Why it failed, and what to do" }).first().click();
  await expect(page.getByText("the scales on the ice are not calibrated").first()).toBeVisible();

  // The same learnware, mended; its texts are kept, and one of them is changed.
  await page.goto(`/submit?update=${id}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Update Penguins on broken scales");
  await page.getByLabel(/^Drop another zip/).setInputFiles(file("penguins-better.zip"));
  await expect(page.getByText("penguins-better.zip is uploaded", { exact: true })).toBeVisible();
  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Description" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Penguins on broken scales");
  await page.getByLabel("Name", { exact: true }).fill("Penguins on mended scales");
  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Submit" }).click();
  await page.getByRole("button", { name: "Submit the new version" }).click();
  await expect(page.getByText("It is verified, and everybody can find it.")).toBeVisible(LATER);

  await page.goto(`/learnwares/${id}?tab=versions`);
  await expect(page.getByRole("heading", { level: 1, name: "Penguins on mended scales" })).toBeVisible();
  const newest = page.getByRole("listitem").filter({ hasText: "Version 2" });
  await expect(newest.getByText("In use")).toBeVisible();
  await expect(newest.getByText("New files.")).toBeVisible();
  await expect(newest.getByText(/^New words: .*Name/)).toBeVisible();
});

test("a zip that is no learnware is told apart before anything is sent", async ({ page }) => {
  await signIn(page, "dino");
  const sent: string[] = [];
  page.on("request", (request) => request.method() !== "GET" && sent.push(request.url()));
  await page.goto("/submit");
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file("notes.zip"));
  await expect(page.getByText(/mistakes? (was|were) found/)).toBeVisible();
  await expect(page.getByText("learnware.yaml").first()).toBeVisible();
  expect(sent).toEqual([]);
});

test("owners withdraw, restore and delete", async ({ page, another, watch }) => {
  const name = "Wines: three cultivars";
  await signIn(page, "dino");
  await page.goto("/mine");
  const address = (await page.getByRole("link", { name }).getAttribute("href")) ?? "";
  const menu = page.getByRole("button", { name: `Actions for ${name}` });
  await menu.click();
  await page.getByRole("menuitem", { name: "Withdraw" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
  await expect(page.getByText("It is withdrawn.")).toBeVisible();

  const guest = await another();
  watch.expect(404, /^\/api\/v1\/learnwares\//);
  await guest.goto(address);
  await expect(guest.getByRole("heading", { name: "There is no such learnware" }).last()).toBeVisible();

  await menu.click();
  await page.getByRole("menuitem", { name: "Restore" }).click();
  await expect(page.getByText("It is found again.")).toBeVisible();
  await guest.reload();
  await expect(guest.getByRole("heading", { level: 1, name })).toBeVisible();

  // What cannot be undone wants more than a click.
  await menu.click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const erase = page.getByRole("dialog").getByRole("button", { name: "Delete" });
  await expect(erase).toBeDisabled();
  await page
    .getByRole("dialog")
    .getByRole("textbox")
    .fill(address.split("/").at(-1) ?? "");
  await erase.click();
  await expect(page.getByText("It is deleted.")).toBeVisible();
  await expect(page.getByRole("link", { name })).toHaveCount(0);
});

test("an owner stops a verification that takes too long", async ({ page }) => {
  const name = "Penguins that take their time";
  await signIn(page, "dino");
  await page.goto("/submit");
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file("slow.zip"));
  await expect(page.getByText("slow.zip is in order")).toBeVisible();
  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Submit" }).click();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(name);
  await page.goto("/mine");
  const row = page.getByRole("listitem").filter({ hasText: name });
  await expect(row.getByText("Being verified")).toBeVisible(LATER);
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Stop verifying" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop verifying" }).click();
  await expect(page.getByText("The verification is stopped.")).toBeVisible();
  await expect(row.getByText("Failed", { exact: true })).toBeVisible(LATER);
});
